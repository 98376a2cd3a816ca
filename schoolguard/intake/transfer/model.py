"""The values of zone transfer: keys, primaries, limits, state, refusal. No I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from schoolguard.language import Said

Address = tuple[str, int]
"""An IP address (text) and a port."""


class Algorithm(StrEnum):
    """What a transfer may be signed with: MD5 and SHA-1 are not among them (RFC 8945 6)."""

    SHA256 = "hmac-sha256"
    SHA512 = "hmac-sha512"


@dataclass(frozen=True, slots=True)
class TransferKey:
    """A TSIG key: its name in text shape, which both sides use, and its secret."""

    name: str
    secret: bytes = field(repr=False)
    algorithm: Algorithm = Algorithm.SHA256


@dataclass(frozen=True, slots=True)
class Primary:
    """A server to take a zone from; with a ``key`` nothing unsigned is taken from it."""

    address: Address
    key: TransferKey | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one transfer: records, bytes on the wire, changes held in memory, seconds.

    ``seconds`` is for the whole transfer, ``silence`` for one message of it; ``reply`` for the SOA query.
    """

    records: int = 20_000_000
    bytes: int = 2 << 30
    changes: int = 500_000
    seconds: float = 1_800.0
    silence: float = 30.0
    reply: float = 5.0


@dataclass(frozen=True, slots=True)
class TimerBounds:
    """What a zone's own timers (SOA) are cut to, as (least, most) in seconds.

    ``notify`` is the least time between two rounds however many NOTIFY come. A zone that says "refresh every
    second" must not make a school's line its slave, and one that says "expire in a year" must not hide for
    so long that nobody renews it.
    """

    refresh: tuple[float, float] = (60.0, 86_400.0)
    retry: tuple[float, float] = (30.0, 7_200.0)
    expire: tuple[float, float] = (86_400.0, 2_592_000.0)
    notify: float = 5.0


@dataclass(frozen=True, slots=True)
class Transfer:
    """One zone to be kept: ``id`` names its file, ``zone`` is its name in text shape, primaries in order."""

    id: str
    zone: str
    primaries: tuple[Primary, ...]
    limits: Limits = field(default_factory=Limits)
    bounds: TimerBounds = field(default_factory=TimerBounds)


@dataclass(frozen=True, slots=True)
class ZoneState:
    """How one zone stands; times are Unix seconds, 0 for never.

    ``refreshed`` is when a primary last confirmed it, ``expires`` when that will be too long ago. A zone that
    has *expired* stays in force: an outage, or a line cut on purpose, must not open what it blocks. It fails
    closed, and ``expired`` is for the alarm. ``reason`` is one word for why the last round failed,
    ``message`` the words for people; both are empty after a round that went well.
    """

    id: str
    zone: str
    serial: int | None = None
    refreshed: float = 0.0
    due: float = 0.0
    expires: float = 0.0
    expired: bool = False
    primary: str = ""
    records: int = 0
    reason: str = ""
    message: str = ""


class TransferRefused(Said):
    """A zone, or a message about one, that is not taken; ``reason`` is one word for counters."""

    def __init__(self, reason: str, msgid: str, /, **values: object) -> None:
        super().__init__(msgid, **values)
        self.reason = reason
