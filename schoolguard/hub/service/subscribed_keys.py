"""The keys of ``subscriptions`` in ``hub.yaml``: loader, schema and reference are made of this table."""

from __future__ import annotations

from schoolguard.config import list_keys
from schoolguard.config import subscription_keys as keys
from schoolguard.config.finding import At
from schoolguard.config.scalars import Choice, Text
from schoolguard.config.types import Fields, Key, ListOf, Section
from schoolguard.lists.model import Kind

KIND = Key(
    "kind",
    Choice((Kind.BLOCK.value, Kind.ALLOW.value)),
    "block: its names belong to the category. allow: lifts every category that is not sealed.",
    Kind.BLOCK.value,
)
LICENCE = Key(
    "licence",
    Text(most=200),
    "Under which licence the list may be passed on to the schools.",
    otherwise="as catalogue.yaml says, for a list taken from there",
)
SUBSCRIPTIONS: Key[tuple[At[Fields], ...]] = Key(
    "subscriptions",
    ListOf(
        Section(
            (
                *(list_keys.ID, *keys.SUBSCRIPTION_KEYS),
                *(list_keys.CATEGORY, KIND, list_keys.FORMAT, LICENCE),
            )
        ),
        most=200,
    ),
    "Public lists that are fetched once for all schools, and go through the same stages as partners' lists.",
    otherwise="none",
)
CATALOGUE = Key(
    "catalogue",
    Text(most=400),
    "The catalogue.yaml of subscriptions with `url: catalogue`; relative to this file's folder.",
    otherwise="none: each subscription has its address",
)
