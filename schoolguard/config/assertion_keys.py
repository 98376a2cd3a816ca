"""The keys of the ``tests`` section: loader, schema and reference are made of this table."""

from __future__ import annotations

from schoolguard.config.domains import NameType
from schoolguard.config.finding import At
from schoolguard.config.moments import MomentType
from schoolguard.config.scalars import Choice, Text
from schoolguard.config.tier_names import TIER_NAMES
from schoolguard.config.types import Fields, Key, ListOf, Section

ASSERTED_TIERS = Key("tiers", ListOf(Choice(TIER_NAMES), least=1), "For which tiers.", otherwise="all")
ASSERTED_GROUPS = Key(
    "groups",
    ListOf(Text(most=60), least=1, most=200),
    "For which groups; only in a school's tests.",
    otherwise="all",
)
ASSERTED_NAMES = Key("names", ListOf(NameType(), least=1, most=500), "Names that are asked for.")
AT = Key("at", MomentType(), "When it is asked, in Viet Nam's time.", otherwise="at the check")


def _asserted(name: str, meaning: str) -> Key[tuple[At[Fields], ...]]:
    section = Section((ASSERTED_TIERS, ASSERTED_GROUPS, ASSERTED_NAMES, AT))
    return Key(name, ListOf(section, most=500), meaning, otherwise="none")


MUST_BLOCK = _asserted("must-block", "What must be blocked.")
MUST_ALLOW = _asserted("must-allow", "What must be open.")
TESTS: Key[Fields] = Key(
    "tests",
    Section((MUST_BLOCK, MUST_ALLOW)),
    "What must come out, whatever else changes; a configuration that breaks one is refused.",
    otherwise="none",
)
