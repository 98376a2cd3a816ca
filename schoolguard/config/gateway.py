"""``schoolguard.yaml`` as settings, and what its keys must be to each other. It must not know schools."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from schoolguard.config import gateway_keys as keys
from schoolguard.config.blocking import blocking_of
from schoolguard.config.device_keys import device_sources_of, forwarders_of
from schoolguard.config.feed_keys import feed_of
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.publisher import publisher_of
from schoolguard.config.store_keys import bounds_of
from schoolguard.config.tree import is_file, is_folder
from schoolguard.config.types import Fields
from schoolguard.config.upstreams import servers_of
from schoolguard.devices.model import DeviceSources, Forwarder
from schoolguard.feed.settings import FeedSettings
from schoolguard.intake.model import Publisher
from schoolguard.language import N_
from schoolguard.policy.model import Blocking
from schoolguard.settings import Caches, Endpoint, Limits, Paths, Upstreams
from schoolguard.store.bounds import Bounds


@dataclass(frozen=True, slots=True)
class GatewayPart:
    """What ``schoolguard.yaml`` alone decides."""

    listeners: tuple[Endpoint, ...]
    upstreams: Upstreams
    workers: int
    metrics: Endpoint | None
    paths: Paths
    caches: Caches
    limits: Limits
    blocking: Blocking
    devices: DeviceSources
    forwarders: tuple[Forwarder, ...]
    keep_names_asked: bool
    publisher: Publisher | None
    feed: FeedSettings
    store: Bounds


def gateway_of(fields: Fields, folder: Path, resolv_conf: Path, cores: int, out: Collector) -> GatewayPart:
    """Return the gateway's settings; what is wrong among them is recorded."""
    listeners = fields.given(keys.LISTEN)
    listening = tuple(at.value for at in listeners.value) if listeners else ()
    _check_listeners(listeners.value if listeners else (), out)
    workers = fields.value(keys.WORKERS)
    publisher = publisher_of(fields, folder, out)
    if workers > cores:
        wrong = Wrong(
            N_("there are more workers than processor cores ({cores})"), cores=cores, found=str(workers)
        )
        out.warning(fields.mark_of(keys.WORKERS), wrong)
    return GatewayPart(
        listening,
        _upstreams(fields.section(keys.UPSTREAMS), listening, resolv_conf, out),
        workers,
        _metrics(fields, listening, out),
        _paths(fields.section(keys.PATHS), folder, out),
        _caches(fields.section(keys.CACHES), out),
        _limits(fields.section(keys.LIMITS), out),
        _blocking(fields, out),
        device_sources_of(fields, out),
        forwarders_of(fields, listening, out),
        fields.value(keys.KEEP_NAMES_ASKED),
        publisher,
        feed_of(fields, publisher, out),
        bounds_of(fields, out),
    )


def _check_listeners(listeners: tuple[At[Endpoint], ...], out: Collector) -> None:
    seen: set[Endpoint] = set()
    for endpoint, mark in listeners:
        found = f"{endpoint.host}@{endpoint.port}"
        if endpoint in seen:
            out.error(mark, Wrong(N_("this address and port stand twice"), found=found))
        elif ip_address(endpoint.host).is_global:
            out.warning(mark, Wrong(N_("this address is public; strangers will find it"), found=found))
        seen.add(endpoint)


def _upstreams(
    fields: Fields, listening: tuple[Endpoint, ...], resolv_conf: Path, out: Collector
) -> Upstreams:
    given = fields.given(keys.SERVERS)
    mark = fields.mark_of(keys.SERVERS)
    servers: tuple[At[Endpoint | str], ...] = ()
    if given:
        servers = given.value
    elif not fields.tried(keys.SERVERS):
        servers = (At(keys.SYSTEM, mark),)
    return Upstreams(
        servers_of(servers, listening, resolv_conf, out),
        fields.value(keys.TIMEOUT),
        fields.value(keys.ATTEMPTS),
        fields.value(keys.RANDOMISE_CASE),
        frozenset(at.value for at in zones.value)
        if (zones := fields.given(keys.LOCAL_ZONES))
        else frozenset(),
    )


