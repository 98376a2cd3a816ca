"""The whole configuration as frozen values; ``config`` builds it from YAML, everything else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from schoolguard.categories import Category
from schoolguard.devices.model import DeviceSources, Forwarder
from schoolguard.dns.resolver_addresses import ResolverAddresses
from schoolguard.lists.model import ListSource
from schoolguard.policy.assertions import Assertion
from schoolguard.policy.model import School, Tier
from schoolguard.policy.safe_search import Engines
from schoolguard.policy.services import Service


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
    """Everything that runs; immutable, replaced whole by a reload.

    ``services`` is the catalogue by id; ``shadow_lists`` each list in shadow by its reserved bit, as its id
    and its category's mask. ``devices`` are where devices are learnt from.
    """

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
    services: Mapping[str, Service] = field(default_factory=dict)
    engines: Engines = field(default_factory=Engines)
    resolver_addresses: ResolverAddresses = field(default_factory=ResolverAddresses)
    shadow_lists: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    assertions: tuple[Assertion, ...] = ()
    devices: DeviceSources = field(default_factory=DeviceSources)
    forwarders: tuple[Forwarder, ...] = ()
    keep_names_asked: bool = True

    def for_workers(self) -> Settings:
        """Return what a worker needs: without the services, which only people ask for, and the assertions."""
        return replace(self, services={}, assertions=())
