"""``safe-search.yaml``: the shipped table, what each fault is called, and the keys of tiers and groups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.config import safe_search_keys as keys
from schoolguard.config.finding import Collector, Finding
from schoolguard.config.nodes import read_nodes
from schoolguard.config.safe_search import engines_of, safe_search_of, strip_ech_of
from schoolguard.config.types import Fields, Section
from schoolguard.dns.names import search_key
from schoolguard.policy.safe_search import Engines, SafeSearch, YouTube

BLOCKLISTS = Path(__file__).resolve().parents[2] / "blocklists"
ALL = SafeSearch(True, YouTube.STRICT)

RIGHT = """\
engines:
  - name: Engine
    safe: safe.engine.example
    hosts: [www.engine.example, engine.vn]
    source: its help pages
youtube:
  moderate: moderate.tube.example
  strict: strict.tube.example
  hosts: [www.tube.example]
  source: its help pages
unforceable:
  - name: Other
    hosts: [other.example]
    zones: [search.other.example]
    reason: it has no safe host
"""

Read = Callable[[str], tuple[Engines, tuple[Finding, ...]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that reads a text as the folder's ``safe-search.yaml``."""

    def run(text: str) -> tuple[Engines, tuple[Finding, ...]]:
        (tmp_path / keys.FILE_NAME).write_text(text, encoding="utf-8")
        out = Collector()
        return engines_of(tmp_path, out), out.all()

    return run


@pytest.fixture(scope="module")
def shipped() -> Engines:
    """The table that comes with SchoolGuard."""
    out = Collector()
    engines = engines_of(BLOCKLISTS, out)
    assert out.all() == ()
    return engines


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("www.google.com", "forcesafesearch.google.com"),
        ("www.google.com.vn", "forcesafesearch.google.com"),
        ("www.google.co.uk", "forcesafesearch.google.com"),
        ("www.google.cat", "forcesafesearch.google.com"),
        ("google.com", None),
        ("mail.google.com", None),
        ("docs.google.com", None),
        ("forcesafesearch.google.com", None),
        ("www.bing.com", "strict.bing.com"),
        ("duckduckgo.com", "safe.duckduckgo.com"),
        ("ya.ru", "familysearch.yandex.ru"),
        ("yandex.com.tr", "familysearch.yandex.ru"),
        ("mail.yandex.ru", None),
        ("www.ecosia.org", "strict-safe-search.ecosia.org"),
        ("pixabay.com", "safesearch.pixabay.com"),
        ("search.brave.com", "forcesafe.search.brave.com"),
        ("api.qwant.com", "safeapi.qwant.com"),
        ("www.youtube.com", "restrict.youtube.com"),
        ("m.youtube.com", "restrict.youtube.com"),
        ("youtubei.googleapis.com", "restrict.youtube.com"),
        ("youtube.googleapis.com", "restrict.youtube.com"),
        ("www.youtube-nocookie.com", "restrict.youtube.com"),
        ("fonts.googleapis.com", None),
        ("youtube.com", None),
    ],
)
def test_where_names_lead(shipped: Engines, host: str, target: str | None) -> None:
    assert shipped.redirect(search_key(host), ALL) == target


def test_every_country_of_google_is_there(shipped: Engines) -> None:
    countries = [key for key, target in shipped.safe.items() if target == "forcesafesearch.google.com"]
    assert len(countries) >= 187
    assert all(".google.www." in key for key in countries)


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("coccoc.com", "Cốc Cốc"),
        ("www.coccoc.com", "Cốc Cốc"),
        ("browser.coccoc.com", None),
        ("search.yahoo.com", "Yahoo"),
        ("vn.search.yahoo.com", "Yahoo"),
        ("mail.yahoo.com", None),
        ("www.startpage.com", "Startpage"),
        ("www.baidu.com", "Baidu"),
        ("baike.baidu.com", None),
        ("searx.be", "SearXNG"),
        ("lite.duckduckgo.com", "DuckDuckGo's other pages"),
        ("duckduckgo.com", None),
        ("www.qwant.com", None),
        ("www.google.com", None),
        ("vi.wikipedia.org", None),
    ],
)
def test_what_is_blocked_for_want_of_a_safe_host(shipped: Engines, name: str, engine: str | None) -> None:
    assert shipped.unforceable(search_key(name)) == engine


