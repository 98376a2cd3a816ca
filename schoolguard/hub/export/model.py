"""The values of an export: what stands on a name, and the settings of a zone that is served. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from schoolguard.intake.transfer.model import Address, TransferKey


class Verdict(StrEnum):
    """What a tier says of a name: blocked, kept open for good, or nothing; a character each."""

    BLOCK = "b"
    OPEN = "p"
    NONE = "-"


class Ruling(NamedTuple):
    """The verdict on one name itself (``own``) and on what is below it; ``key`` is its search key."""

    key: str
    own: Verdict
    below: Verdict


class BlockAction(StrEnum):
    """What a policy zone makes of a blocked name: it does not exist, or it has no records."""

    NXDOMAIN = "nxdomain"
    NODATA = "nodata"


@dataclass(slots=True)
class Left:
    """What an export cannot say, counted.

    ``patterns`` are expressions, ``typed`` names blocked for some query types only, ``too_long`` names that
    have no room under the zone's own, ``below_exception`` blocks that the format lets an exception lift.
    """

    patterns: int = 0
    typed: int = 0
    too_long: int = 0
    below_exception: int = 0


@dataclass(frozen=True, slots=True)
class Consumer:
    """A secondary that may take a zone: from ``networks`` and, when it has a ``key``, signed with it.

    ``notify`` is where it is told of a new serial, if it wants to be.
    """

    networks: tuple[IPv4Network | IPv6Network, ...]
    key: TransferKey | None = None
    notify: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportZone:
    """One tier as a policy zone; ``blocked`` is the tier's mask, times in seconds.

    ``journal`` is how many differences are kept, ``journal_share`` how large they may be together, as a part
    of the zone: a longer way is no shorter than the whole zone.
    """

    zone: str
    tier: str
    blocked: int
    consumers: tuple[Consumer, ...] = ()
    action: BlockAction = BlockAction.NXDOMAIN
    primary: str = "localhost"
    mail: str = "hostmaster.localhost"
    refresh: int = 900
    retry: int = 120
    expire: int = 2_592_000
    ttl: int = 300
    journal: int = 30
    journal_share: float = 0.5


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Bounds of the server: transfers at once, in all and of one address; times in seconds."""

    transfers: int = 8
    per_address: int = 2
    connections: int = 64
    idle: float = 10.0
    write: float = 30.0
    seconds: float = 3_600.0


@dataclass(frozen=True, slots=True)
class Published:
    """One zone as it is served now: its serial, its file of rulings, and the differences that lead to it."""

    serial: int
    file: str
    rulings: int
    differences: tuple[Step, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Step:
    """A file with the differences between two successive serials; ``changes`` counts its lines."""

    before: int
    after: int
    file: str
    changes: int
