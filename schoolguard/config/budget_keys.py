"""The keys of one time budget, the same in every layer; loader, schema and reference use them."""

from __future__ import annotations

from schoolguard.config.numbers import Integer
from schoolguard.config.rule_keys import OWNER, REASON
from schoolguard.config.scalars import Choice, Text
from schoolguard.config.targets import TargetType
from schoolguard.config.tier_names import TIER_NAMES
from schoolguard.config.types import Key, ListOf, Section

BUDGET_NAME = Key("name", Text(most=60), "What people call it; once among the budgets of its file or group.")
MINUTES = Key(
    "minutes", Integer(1, 1440), "Active minutes that a device has in a day, for all the names together."
)
EACH_SERVICE = Key(
    "each-service",
    Integer(1, 1440),
    "Active minutes in a day for each service of the catalogue among the targets, within `minutes`.",
    otherwise="only `minutes` counts",
)
OF = Key("of", ListOf(TargetType(), least=1, most=500), "What uses it: names, services, categories.")
BUDGET_TIERS = Key(
    "tiers",
    ListOf(Choice(TIER_NAMES), least=1),
    "For whom, by tier; not in a group's own budgets.",
    otherwise="all",
)

BUDGETS = Key(
    "budgets",
    ListOf(Section((BUDGET_NAME, MINUTES, EACH_SERVICE, OF, BUDGET_TIERS, OWNER, REASON)), most=50),
    "How long a device may use something in a day.",
    otherwise="none",
)
