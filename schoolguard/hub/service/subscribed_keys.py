"""The keys of ``subscriptions`` in ``hub.yaml``: loader, schema and reference are made of this table."""

from __future__ import annotations

from dataclasses import replace

from schoolguard.config import list_keys
from schoolguard.config import subscription_keys as keys
from schoolguard.config.finding import At
from schoolguard.config.scalars import Choice, Text
from schoolguard.config.types import Fields, Key, ListOf, Section
from schoolguard.lists.model import Kind

ID = replace(
    list_keys.ID,
    meaning="What the list is called, with `subscriptions/` before it: small letters, digits, hyphens, dots.",
)
URL = replace(
    keys.URL,
    meaning="Where the list is fetched from. catalogue: as the file `catalogue` says for this id: address, "
    "format, category and licence.",
    otherwise=None,
)
REFRESH = replace(keys.REFRESH, meaning="How often the list is asked for, give or take a tenth.")
CATEGORY = replace(
    list_keys.CATEGORY,
    meaning="The category of its names; none for the kind allow.",
    otherwise="as `catalogue` says, for a list taken from there",
)
FORMAT = replace(
    list_keys.FORMAT,
    meaning="How the file is written; auto finds out. Where the key is missing, a list taken from "
    "`catalogue` is read as that says.",
)
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
    otherwise="as `catalogue` says, for a list taken from there",
)
SUBSCRIPTIONS: Key[tuple[At[Fields], ...]] = Key(
    "subscriptions",
    ListOf(
        Section(
            (
                *(ID, URL, REFRESH, keys.MEMBER, keys.MAX_SIZE, keys.ALARM_AFTER, keys.PRIVATE_NETWORKS),
                *(CATEGORY, KIND, FORMAT, LICENCE),
            )
        ),
        most=200,
    ),
    "Public lists that are fetched once for all schools, and go through the same stages as partners' lists.",
    otherwise="none",
)
CATALOGUE = Key(
    "catalogue",
    Text("file", most=400),
    "Where subscriptions with `url: catalogue` are described, as in blocklists/catalogue.yaml; relative to "
    "this file's folder.",
    otherwise="catalogue.yaml beside this file, where there is one",
)
