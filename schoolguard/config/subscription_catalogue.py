"""The catalogue of public lists, ``catalogue.yaml``: its keys, and what it says. It fetches nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from schoolguard.config.category_names import CategoryName
from schoolguard.config.finding import Collector
from schoolguard.config.list_keys import FORMATS, ID
from schoolguard.config.scalars import Choice, Text
from schoolguard.config.subscription_keys import UrlType
from schoolguard.config.tree import is_file, read_section
from schoolguard.config.types import Fields, Key, ListOf, Section

FILE_NAME = "catalogue.yaml"

ADDRESS = Key("address", UrlType(), "Where the maintainer publishes the list.")
FORMAT = Key("format", Choice(FORMATS), "How it is written.")
CATEGORY = Key("category", CategoryName(), "The category of its names.")
LICENCE = Key("licence", Text(), "As the maintainer states it.")
_NOTE = Section(
    (
        Key("vi", Text(most=400), "In Vietnamese."),
        Key("en", Text(most=400), "In English."),
    )
)
PUBLIC_LISTS = Key(
    "lists",
    ListOf(
        Section(
            (
                ID,
                Key("name", Text(), "What its maintainer calls it."),
                Key("maintainer", Text(), "Who keeps it."),
                Key("homepage", UrlType(), "Where it is described."),
                ADDRESS,
                FORMAT,
                CATEGORY,
                LICENCE,
                Key("size", Choice(("small", "medium", "large", "huge")), "How many names it has."),
                Key("update", Text(), "How often it is published."),
                Key("note", _NOTE, "What is known to go wrong with it."),
            )
        ),
        0,
        500,
    ),
    "The public lists.",
)
CATALOGUE_FILE = Section((PUBLIC_LISTS,))


class PublicList(NamedTuple):
    """What the catalogue says of one list, as far as it could be read."""

    address: str
    format: str
    category: str
    licence: str


Catalogue = Mapping[str, PublicList]


def catalogue_of(file: Path, out: Collector) -> Catalogue | None:
    """Return the public lists by id, none without the file; ``None`` after recording errors in it."""
    if not is_file(file):
        return {}
    before = out.failures
    fields = read_section(file.parent, file.name, CATALOGUE_FILE, out)
    given = fields.given(PUBLIC_LISTS) if fields else None
    found = {}
    for section, _ in given.value if given else ():
        list_id = section.given(ID)
        if list_id is not None and section.given(ADDRESS) is not None:
            found[list_id.value] = _public(section)
    return found if out.failures == before else None


def _public(section: Fields) -> PublicList:
    keys = (ADDRESS, FORMAT, CATEGORY, LICENCE)
    return PublicList(*(at.value if (at := section.given(key)) else "" for key in keys))
