"""Zone transfer in a whole configuration: lists that are zones, served zones, and what is wrong with them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from schoolguard.categories import BY_NAME
from schoolguard.config import Finding, Loaded, Severity
from schoolguard.settings import TransferSettings

Change = str | bytes | tuple[str, str] | None
Load = Callable[[dict[str, Change]], Loaded]
Check = Callable[[dict[str, Change]], tuple[Finding, ...]]

LISTS = "lists.yaml"
SECRET = "dHdlbnR5LWZvdXIgYnl0ZXMgb2Yga2V5"
GAMES = "- {id: games, file: games.txt, category: games}\n"
TRANSFERS = """
tsig-keys: [{name: k.example, secret-file: k.secret}]
notify-listen: [127.0.0.1@5310]
transfers:
  - {id: viettel, zone: rpz.viettel.example, primaries: [{address: 192.0.2.1@53, key: k.example}]}
exports:
  listen: [127.0.0.1@5311]
  zones:
    - {tier: thcs, zone: thcs.rpz.example, secondaries: [{networks: [192.0.2.9], key: k.example}]}
"""


def changed(entry: str, sections: str = TRANSFERS) -> dict[str, Change]:
    """Return the changes that make the list of games another one, with the sections of transfer."""
    text = (Path(__file__).parent / "base" / "config" / LISTS).read_text(encoding="utf-8")
    assert text.count(GAMES) == 1
    return {LISTS: text.replace(GAMES, f"- {entry}\n") + sections, "k.secret": SECRET}


def test_a_list_that_is_a_zone(loaded: Load) -> None:
    found = loaded(changed("{id: games, transfer: viettel, category: games, max-entries: 5}"))
    settings = found.settings
    (games,) = (each for each in settings.lists if each.id == "games")
    assert games.path == str(settings.paths.state / "transfers" / "viettel.rpz")
    assert (games.format, games.bit, games.max_entries) == ("rpz", BY_NAME["games"].bit, 5)
    assert games.awaited
    assert not any(each.awaited for each in settings.lists if each is not games)
    (transfer,) = settings.transfers.transfers
    assert (transfer.id, transfer.zone) == ("viettel", "rpz.viettel.example")
    assert settings.transfers.notify_listen == (("127.0.0.1", 5310),)
    (export,) = settings.transfers.exports
    (tier,) = (each for each in settings.tiers if each.name == "thcs")
    assert (export.tier, export.blocked) == ("thcs", tier.blocked)
    told = [finding for finding in found.warnings if "not transferred yet" in str(finding)]
    assert [(finding.path, finding.found) for finding in told] == [(LISTS, "viettel")]


def test_a_zone_that_came_is_not_warned_of(loaded: Load) -> None:
    change = changed("{id: games, transfer: viettel, category: games}")
    zone = loaded(change).settings.paths.transfers / "viettel.rpz"
    zone.parent.mkdir(parents=True)
    zone.touch()
    assert not [each for each in loaded(change).warnings if "transferred" in str(each)]


def test_workers_get_no_secret(loaded: Load) -> None:
    settings = loaded(changed("{id: games, transfer: viettel, category: games}")).settings
    sent = settings.for_workers()
    assert sent.transfers == TransferSettings()
    assert b"twenty-four bytes" in pickle.dumps(settings)
    assert b"twenty-four bytes" not in pickle.dumps(sent)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{id: games, transfer: vietel, category: games}", "did you mean `viettel`?"),
        ("{id: games, transfer: viettel, file: games.txt, category: games}", "not both"),
        ("{id: games, category: games}", "the key `file` is missing, or `transfer`"),
        ("{id: games, transfer: viettel, format: hosts, category: games}", "accepted: rpz"),
        ("{id: games, transfer: [viettel], category: games}", "a single value belongs here, not a list"),
    ],
)
def test_what_is_wrong_with_a_list_is_said(entry: str, said: str, check: Check) -> None:
    errors = [each for each in check(changed(entry)) if each.severity is Severity.ERROR]
    (error,) = (each for each in errors if said in str(each))
    assert (error.path, error.line) == (LISTS, 20)
    assert len(errors) == 1, errors


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[127.0.0.1@5310]", "[127.0.0.1@5353]", "something else listens"),
        ("[127.0.0.1@5310]", "[127.0.0.1@9153]", "something else listens"),
        ("listen: [127.0.0.1@5311]", "listen: [127.0.0.1@5310]", "something else listens"),
        ("secret-file: k.secret", "secret-file: absent", "the secret's file cannot be read"),
    ],
)
def test_what_is_wrong_with_the_sections_is_said(old: str, new: str, said: str, check: Check) -> None:
    assert TRANSFERS.count(old) == 1
    change = changed("{id: games, transfer: viettel, category: games}", TRANSFERS.replace(old, new))
    (error,) = (each for each in check(change) if each.severity is Severity.ERROR)
    assert said in str(error)
    assert error.line > 20


def test_a_zone_that_no_list_names_is_told_of(check: Check) -> None:
    found = check(changed("{id: games, file: games.txt, category: games}"))
    (told,) = (each for each in found if "blocks nothing" in str(each))
    assert (told.severity, told.path) == (Severity.WARNING, LISTS)
