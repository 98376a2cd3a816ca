"""The keys of ``tiers.yaml`` and of a school: loader, schema and reference are made of this table."""

from __future__ import annotations

from typing import Any

from schoolguard.config.category_names import CategoryName
from schoolguard.config.domains import NameType
from schoolguard.config.gateway_keys import ANSWER, LABEL_EN, LABEL_VI, LANGUAGE, PAGE, TTL
from schoolguard.config.scalars import Choice, Text
from schoolguard.config.subnets import NetworkType
from schoolguard.config.types import Fields, Key, ListOf, Section

PUPIL_TIERS = ("mam-non", "tieu-hoc", "thcs", "thpt")
"""Youngest first."""

TIER_NAMES = (*PUPIL_TIERS, "staff", "guest")

OLDEST_TIER = {
    "mam-non": "mam-non",
    "tieu-hoc": "tieu-hoc",
    "thcs": "thcs",
    "th-thcs": "thcs",
    "thpt": "thpt",
    "thcs-thpt": "thpt",
    "th-thcs-thpt": "thpt",
    "gdtx": "thpt",
}
"""A school's levels, each with the tier of its oldest pupils (``gdtx``: continuing education)."""

_NAMES = ListOf(NameType())

TIER_BLOCK = Key(
    "block", ListOf(CategoryName()), "Categories this tier blocks; sealed ones are blocked anyway."
)
TIERS = Key(
    "tiers",
    Section(
        tuple(
            Key(name, Section((LABEL_VI, LABEL_EN, TIER_BLOCK)), f"The tier `{name}`.") for name in TIER_NAMES
        )
    ),
    "The six tiers, all of them.",
)
TIERS_FILE = Section((TIERS,))

NAME = Key("name", Text(), "The school's name.")
COMMUNE = Key("commune", Text(), "The commune or ward it lies in.")
LEVEL = Key("level", Choice(tuple(OLDEST_TIER)), "What it teaches.")
SCHOOL = Key("school", Section((NAME, COMMUNE, LEVEL)), "Which school this is.")

ALLOW = Key(
    "allow",
    _NAMES,
    "Names, each with all below it, that no category blocks; a deny of the same or a higher name wins.",
    otherwise="none",
)
DENY = Key(
    "deny",
    _NAMES,
    "Names, each with all below it, that are blocked; only the safety net (never-block lists) wins over it.",
    otherwise="none",
)


def _inherited(owner: str) -> Key[Fields]:
    keys: tuple[Key[Any], ...] = (ANSWER, TTL, PAGE, LANGUAGE)
    section = Section(tuple(Key(k.name, k.type, k.meaning, otherwise=f"the {owner}'s") for k in keys))
    return Key("block", section, "How a block is answered here.", otherwise=f"the {owner}'s")


GROUP_NAME = Key("name", Text(most=60), "The group's name, once in a school.")
TIER = Key("tier", Choice(TIER_NAMES), "The tier whose categories are blocked.")
NETWORKS = Key(
    "networks",
    ListOf(NetworkType(), least=1, most=1_000),
    "Subnets and addresses of its clients; where those of several groups overlap, the most specific wins.",
)
BLOCK_CATEGORIES = Key(
    "block-categories",
    ListOf(CategoryName()),
    "Categories blocked here besides the tier's.",
    otherwise="none",
)
ALLOW_CATEGORIES = Key(
    "allow-categories", ListOf(CategoryName()), "Categories of the tier not blocked here.", otherwise="none"
)
GROUP_BLOCK = _inherited("school")
SCHOOL_BLOCK = _inherited("gateway")
GROUPS = Key(
    "groups",
    ListOf(
        Section((GROUP_NAME, TIER, NETWORKS, ALLOW, DENY, BLOCK_CATEGORIES, ALLOW_CATEGORIES, GROUP_BLOCK)),
        1,
        200,
    ),
    "Groups of clients under the same rules.",
)
SCHOOL_FILE = Section((SCHOOL, ALLOW, DENY, SCHOOL_BLOCK, GROUPS))
