"""What the store gives and takes, as values. No file, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from schoolguard.store.model import Cell

Kind = Literal["minute", "hour", "day"]
SECONDS: Mapping[Kind, int] = {"minute": 60, "hour": 3_600, "day": 86_400}
NUMBERS: Mapping[Kind, int] = {"minute": 0, "hour": 1, "day": 2}
"""What a kind is called in the file: 0 and 1 take no byte there."""

_VIET_NAM = 7 * 3_600
"""Civil time is UTC+7 since 1975: days begin at 17:00 UTC, hours where UTC's do."""


def begin_of(kind: Kind, seconds: int) -> int:
    """Return when the minute, hour or day of Viet Nam began that a moment lies in; Unix seconds both."""
    length = SECONDS[kind]
    return (seconds + _VIET_NAM) // length * length - _VIET_NAM


class Span(Protocol):
    """A period as the feed describes it; the store reads its number, and when it began and ended (Unix
    seconds).
    """

    @property
    def sequence(self) -> int:
        """The number that the store gave."""

    @property
    def begin(self) -> int:
        """When it began."""

    @property
    def end(self) -> int:
        """When it ended."""


S_co = TypeVar("S_co", bound=Span, covariant=True)


@dataclass(frozen=True, slots=True)
class OpenPeriod(Generic[S_co]):
    """What was counted for a school since its last period was closed.

    ``latency`` and ``lost`` are the whole gateway's: the same for each of its schools. ``missing`` are
    queries of this school that were stored and cannot be read any more, from a damaged file.
    """

    school: str
    sequence: int
    span: S_co
    counts: Mapping[Cell, int]
    latency: tuple[int, ...] = ()
    lost: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document in the outbox: its period in Unix seconds, and how often it was sent in vain."""

    school: str
    sequence: int
    begin: int
    end: int
    tries: int
    document: bytes


class Row(NamedTuple):
    """A count of one minute, hour or day; ``begin`` is Unix seconds."""

    begin: int
    cell: Cell
    queries: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What retention did: minute rows that were added to hours and days; rows and documents that were
    deleted.

    ``for_size`` are those of the rows that had to go before their time, ``over`` the bytes by which the
    file is still larger than it may be, as the outbox and open periods never go for that. ``size`` is bytes
    in use.
    """

    rolled: int = 0
    minutes: int = 0
    hours: int = 0
    days: int = 0
    documents: tuple[tuple[str, int], ...] = ()
    for_size: int = 0
    size: int = 0
    over: int = 0


@dataclass(frozen=True, slots=True)
class Restored:
    """What was lost when a damaged file was restored; ``aside`` is where the damaged one lies.

    ``pages`` could not be read as anything, ``rows`` were not what was written, ``documents`` of the outbox
    are gone for good, of which ``known`` names those that are known by school and sequence; ``queries`` are
    those of open periods. ``read`` is the number of rows that were saved.
    """

    problem: str
    aside: Path | None
    read: int = 0
    pages: int = 0
    rows: int = 0
    documents: int = 0
    queries: int = 0
    known: tuple[tuple[str, int], ...] = ()
