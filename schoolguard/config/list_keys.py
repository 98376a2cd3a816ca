"""The keys of ``lists.yaml``: loader, schema and reference are made of this table."""

from __future__ import annotations

from schoolguard.config.category_names import CategoryName
from schoolguard.config.numbers import Integer, Percent
from schoolguard.config.scalars import Choice, Flag, OrWord, Text
from schoolguard.config.subscription_keys import POPULAR, SUBSCRIPTION_KEYS
from schoolguard.config.transfer_keys import TRANSFER_SECTIONS
from schoolguard.config.types import Key, ListOf, Section
from schoolguard.lists.model import Exceptions, Kind

FORMATS = ("auto", "hosts", "plain", "wildcard", "adblock", "dnsmasq", "unbound", "rpz")

ID = Key(
    "id",
    Text(most=60, pattern="[a-z0-9]+(?:[._-][a-z0-9]+)*", example="hagezi-gambling"),
    "What reports, metrics and look-ups call the list: small letters, digits, hyphens and dots.",
)
FILE = Key(
    "file",
    Text(most=400),
    "The list file, relative to `paths.blocklists` and within it.",
    otherwise="the list has a `url` or a `transfer`",
)
TRANSFER = Key(
    "transfer",
    Text(most=60),
    "The id of one of `transfers`: the list is that zone, instead of a `file`.",
    otherwise="the list has a `file` or a `url`",
)
CATEGORY = Key("category", CategoryName(), "The category of its names, for the kind block.", otherwise="none")
KIND = Key(
    "kind",
    Choice(tuple(Kind)),
    "block: its names belong to the category. allow: lifts every category that is not sealed."
    " never-block: the safety net, which no category and no rule may block.",
    Kind.BLOCK.value,
)
FORMAT = Key("format", Choice(FORMATS), "How the file is written; auto finds out.", "auto")
EXCEPTIONS = Key(
    "exceptions",
    Choice(tuple(Exceptions)),
    "How far exceptions in the list (@@, PASSTHRU) reach: off ignores them, own lifts this list's entries,"
    " all lifts every list's.",
    Exceptions.OFF.value,
)
MAX_ENTRIES = Key(
    "max-entries", Integer(1, 50_000_000), "A list with more entries is refused whole.", 10_000_000
)
MAX_SHRINK = Key(
    "max-shrink",
    OrWord(Percent(100), "off"),
    "A list that lost more than this share of its last good copy's entries is refused whole.",
    0.5,
)
MAX_GROWTH = Key(
    "max-growth",
    OrWord(Percent(100_000), "off"),
    "A list that grew by more than this share of its last good copy's entries is refused whole.",
    3.0,
)
SHADOW = Key(
    "shadow",
    Flag(),
    "Count the names that are asked for as if they were blocked, and block none: for trying a list out.",
    False,
)
LISTS = Key(
    "lists",
    ListOf(
        Section(
            (
                *(ID, FILE, *SUBSCRIPTION_KEYS, TRANSFER, CATEGORY, KIND, FORMAT),
                *(EXCEPTIONS, SHADOW, MAX_ENTRIES, MAX_SHRINK, MAX_GROWTH),
            )
        ),
        1,
        500,
    ),
    "The lists, in no particular order.",
)

LISTS_FILE = Section((LISTS, POPULAR, *TRANSFER_SECTIONS))