def test_a_right_file_is_read_whole(read: Read) -> None:
    engines, found = read(RIGHT)
    assert found == ()
    assert engines == Engines(
        {"example.engine.www.": "safe.engine.example", "vn.engine.": "safe.engine.example"},
        {
            YouTube.MODERATE: {"example.tube.www.": "moderate.tube.example"},
            YouTube.STRICT: {"example.tube.www.": "strict.tube.example"},
        },
        {"example.other.": "Other"},
        {"example.other.search.": "Other"},
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("engine.vn]", "www.engine.example]", 4, "this name stands twice, first in line 4"),
        ("hosts: [www.tube.example]", "hosts: [engine.vn]", 9, "this name stands twice, first in line 4"),
        ("zones: [search.other", "zones: [other", 14, "this name stands twice, first in line 13"),
        ("safe: safe.engine.example", "safe: engine.vn", 3, "this safe name is led elsewhere itself"),
        ("strict: strict.tube.example", "strict: www.tube.example", 8, "is led elsewhere itself"),
        ("zones: [search.other.example]", "zones: [engine.example]", 3, "blocked with the engine Other"),
        ("zones: [search.other.example]", "zones: [tube.example]", 9, "found `www.tube.example`"),
        ("engine.vn]", '"*.engine.vn"]', 4, "one name belongs here, without those below it"),
        ("engine.vn]", "1.2.3.4]", 4, "this is no domain name (address)"),
        ("hosts: [www.engine.example, engine.vn]", "hosts: []", 4, "the list is empty"),
        ("    source: its help pages\nyoutube", "youtube", 2, "the key `source` is missing"),
        ("    hosts: [other.example]\n    zones: [search.other.example]\n", "", 12, "has no names"),
        ("safe:", "twin:", 3, "unknown key"),
        ("name: Engine", "name: no", 2, "takes this word for true or false"),
    ],
)
def test_each_fault_is_named_with_its_place(read: Read, old: str, new: str, line: int, message: str) -> None:
    assert RIGHT.count(old) == 1
    _, found = read(RIGHT.replace(old, new))
    assert any(f.line == line and message in str(f) for f in found), [str(f) for f in found]
    assert {f.path for f in found} == {"safe-search.yaml"}


def test_what_is_right_is_used_beside_what_is_wrong(read: Read) -> None:
    engines, found = read(RIGHT.replace("safe: safe.engine.example", "safe: '!'"))
    assert len(found) == 1
    assert not engines.safe
    assert engines.unforceable("example.other.") == "Other"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    out = Collector()
    assert engines_of(tmp_path, out) == Engines()
    (finding,) = out.errors()
    assert finding.path == "safe-search.yaml"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60), st.integers(0, len(RIGHT)))
def test_any_text_is_read_or_named(read: Read, text: str, at: int) -> None:
    engines, found = read((RIGHT[:at] + text + RIGHT[at:]).replace("\ud800", ""))
    assert isinstance(engines, Engines)
    assert all(str(finding) for finding in found)


SECTION = Section(keys.inherited("tier"))


def fields_of(text: str) -> tuple[Fields, tuple[Finding, ...]]:
    out = Collector()
    node = read_nodes(text, "x.yaml", out)
    assert node is not None
    return SECTION.read(node, out), out.all()


@pytest.mark.parametrize(
    ("text", "safe", "strip"),
    [
        ("{}", SafeSearch(True, YouTube.MODERATE), True),
        ("safe-search: false", SafeSearch(False, YouTube.MODERATE), True),
        ("youtube: off", SafeSearch(True, YouTube.OFF), True),
        ('youtube: "off"', SafeSearch(True, YouTube.OFF), True),
        ("youtube: strict\nstrip-ech: no", SafeSearch(True, YouTube.STRICT), False),
    ],
)
def test_what_a_group_does_not_say_is_as_above(text: str, safe: SafeSearch, strip: bool) -> None:
    fields, found = fields_of(text)
    assert found == ()
    assert safe_search_of(fields, SafeSearch(True, YouTube.MODERATE)) == safe
    assert strip_ech_of(fields, True) is strip


@pytest.mark.parametrize(
    "text", ["youtube: no", "youtube: strickt", "safe-search: strict", "strip-ech: 'true'"]
)
def test_other_words_are_no_level(text: str) -> None:
    fields, found = fields_of(text)
    assert len(found) == 1
    assert safe_search_of(fields, SafeSearch()) == SafeSearch()


def test_a_tiers_keys_have_defaults() -> None:
    fields, _ = fields_of("{}")
    assert fields.value(keys.SAFE_SEARCH) is False
    assert YouTube(fields.value(keys.YOUTUBE)) is YouTube.OFF
    assert fields.value(keys.STRIP_ECH) is False
