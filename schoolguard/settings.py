"""The whole configuration as frozen values; ``config`` builds it from YAML, everything else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from schoolguard.categories import Category
from schoolguard.devices.model import DeviceSources, Forwarder
from schoolguard.dns.resolver_addresses import ResolverAddresses
from schoolguard.feed.settings import FeedSettings
from schoolguard.hub.export.model import ExportZone
from schoolguard.intake.model import Publisher
from schoolguard.intake.subscriptions.model import Subscription
from schoolguard.intake.transfer.model import Address, Transfer
from schoolguard.lists.model import ListSource
from schoolguard.policy.assertions import Assertion
from schoolguard.policy.model import School, Tier
from schoolguard.policy.safe_search import Engines
from schoolguard.policy.services import Service
from schoolguard.querylog.model import Terms
from schoolguard.store.bounds import Bounds


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

    @property
    def transfers(self) -> Path:
        """The folder of zones that are kept by zone transfer."""
        return self.state / "transfers"

    @property
    def subscriptions(self) -> Path:
        """The folder of lists that are fetched."""
        return self.state / "subscriptions"

    @property
    def exports(self) -> Path:
        """The folder of zones that are served."""
        return self.state / "exports"


@dataclass(frozen=True, slots=True)
class TransferSettings:
    """All of zone transfer: zones to keep and where NOTIFY arrives, zones to serve and where."""

    transfers: tuple[Transfer, ...] = ()
    notify_listen: tuple[Address, ...] = ()
    exports: tuple[ExportZone, ...] = ()
    export_listen: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionSettings:
    """Lists to fetch, and the file of well-known names that they are held against."""

    lists: tuple[Subscription, ...] = ()
    popular: Path | None = None


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
    transfers: TransferSettings = field(default_factory=TransferSettings)
    publisher: Publisher | None = None
    subscriptions: SubscriptionSettings = field(default_factory=SubscriptionSettings)
    query_logs: tuple[Terms, ...] = ()
    feed: FeedSettings = field(default_factory=FeedSettings)
    store: Bounds = field(default_factory=Bounds)

    def for_workers(self) -> Settings:
        """Return what a worker needs: no services, which only people ask for, no assertions, no secrets."""
        return replace(
            self,
            services={},
            assertions=(),
            transfers=TransferSettings(),
            publisher=None,
            subscriptions=SubscriptionSettings(),
            query_logs=(),
            feed=FeedSettings(),
            store=Bounds(),
        )
