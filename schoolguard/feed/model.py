"""What a summary is made of, as values: the counts of one school in one period, before cells are merged.

It must not hold a device: sets of devices have become numbers before they come here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Cell(NamedTuple):
    """What queries are counted under: tier, outcome, a blocked query's category or cause (else ``""``)."""

    tier: str
    outcome: str
    cause: str = ""


class Number(NamedTuple):
    """Queries of a cell and how many distinct devices asked them."""

    queries: int
    devices: int


@dataclass(frozen=True, slots=True)
class Span:
    """A period: ``sequence`` rises by one from 1 for each school, ``begin`` and ``end`` are Unix seconds.

    ``believed`` is whether the clock could be believed at its end; ``seconds`` its length by the monotonic
    clock, which is right when the wall clock was set meanwhile. ``missing`` are queries known to be answered
    and not counted.
    """

    sequence: int
    begin: int
    end: int
    seconds: int
    believed: bool = True
    missing: int = 0


@dataclass(frozen=True, slots=True)
class ListVersion:
    """A list in force: its id, its content's digest or serial, entries, when it changed (Unix seconds)."""

    id: str
    version: str
    entries: int
    changed: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What changes seldom: the software, the policy and lists in force, and what the gateway covers.

    ``policy`` is a hexadecimal digest of the settings in force. ``started`` is when the gateway's control
    process started, Unix seconds. ``groups`` and ``listeners`` count what is configured.
    """

    software: str
    policy: str
    started: int
    lists: tuple[ListVersion, ...] = ()
    groups: int = 0
    listeners: int = 0


class Asked(NamedTuple):
    """What was blocked in a day: a service's id or a name, its cause, queries, and the distinct devices."""

    what: str
    cause: str
    queries: int
    devices: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Everything of one school in one period, unmerged; the values never leave as they stand here.

    ``devices`` are the distinct devices that asked anything, ``by_tier`` those of each tier. ``bypass`` are
    attempts by kind, ``shadow`` would-be blocks by cause, each with devices. ``passes`` are passes granted,
    ``unblock_requests`` requests of people, ``budgets_used_up`` devices whose budget ended. ``latency`` are
    the histogram's counts.
    ``services`` and ``names`` are only there for a whole day.
    """

    school: str
    span: Span
    cells: Mapping[Cell, Number]
    devices: int
    by_tier: Mapping[str, int]
    bypass: Mapping[str, Number] = field(default_factory=dict)
    shadow: Mapping[str, Number] = field(default_factory=dict)
    passes: int = 0
    unblock_requests: int = 0
    budgets_used_up: int = 0
    latency: tuple[int, ...] = ()
    services: tuple[Asked, ...] = ()
    names: tuple[Asked, ...] = ()
