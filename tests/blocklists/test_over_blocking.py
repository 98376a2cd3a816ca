"""With every real list loaded: nothing a school needs is blocked by default, and what should be blocked is.

The lists are third parties' and not part of the project; without them these tests skip.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from schoolguard.categories import ALLOWED, BY_NAME, CATEGORIES
from schoolguard.dns.names import search_key
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.lists.snapshot import Snapshot
from schoolguard.policy.decide import decide
from schoolguard.policy.plans import Plan
from schoolguard.settings import Settings

MEANINGS = Path(__file__).parent / "real_lists.yaml"
TRAPS = "www.youtube.com zalo.me chat.zalo.me pixabay.com login.microsoftonline.com vio.edu.vn"
BASICS = (
    "www.google.com accounts.google.com classroom.google.com docs.google.com meet.google.com "
    "fonts.gstatic.com "
    "fonts.googleapis.com mtalk.google.com safebrowsing.google.com sb-ssl.google.com play.google.com "
    "login.live.com outlook.office365.com teams.microsoft.com config.edge.skype.com wns.windows.com "
    "settings-win.data.microsoft.com download.windowsupdate.com www.msftconnecttest.com push.apple.com "
    "captive.apple.com apps.apple.com gateway.fe2.apple-dns.net setup.fe2.apple-dns.net ocsp.digicert.com "
    "zoom.us webex.com quizizz.com kahoot.it scarleteen.com sexetc.org internetmatters.org who.int "
    "vi.wikipedia.org upload.wikimedia.org www.vietcombank.com.vn vnexpress.net tuoitre.vn github.com "
    "detectportal.firefox.com connectivitycheck.gstatic.com jnn-pa.googleapis.com gravatar.com"
)
"""What every tier opens: log-in, lessons, updates, connectivity checks, help, news, banks."""


def source_of(list_id: str, path: Path, meaning: dict[str, str]) -> ListSource:
    category = meaning.get("category")
    return ListSource(
        id=list_id,
        path=str(path),
        bit=BY_NAME[category].bit if category else ALLOWED.bit_length() - 1,
        kind=Kind(meaning.get("kind", "block")),
        exceptions=Exceptions(meaning.get("exceptions", "off")),
    )


def with_parents(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        labels = name.split(".")
        yield from (".".join(labels[start:]) for start in range(len(labels)))


def excerpt(path: Path, wanted: frozenset[str], target: Path) -> Path:
    """Copy those lines of a list of plain names that can matter for the wanted names; one line at least.

    To compile all 3.5 million would take a minute; the answers about the wanted names are the same.
    """
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        kept = [line for line in lines if line.strip() in wanted]
    target.write_text("".join(kept) or "unused.invalid\n", encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def education(shared_data: Path) -> list[str]:
    return (shared_data / "popular/vn-education-half.txt").read_text(encoding="utf-8").split()


@pytest.fixture(scope="module")
def snapshot(
    shared_data: Path, shipped: Settings, education: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Snapshot:
    meanings: dict[str, dict[str, Any]] = yaml.safe_load(MEANINGS.read_text(encoding="utf-8"))
    folder = tmp_path_factory.mktemp("lists")
    sources = list(shipped.lists)
    for path in sorted((shared_data / "lists").iterdir()):
        stem = path.name.partition(".")[0]
        sources.append(source_of(stem, path, meanings["lists"].pop(stem)))
    wanted = frozenset(with_parents([*education, *TRAPS.split(), *BASICS.split()]))
    for path in sorted((shared_data / "categories").iterdir()):
        stem = path.name.partition(".")[0]
        part = excerpt(path, wanted, folder / f"{stem}.txt")
        sources.append(source_of(f"category-{stem}", part, meanings["categories"].pop(stem)))
    assert meanings == {"lists": {}, "categories": {}}
    outcome = compile_lists(sources, tmp_path_factory.mktemp("snapshot"))
    assert [row.id for row in outcome.sources if row.note.message] == []
    return Snapshot.open(outcome.path)


def blocked(snapshot: Snapshot, settings: Settings, name: str) -> dict[str, str]:
    """Return tier -> category for every tier that blocks ``name`` by default."""
    key = search_key(name)
    mask = snapshot.mask(key)
    found = {}
    for tier in settings.tiers:
        decision = decide(Plan(tier.blocked), key, mask)
        if decision.blocked:
            found[tier.name] = next(c.name for c in CATEGORIES if c.bit == decision.bit)
    return found


def test_no_tier_blocks_a_name_of_education_or_government(
    snapshot: Snapshot, shipped: Settings, education: list[str]
) -> None:
    assert len(education) > 700
    assert {name: found for name in education if (found := blocked(snapshot, shipped, name))} == {}


def test_the_lists_do_block_names_of_education_without_the_safety_net(
    snapshot: Snapshot, education: list[str]
) -> None:
    every = sum(category.mask for category in CATEGORIES)
    assert [name for name in education if snapshot.mask(search_key(name)) & every]


@pytest.mark.parametrize("name", BASICS.split())
def test_no_tier_blocks_what_everything_needs(snapshot: Snapshot, shipped: Settings, name: str) -> None:
    assert blocked(snapshot, shipped, name) == {}


@pytest.mark.parametrize(
    ("name", "tiers"),
    [
        ("www.youtube.com", {"mam-non": "streaming", "tieu-hoc": "streaming"}),
        ("zalo.me", {"mam-non": "chat", "tieu-hoc": "chat", "thcs": "chat"}),
        ("chat.zalo.me", {"mam-non": "chat", "tieu-hoc": "chat", "thcs": "chat"}),
        ("pixabay.com", {}),
        ("login.microsoftonline.com", {}),
        ("vio.edu.vn", {}),
    ],
)
def test_a_name_on_a_wrong_list_is_judged_by_what_it_is(
    snapshot: Snapshot, shipped: Settings, name: str, tiers: dict[str, str]
) -> None:
    assert blocked(snapshot, shipped, name) == tiers


@pytest.mark.parametrize("name", ["8xbet.com", "www.pornhub.com", "cloudflare-dns.com"])
def test_every_tier_blocks_what_harms(snapshot: Snapshot, shipped: Settings, name: str) -> None:
    assert len(blocked(snapshot, shipped, name)) == len(shipped.tiers)
