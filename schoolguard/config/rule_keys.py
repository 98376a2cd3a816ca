"""The keys of one rule, the same in every layer: loader, schema and reference are made of this table."""

from __future__ import annotations

from schoolguard.config.calendar_days import CalendarDay
from schoolguard.config.scalars import Choice, Flag, Text
from schoolguard.config.targets import TargetType
from schoolguard.config.tier_names import TIER_NAMES
from schoolguard.config.types import Key, ListOf, Section
from schoolguard.policy.rule import Verb

_TARGETS = ListOf(TargetType(), least=1, most=500)
_MEANINGS = {
    Verb.LOCKED_BLOCK: "Closed, and nobody below may open it: names with all below, services, categories.",
    Verb.LOCKED_ALLOW: "Open, and nobody below may close it.",
    Verb.BLOCK: "Closed; a nearer layer or a pass may open it.",
    Verb.ALLOW: "Open; a nearer layer may close it.",
    Verb.ALLOW_ONLY: "The exam mode: everything else is closed. It opens nothing that is closed otherwise.",
}
VERBS = tuple(Key(verb.value, _TARGETS, _MEANINGS[verb], otherwise="one of the five verbs") for verb in Verb)

RULE_TIERS = Key(
    "tiers",
    ListOf(Choice(TIER_NAMES), least=1),
    "For whom, by tier; not in a group's own rules.",
    otherwise="all",
)
RULE_GROUPS = Key(
    "groups",
    ListOf(Text(most=60), least=1, most=200),
    "For whom, by group; only in a school's rules.",
    otherwise="all",
)
DURING = Key(
    "during",
    ListOf(Text(most=60), least=1, most=50),
    "The windows in which it holds.",
    otherwise="always",
)
UNTIL = Key("until", CalendarDay(), "The last day on which it holds.", otherwise="for ever")
OWNER = Key("owner", Text(), "Who answers for it.", otherwise="the layer's name")
REASON = Key("reason", Text(), "Why; people who are blocked read it.")
SHADOW = Key("shadow", Flag(), "Counted as if it held, and not enforced.", False)

RULES = Key(
    "rules",
    ListOf(Section((*VERBS, RULE_TIERS, RULE_GROUPS, DURING, UNTIL, OWNER, REASON, SHADOW)), most=500),
    "What is closed and opened here, in no particular order; each rule has one verb.",
    otherwise="none",
)
