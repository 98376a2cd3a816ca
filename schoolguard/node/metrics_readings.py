"""Everything that one scrape shows, as values taken at one moment. It must not know where they come from.

Nothing in here names a domain that was asked for, or a client. What is ``None`` is not there on this gateway,
and has no sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schoolguard.categories import Category
from schoolguard.node.following_state import FollowingState


@dataclass(frozen=True, slots=True)
class ListState:
    """One list as it stands in the snapshot in force; ``changed`` is the file's time, Unix seconds."""

    id: str
    entries: int
    changed: float
    refused: int
    last_good: bool


@dataclass(slots=True)
class GatewayState:
    """What the control process keeps up to date about itself; ``categories`` are by bit."""

    workers: int = 0
    restarts: int = 0
    generation: int = 0
    ready: bool = False
    reloads: int = 0
    reloads_refused: int = 0
    reloaded: float = 0.0
    snapshot_names: int = 0
    snapshot_bytes: int = 0
    compiled: float = 0.0
    compile_seconds: float = 0.0
    compiles_failed: int = 0
    lists: tuple[ListState, ...] = ()
    categories: dict[int, Category] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sums:
    """What all workers counted; ``gauges`` are by worker, and of running ones only."""

    queries: Mapping[tuple[str, str, str, int], int]
    events: Mapping[str, int]
    latency: Sequence[int]
    latency_sum: float
    gauges: Mapping[int, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class PassReading:
    """By school: passes in force, and passes that were ever granted and are still remembered."""

    in_force: Mapping[str, int]
    granted: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OrderReading:
    """Orders that hold, and receipts that the publisher has not acknowledged."""

    in_force: int
    receipts: int


@dataclass(frozen=True, slots=True)
class DiskReading:
    """The file system of the state folder, in bytes; ``free`` is what the gateway's user may still take."""

    free: int
    size: int


@dataclass(frozen=True, slots=True)
class StoreReading:
    """The gateway's store of counts.

    ``size`` and ``limit`` are bytes; ``held`` are queries that wait in memory to be stored; ``repairs`` how
    often a damaged file was restored. ``lost`` are queries that were answered and never got in, ``documents``
    those that left the outbox undelivered, both by reason and for the life of the file; empty before it was
    read.
    """

    size: int
    limit: int | None
    usable: bool
    held: int = 0
    repairs: int | None = None
    lost: Mapping[str, int] = field(default_factory=dict)
    documents: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedReading:
    """The outbox to the province.

    ``waiting`` are documents by school; ``oldest`` says when the oldest of them was closed (Unix seconds), by
    school, for those that wait; ``delivered`` when one was last acknowledged (0 for never). ``outcomes``
    counts documents by what became of them, and deliveries that failed; ``aside`` are documents that wait for
    another try, by the receiver's verdict; ``sent`` are bytes; ``clock_ahead`` is how many seconds this clock
    is before the receiver's, ``None`` before the first answer.
    """

    waiting: Mapping[str, int]
    oldest: Mapping[str, float] = field(default_factory=dict)
    delivered: float = 0.0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    aside: Mapping[str, int] = field(default_factory=dict)
    sent: int = 0
    clock_ahead: int | None = None


@dataclass(frozen=True, slots=True)
class Readings:
    """All of it; ``schools`` are ids and communes, ``processes`` process IDs by ``control``, ``worker-0`` ...

    ``budgets`` are devices that used up a budget today, by the budget's id.
    """

    state: GatewayState
    sums: Sums
    schools: tuple[tuple[str, str], ...] = ()
    processes: Mapping[str, int] = field(default_factory=dict)
    passes: PassReading | None = None
    budgets: Mapping[str, int] = field(default_factory=dict)
    orders: OrderReading | None = None
    publisher: FollowingState | None = None
    disk: DiskReading | None = None
    store: StoreReading | None = None
    feed: FeedReading | None = None
