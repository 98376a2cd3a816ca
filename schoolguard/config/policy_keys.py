"""The keys of the files of tiers, province, communes and schools; loader and schemas are made of them."""

from __future__ import annotations

from typing import Any

from schoolguard.config.addresses import EndpointType
from schoolguard.config.assertion_keys import TESTS
from schoolguard.config.budget_keys import BUDGETS
from schoolguard.config.calendar_keys import CALENDAR, WINDOWS
from schoolguard.config.category_names import CategoryName
from schoolguard.config.device_keys import GROUP_DEVICES
from schoolguard.config.gateway_keys import ANSWER, LABEL_EN, LABEL_VI, LANGUAGE, PAGE, TTL
from schoolguard.config.query_log_keys import QUERY_LOG
from schoolguard.config.rule_keys import RULES
from schoolguard.config.safe_search_keys import SAFE_SEARCH, STRIP_ECH, YOUTUBE, inherited
from schoolguard.config.scalars import Choice, Text
from schoolguard.config.subnets import NetworkType
from schoolguard.config.tier_names import OLDEST_TIER, TIER_NAMES
from schoolguard.config.types import Fields, Key, ListOf, Section

_NETWORKS = ListOf(NetworkType(), least=1, most=1_000)

TIER_BLOCK = Key(
    "block", ListOf(CategoryName()), "Categories this tier blocks; sealed ones are blocked anyway."
)
_TIER = Section((LABEL_VI, LABEL_EN, TIER_BLOCK, SAFE_SEARCH, YOUTUBE, STRIP_ECH))
TIERS = Key(
    "tiers",
    Section(tuple(Key(name, _TIER, f"The tier `{name}`.") for name in TIER_NAMES)),
    "The six tiers, all of them.",
)
TIERS_FILE = Section((TIERS,))

PROVINCE_NAME = Key(
    "name", Text(), "The province's name, or its education department's: who its rules are from."
)
PROVINCE = Key("province", Section((PROVINCE_NAME,)), "Which province this is.")
PROVINCE_FILE = Section((PROVINCE, CALENDAR, WINDOWS, RULES, BUDGETS, TESTS))

COMMUNE_NAME = Key(
    "name", Text(), "The commune's or ward's name, as its schools write it under `school.commune`."
)
COMMUNE_SECTION = Key("commune", Section((COMMUNE_NAME,)), "Which commune or ward this is.")
COMMUNE_FILE = Section((COMMUNE_SECTION, CALENDAR, WINDOWS, RULES, BUDGETS))

NAME = Key("name", Text(), "The school's name.")
COMMUNE = Key("commune", Text(), "The commune or ward it lies in.")
LEVEL = Key("level", Choice(tuple(OLDEST_TIER)), "What it teaches.")
SCHOOL = Key("school", Section((NAME, COMMUNE, LEVEL)), "Which school this is.")


def _inherited(owner: str) -> Key[Fields]:
    keys: tuple[Key[Any], ...] = (ANSWER, TTL, PAGE, LANGUAGE)
    section = Section(tuple(Key(k.name, k.type, k.meaning, otherwise=f"the {owner}'s") for k in keys))
    return Key("block", section, "How a block is answered here.", otherwise=f"the {owner}'s")


GROUP_NAME = Key("name", Text(most=60), "The group's name, once in a school.")
TIER = Key("tier", Choice(TIER_NAMES), "The tier whose categories are blocked.")
NETWORKS = Key(
    "networks",
    _NETWORKS,
    "Subnets and addresses of its clients; where those of several groups overlap, the most specific wins.",
    otherwise="none",
)
LISTENERS = Key(
    "listeners",
    ListOf(EndpointType(any_address=True), least=1, most=64),
    "Addresses of `listen` whose askers are in this group, if no device or subnet says otherwise.",
    otherwise="none",
)
SHADOW_CATEGORIES = Key(
    "shadow-categories",
    ListOf(CategoryName()),
    "Categories counted as if they were blocked, and not blocked: the tier's, or others.",
    otherwise="none",
)
GROUP_BLOCK = _inherited("school")
SCHOOL_BLOCK = _inherited("gateway")
GROUPS = Key(
    "groups",
    ListOf(
        Section(
            (
                GROUP_NAME,
                TIER,
                NETWORKS,
                GROUP_DEVICES,
                LISTENERS,
                RULES,
                BUDGETS,
                *inherited("school"),
                SHADOW_CATEGORIES,
                GROUP_BLOCK,
            )
        ),
        1,
        200,
    ),
    "Groups of clients under the same rules; each needs networks, devices or listeners.",
)
SCHOOL_NETWORKS = Key(
    "networks",
    _NETWORKS,
    "All of the school's subnets; who is in one of them and in no group is in the default group.",
    otherwise="none",
)
DEFAULT_GROUP = Key(
    "default-group",
    Text(most=60),
    "The group of clients in `networks` that no group names; never of the tier staff.",
    otherwise="none: they are refused",
)
SCHOOL_FILE = Section(
    (
        SCHOOL,
        SCHOOL_NETWORKS,
        DEFAULT_GROUP,
        CALENDAR,
        WINDOWS,
        RULES,
        BUDGETS,
        *inherited("tier"),
        SCHOOL_BLOCK,
        QUERY_LOG,
        TESTS,
        GROUPS,
    )
)
