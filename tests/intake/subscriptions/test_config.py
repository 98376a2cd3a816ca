"""The keys of a list that is fetched, read from YAML: every error at once, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolguard.config import list_keys, subscription_keys
from schoolguard.config.finding import At, Collector
from schoolguard.config.nodes import read_nodes
from schoolguard.config.subscriptions import fetched_path, subscriptions_of
from schoolguard.config.types import Key, ListOf, Section
from schoolguard.intake.subscriptions.model import Subscription

ROOT = Path(__file__).parents[3]
FILE = Key("file", list_keys.FILE.type, list_keys.FILE.meaning, otherwise="the list has a `url`")
LISTS = Key(
    "lists",
    ListOf(Section((list_keys.ID, FILE, list_keys.FORMAT, *subscription_keys.SUBSCRIPTION_KEYS))),
    "The lists.",
)


def read(text: str, blocklists: Path = ROOT / "blocklists") -> tuple[tuple[At[Subscription], ...], list[str]]:
    out = Collector()
    node = read_nodes(text, "lists.yaml", out)
    assert node is not None
    given = Section((LISTS,)).read(node, out).given(LISTS)
    assert given is not None
    found = subscriptions_of(given.value, blocklists, out)
    return found, [str(finding) for finding in out.all()]


def test_a_list_with_an_address_is_fetched() -> None:
    text = (
        "lists:\n- {id: a, url: 'https://example.org/a.txt', refresh: 12h, max-size: 1 MiB,"
        " private-networks: [10.0.0.0/8]}\n- {id: b, file: b.txt}\n"
    )
    ((wanted, mark),), said = read(text)
    assert not said
    assert (wanted.id, wanted.url, wanted.refresh, wanted.max_size) == (
        "a",
        "https://example.org/a.txt",
        43_200.0,
        1 << 20,
    )
    assert [str(network) for network in wanted.permitted] == ["10.0.0.0/8"]
    assert mark.line == 2


def test_the_catalogue_gives_the_address() -> None:
    ((wanted, _),), said = read("lists:\n- {id: hagezi-gambling, url: catalogue}\n")
    assert not said
    assert wanted.url == ("https://raw.githubusercontent.com/hagezi/dns-blocklists/main/adblock/gambling.txt")
    assert fetched_path(Path("/s"), wanted.id) == Path("/s/subscriptions/hagezi-gambling.list")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{id: a, url: 'http://example.org/a'}", "by https only"),
        ("{id: a, url: 'http://example.org/a'}", "did you mean `https://example.org/a`?"),
        ("{id: a, url: 'file:///etc/passwd'}", "this is no web address"),
        ("{id: a, url: 'https://'}", "this is no web address"),
        ("{id: a, url: 'https://[::'}", "this is no web address"),
        ("{id: a, url: 'https://a:99999/'}", "this is no web address"),
        ("{id: a, url: 'https://u:p@example.org/a'}", "without a user name"),
        ("{id: a, url: 'https://192.168.1.1/a'}", "needs `private-networks`"),
        ("{id: a, url: 'https://[::1]/a'}", "needs `private-networks`"),
        ("{id: hagezi-gamblin, url: catalogue}", "did you mean `hagezi-gambling`?"),
        ("{id: a, url: 'https://e.org/a', file: a}", "not both"),
        ("{id: a}", "the key `file` or `url` is missing"),
        ("{id: a, file: a, refresh: 1d}", "`refresh` is for a list that is fetched"),
        ("{id: a, url: 'https://e.org/a', refresh: 1m}", "too small or too large"),
        ("{id: a, url: 'https://e.org/a', member: ../x}", "characters that do not belong"),
        ("{id: a, url: 'https://e.org/a', refresh: 5d}", "called too old between two rounds"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(line: str, said: str) -> None:
    _, findings = read(f"lists:\n- {line}\n")
    assert any(found.startswith("lists.yaml:2: ") and said in found for found in findings), findings


def test_without_a_catalogue_an_address_is_asked_for(tmp_path: Path) -> None:
    _, (said,) = read("lists:\n- {id: a, url: catalogue}\n", tmp_path)
    assert "catalogue.yaml has no list with this id" in said
