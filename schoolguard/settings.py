"""The whole configuration as frozen values; ``config`` builds it from YAML, everything else reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from schoolguard.categories import Category
from schoolguard.lists.model import ListSource
from schoolguard.policy.model import School, Tier


class Endpoint(NamedTuple):
    """An IP address (text) and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Caches:
    """Bounds of the caches: sizes in bytes per worker, times in seconds."""

    replies: int = 48 << 20
    answers: int = 32 << 20
    min_ttl: int = 0
    max_ttl: int = 86_400
    max_negative_ttl: int = 3_600
    serve_stale: int = 86_400


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what clients may cost; ``0`` queries a second switches that bound off."""

    queries_per_second: int = 1_000
    queries_in_flight: int = 2_000
    in_flight_per_client: int = 200
    tcp_connections: int = 500
    tcp_per_client: int = 20
    tcp_idle: float = 10.0


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Where allowed questions go; times in seconds.

    ``local_zones`` are names (text shape) of the school's own network, each with all below it.
    """

    servers: tuple[Endpoint, ...]
    timeout: float = 1.5
    attempts: int = 3
    randomise_case: bool = True
    local_zones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders, absolute: list files, and the state that survives a restart."""

    blocklists: Path
    state: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that runs; immutable, replaced whole by a reload."""

    listeners: tuple[Endpoint, ...]
    upstreams: Upstreams
    workers: int
    metrics: Endpoint | None
    paths: Paths
    caches: Caches
    limits: Limits
    categories: tuple[Category, ...]
    lists: tuple[ListSource, ...]
    tiers: tuple[Tier, ...]
    schools: tuple[School, ...]
