"""The tiers: complete, never looser for the younger, and the same in the table that gives the reasons."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import yaml

from schoolguard.categories import CATEGORIES, SEALED, mask_of
from schoolguard.policy.model import Tier
from schoolguard.policy.safe_search import YouTube
from schoolguard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
YOUNGEST_FIRST = ("mam-non", "tieu-hoc", "thcs", "thpt")
ORDER = (*YOUNGEST_FIRST, "staff", "guest")


def tiers_of(settings: Settings) -> dict[str, Tier]:
    return {tier.name: tier for tier in settings.tiers}


def test_all_six_are_there_with_two_labels(shipped: Settings) -> None:
    tiers = tiers_of(shipped)
    assert tuple(tiers) == ORDER
    assert len({tier.label_vi for tier in tiers.values()} | {tier.label_en for tier in tiers.values()}) == 12


def test_the_younger_are_never_looser(shipped: Settings) -> None:
    tiers = tiers_of(shipped)
    for younger, older in pairwise(YOUNGEST_FIRST):
        assert tiers[younger].blocked & tiers[older].blocked == tiers[older].blocked, (younger, older)
    assert tiers["guest"].blocked & tiers["staff"].blocked == tiers["staff"].blocked


def test_the_younger_search_no_looser(shipped: Settings) -> None:
    levels = list(YouTube)
    tiers = tiers_of(shipped)
    for younger, older in pairwise((*YOUNGEST_FIRST, "staff")):
        one, other = tiers[younger], tiers[older]
        assert one.safe_search.on >= other.safe_search.on, younger
        assert levels.index(one.safe_search.youtube) >= levels.index(other.safe_search.youtube), younger
        assert one.strip_ech >= other.strip_ech, younger


def test_everyone_is_kept_from_what_harms_and_what_makes_the_filter_idle(shipped: Settings) -> None:
    harm = SEALED | mask_of(["adult", "gambling", "malware", "phishing", "encrypted-dns"])
    for tier in shipped.tiers:
        assert tier.blocked & harm == harm, tier.name
    for name in (*YOUNGEST_FIRST, "guest"):
        assert tiers_of(shipped)[name].blocked & mask_of(["proxy-vpn", "self-harm"]), name


def test_a_pupil_of_sixteen_is_not_treated_as_six(shipped: Settings) -> None:
    opened = mask_of(["social", "streaming", "chat", "ai-chat", "shortener"])
    tiers = tiers_of(shipped)
    assert tiers["thpt"].blocked & opened == 0
    assert tiers["tieu-hoc"].blocked & opened == opened


def test_the_table_of_reasons_says_what_is_configured() -> None:
    configured = yaml.safe_load((ROOT / "config/tiers.yaml").read_text(encoding="utf-8"))["tiers"]
    text = (ROOT / "config/TIERS.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line
    ]
    table = {row[0]: row[1:] for row in rows}
    assert table.pop("category") == list(ORDER)
    for category in CATEGORIES:
        assert table[category.name] == [
            "●" if category.name in configured[tier]["block"] else "·" for tier in ORDER
        ], category.name
        assert f"**{category.name}" in text or f", {category.name}" in text, category.name
    for key in ("safe-search", "strip-ech"):
        assert table[key] == ["●" if configured[tier][key] else "·" for tier in ORDER], key
    assert table["youtube"] == [configured[tier]["youtube"] or "off" for tier in ORDER]
    others = {"---", "search and names", "safe-search", "youtube", "strip-ech"}
    assert set(table) == others | {category.name for category in CATEGORIES}
