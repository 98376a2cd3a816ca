"""The kinds of files a configuration is made of, each with its keys. It reads none of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from schoolguard.config.gateway_keys import GATEWAY
from schoolguard.config.list_keys import LISTS_FILE
from schoolguard.config.policy_keys import SCHOOL_FILE, TIERS_FILE
from schoolguard.config.types import Key, ListOf, Section, Type

GATEWAY_NAME, TIERS_NAME, LISTS_NAME, SCHOOLS_FOLDER = (
    "schoolguard.yaml",
    "tiers.yaml",
    "lists.yaml",
    "schools",
)


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
    FileKind(f"{SCHOOLS_FOLDER}/*.yaml", "school.schema.json", "One school", SCHOOL_FILE),
)


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
