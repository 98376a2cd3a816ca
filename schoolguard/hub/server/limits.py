"""How much one side may ask of the publisher's server, and where it listens. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Bounds for all connections; times in seconds.

    ``connections`` and ``per_address`` count open ones (a commune's schools may share one address behind a
    carrier's NAT). ``idle`` is how long a connection may take to send a whole request head, the first or the
    next. A file goes out at ``floor`` bytes a second or faster, after ``grace``. A held request is answered
    after ``heartbeat`` (least, most) at the latest: NAT boxes on 4G forget a silent connection after 60 s,
    and reverse proxies give up after as much.
    """

    connections: int = 8_000
    per_address: int = 500
    idle: float = 20.0
    grace: float = 30.0
    floor: float = 2_048.0
    heartbeat: tuple[float, float] = (25.0, 55.0)
    held: int = 7_000
    busy_wait: tuple[int, int] = (30, 90)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server listens; TLS from two files, none behind a reverse proxy that has it.

    ``proxies`` are the addresses of reverse proxies whose ``X-Forwarded-For`` is believed.
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    proxies: frozenset[str] = frozenset()
