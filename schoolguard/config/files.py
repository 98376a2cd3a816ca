"""The kinds of files a configuration is made of, each with its keys. It reads none of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from schoolguard.config.gateway_keys import GATEWAY
from schoolguard.config.list_keys import LISTS_FILE
from schoolguard.config.policy_keys import COMMUNE_FILE, PROVINCE_FILE, SCHOOL_FILE, TIERS_FILE
from schoolguard.config.resolver_addresses import ADDRESSES_FILE
from schoolguard.config.safe_search_keys import SAFE_SEARCH_FILE
from schoolguard.config.service_keys import SERVICES_FILE
from schoolguard.config.types import Key, ListOf, Section, Type

GATEWAY_NAME, TIERS_NAME, LISTS_NAME = "schoolguard.yaml", "tiers.yaml", "lists.yaml"
PROVINCE_NAME, COMMUNES_FOLDER, SCHOOLS_FOLDER = "province.yaml", "communes", "schools"


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file: ``pattern`` is its path in the folder, ``schema`` its JSON Schema's file name."""

    pattern: str
    schema: str
    title: str
    section: Section


FILES = (
    FileKind(GATEWAY_NAME, "schoolguard.schema.json", "The gateway", GATEWAY),
    FileKind(TIERS_NAME, "tiers.schema.json", "The tiers", TIERS_FILE),
    FileKind(LISTS_NAME, "lists.schema.json", "The lists", LISTS_FILE),
    FileKind(PROVINCE_NAME, "province.schema.json", "The province", PROVINCE_FILE),
    FileKind(f"{COMMUNES_FOLDER}/*.yaml", "commune.schema.json", "One commune", COMMUNE_FILE),
    FileKind(f"{SCHOOLS_FOLDER}/*.yaml", "school.schema.json", "One school", SCHOOL_FILE),
)

LISTS_FILES = (
    FileKind("services/*.yaml", "services.schema.json", "Services", SERVICES_FILE),
    FileKind("safe-search.yaml", "safe-search.schema.json", "Search engines", SAFE_SEARCH_FILE),
    FileKind("resolver-addresses.yaml", "resolver-addresses.schema.json", "Resolvers", ADDRESSES_FILE),
)
"""Those that lie in the folder of the lists, ``paths.blocklists``."""


class Row(NamedTuple):
    """One key as the reference shows it: ``caches.replies``, ``groups[].networks``."""

    path: str
    key: Key[Any]


def rows(section: Section, prefix: str = "") -> Iterator[Row]:
    """Yield every key of a section and of the sections within it, in the order of the table."""
    for key in section.keys:
        path = prefix + key.name
        yield Row(path, key)
        inner: Type[Any] = key.type
        if isinstance(inner, ListOf):
            path, inner = path + "[]", inner.item
        if isinstance(inner, Section):
            yield from rows(inner, path + ".")