def _metrics(fields: Fields, listening: tuple[Endpoint, ...], out: Collector) -> Endpoint | None:
    endpoint = fields.value(keys.METRICS)
    if isinstance(endpoint, str):
        return None
    mark, found = fields.mark_of(keys.METRICS), f"{endpoint.host}@{endpoint.port}"
    if endpoint in listening:
        out.error(mark, Wrong(N_("questions arrive at this address and port (listen)"), found=found))
    elif not ip_address(endpoint.host).is_loopback:
        msgid = N_(
            "whoever reaches this address reads what each school blocks; a loopback address is private"
        )
        out.warning(mark, Wrong(msgid, found=found, suggestion=f"127.0.0.1@{endpoint.port}"))
    return endpoint


def _paths(fields: Fields, folder: Path, out: Collector) -> Paths:
    blocklists = _absolute(folder / fields.value(keys.BLOCKLISTS))
    state = _absolute(folder / fields.value(keys.STATE))
    if not is_folder(blocklists):
        wrong = Wrong(N_("this folder is missing"), found=str(blocklists))
        out.error(fields.mark_of(keys.BLOCKLISTS), wrong)
    if is_file(state):
        out.error(fields.mark_of(keys.STATE), Wrong(N_("this is no folder"), found=str(state)))
    return Paths(blocklists, state)


def _absolute(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a loop of links, or a name too long: it will be found missing
        return path.absolute()


def _caches(fields: Fields, out: Collector) -> Caches:
    caches = Caches(
        fields.value(keys.REPLIES),
        fields.value(keys.ANSWERS),
        int(fields.value(keys.MIN_TTL)),
        int(fields.value(keys.MAX_TTL)),
        int(fields.value(keys.MAX_NEGATIVE_TTL)),
        int(fields.value(keys.SERVE_STALE)),
    )
    if caches.min_ttl > caches.max_ttl:
        _too_large(fields.mark_of(keys.MIN_TTL), keys.MIN_TTL.name, keys.MAX_TTL.name, out)
    if caches.max_negative_ttl > caches.max_ttl and fields.given(keys.MAX_NEGATIVE_TTL):
        _too_large(fields.mark_of(keys.MAX_NEGATIVE_TTL), keys.MAX_NEGATIVE_TTL.name, keys.MAX_TTL.name, out)
    return caches


def _limits(fields: Fields, out: Collector) -> Limits:
    limits = Limits(
        fields.value(keys.QUERIES_PER_SECOND),
        fields.value(keys.QUERIES_IN_FLIGHT),
        fields.value(keys.IN_FLIGHT_PER_CLIENT),
        fields.value(keys.TCP_CONNECTIONS),
        fields.value(keys.TCP_PER_CLIENT),
        fields.value(keys.TCP_IDLE),
    )
    if limits.in_flight_per_client > limits.queries_in_flight:
        mark = fields.mark_of(keys.IN_FLIGHT_PER_CLIENT)
        _too_large(mark, keys.IN_FLIGHT_PER_CLIENT.name, keys.QUERIES_IN_FLIGHT.name, out)
    if limits.tcp_per_client > limits.tcp_connections:
        mark = fields.mark_of(keys.TCP_PER_CLIENT)
        _too_large(mark, keys.TCP_PER_CLIENT.name, keys.TCP_CONNECTIONS.name, out)
    return limits


def _too_large(mark: Mark, key: str, bound: str, out: Collector) -> None:
    out.error(mark, Wrong(N_("`{key}` is larger than `{bound}`"), key=key, bound=bound))


def _blocking(fields: Fields, out: Collector) -> Blocking:
    base = Blocking(language=fields.value(keys.LANGUAGE))
    return blocking_of(fields.section(keys.BLOCK), base, out)
