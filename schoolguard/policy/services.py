"""Services that pupils use, as values, and what a block of one breaks. It must not read their files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breaks:
    """One thing that a block stops, in two languages; ``service`` is its id, if the catalogue has it."""

    vi: str
    en: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the catalogue; ``category`` is a category's name or empty.

    ``names`` (text shape, each with all below it) are its own: a block takes them, an allow opens them.
    ``needs`` are names that it cannot do without and that others live on too (log-in, pictures): an allow
    opens them as well, a block leaves them.
    """

    id: str
    name: str
    category: str
    names: frozenset[str]
    breaks: tuple[Breaks, ...] = ()
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Broken:
    """An open service that the block of another breaks, with the sentences that say how."""

    blocked: Service
    opened: Service
    breaks: Breaks


def services_in_category(category: str, catalogue: Mapping[str, Service]) -> tuple[Service, ...]:
    """Return the services of a category, by id."""
    return tuple(service for _, service in sorted(catalogue.items()) if service.category == category)


def broken_by(
    blocked: Collection[str], opened: Collection[str], catalogue: Mapping[str, Service]
) -> tuple[Broken, ...]:
    """Return what blocking some services breaks of those that stay open, by id.

    Both hold ids; ids that the catalogue does not have are passed over. A service in both is not open.
    """
    return tuple(_broken(sorted(set(blocked)), frozenset(opened) - frozenset(blocked), catalogue))


def _broken(
    blocked: Collection[str], opened: Collection[str], catalogue: Mapping[str, Service]
) -> Iterator[Broken]:
    for service in (catalogue[each] for each in blocked if each in catalogue):
        for breaks in service.breaks:
            if breaks.service in opened and breaks.service in catalogue:
                yield Broken(service, catalogue[breaks.service], breaks)
