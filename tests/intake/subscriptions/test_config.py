"""The keys of a list that is fetched, read from YAML: every error at once, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolguard.categories import BY_NAME
from schoolguard.config.files import LISTS_NAME
from schoolguard.config.finding import Collector
from schoolguard.config.list_keys import LISTS_FILE
from schoolguard.config.list_sources import ReadLists, lists_of
from schoolguard.config.nodes import read_nodes
from schoolguard.config.own_categories import table_of
from schoolguard.config.types import Fields
from schoolguard.settings import Paths

ROOT = Path(__file__).parents[3]


def read(text: str, blocklists: Path = ROOT / "blocklists") -> tuple[ReadLists, list[str]]:
    """Return the lists of a ``lists.yaml`` and what is said of it but that lists were not fetched yet."""
    out = Collector()
    node = read_nodes(text, LISTS_NAME, out)
    assert node is not None
    fields = LISTS_FILE.read(node, out)
    found = lists_of(
        fields, Paths(blocklists, Path("/nowhere/state")), table_of(Fields({}, node.mark), out), out
    )
    said = [str(finding) for finding in out.all()]
    return found, [each for each in said if "not fetched yet" not in each]


def test_a_list_with_an_address_is_fetched() -> None:
    text = (
        "lists:\n- {id: a, url: 'https://example.org/a.txt', refresh: 12h, max-size: 1 MiB, category: ads,"
        " private-networks: [10.0.0.0/8]}\n- {id: b, file: ads.txt, category: ads}\n"
        "popular: popular/ads.txt\n"
    )
    found, said = read(text)
    assert not said
    (wanted,) = found.subscriptions.lists
    assert (wanted.id, wanted.url, wanted.refresh, wanted.max_size) == (
        "a",
        "https://example.org/a.txt",
        43_200.0,
        1 << 20,
    )
    assert [str(network) for network in wanted.permitted] == ["10.0.0.0/8"]
    fetched, own = (source for source, _ in found.sources)
    assert (fetched.path, fetched.awaited) == ("/nowhere/state/subscriptions/a.list", True)
    assert not own.awaited
    assert found.subscriptions.popular == ROOT / "blocklists" / "popular" / "ads.txt"


def test_the_catalogue_gives_address_format_and_category() -> None:
    found, said = read("lists:\n- {id: hagezi-gambling, url: catalogue}\n")
    assert not said
    (wanted,) = found.subscriptions.lists
    assert wanted.url == ("https://raw.githubusercontent.com/hagezi/dns-blocklists/main/adblock/gambling.txt")
    ((source, _),) = found.sources
    assert (source.format, wanted.format, source.bit) == ("adblock", "adblock", BY_NAME["gambling"].bit)
    found, said = read("lists:\n- {id: hagezi-gambling, url: catalogue, category: games, format: plain}\n")
    ((source, _),) = found.sources
    assert (source.format, source.bit) == ("plain", BY_NAME["games"].bit)


def test_a_list_that_never_came_is_a_warning(tmp_path: Path) -> None:
    out = Collector()
    node = read_nodes("lists:\n- {id: a, url: 'https://e.org/a', category: ads}\n", LISTS_NAME, out)
    assert node is not None
    lists_of(LISTS_FILE.read(node, out), Paths(tmp_path, tmp_path), table_of(None, out), out)
    (warning,) = out.warnings()
    assert str(warning).startswith("lists.yaml:2: ")
    assert "a running gateway gets it" in str(warning)


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
        ("{id: a, url: 'https://e.org/a', file: a}", "a url or a transfer, one of them"),
        ("{id: a, url: 'https://e.org/a', transfer: a}", "a url or a transfer, one of them"),
        ("{id: a}", "the key `file` is missing, or `transfer`"),
        ("{id: a, url: 'https://e.org/a'}", "the key `category` is missing"),
        ("{id: a, url: 'https://e.org/a', kind: never-block}", "the safety net is not fetched"),
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
