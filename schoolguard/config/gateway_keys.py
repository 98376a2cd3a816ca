"""The keys of ``schoolguard.yaml``: loader, schema and reference are made of this table."""

from __future__ import annotations

from schoolguard.categories import OWN_FIRST, OWN_LAST
from schoolguard.config.addresses import AddressType, EndpointType
from schoolguard.config.device_keys import DEVICE_SOURCES, FORWARDERS
from schoolguard.config.domains import NameType
from schoolguard.config.feed_keys import FEED
from schoolguard.config.numbers import Integer, Size, Time
from schoolguard.config.publisher_keys import PUBLISHER
from schoolguard.config.query_log_keys import QUERY_LOG
from schoolguard.config.scalars import Choice, Flag, OrWord, Text
from schoolguard.config.store_keys import STORE
from schoolguard.config.types import Key, ListOf, Section
from schoolguard.language import LANGUAGES
from schoolguard.policy.model import BlockAnswer, Blocking
from schoolguard.settings import Caches, Endpoint, Limits, Upstreams

SYSTEM, OFF = "system", "off"
OWN_CATEGORIES = OWN_LAST - OWN_FIRST + 1

_CACHES, _LIMITS, _UPSTREAMS, _BLOCKING = Caches(), Limits(), Upstreams(()), Blocking()
_CACHE_SIZE = Size(1 << 20, 4 << 30)

LISTEN = Key(
    "listen",
    ListOf(EndpointType(any_address=True), least=1, most=64),
    "Addresses and ports where questions arrive, UDP and TCP; 0.0.0.0 and :: mean every address.",
)
WORKERS = Key("workers", Integer(1, 64), "DNS processes; more than there are processor cores help nobody.", 1)
LANGUAGE = Key(
    "language",
    Choice(LANGUAGES),
    "Language of the reason that a client is told with a block.",
    _BLOCKING.language,
)
METRICS = Key(
    "metrics",
    OrWord(EndpointType(any_address=True), OFF),
    "Where /metrics and /healthz are served over HTTP; off serves them nowhere.",
    Endpoint("127.0.0.1", 9153),
)

SERVERS = Key(
    "servers",
    ListOf(OrWord(EndpointType(), SYSTEM), least=1, most=16),
    "Resolvers that answer what is allowed, in order of preference; system stands for /etc/resolv.conf's.",
    otherwise="`[system]`",
)
TIMEOUT = Key(
    "timeout", Time(0.1, 30), "How long one upstream may take before the next is asked.", _UPSTREAMS.timeout
)
ATTEMPTS = Key("attempts", Integer(1, 10), "How many exchanges one question may cost.", _UPSTREAMS.attempts)
RANDOMISE_CASE = Key(
    "randomise-case",
    Flag(),
    "Send names in mixed case and want them back so, which makes forged replies harder (0x20).",
    _UPSTREAMS.randomise_case,
)
LOCAL_ZONES = Key(
    "local-zones",
    ListOf(NameType(), most=200),
    "Names, each with all below it, of the school's own network: only they may have private addresses, and"
    " reverse zones named here are asked of the upstreams.",
    otherwise="none",
)
UPSTREAMS = Key(
    "upstreams",
    Section((SERVERS, TIMEOUT, ATTEMPTS, RANDOMISE_CASE, LOCAL_ZONES)),
    "Where allowed questions go.",
    otherwise="the defaults below",
)

BLOCKLISTS = Key(
    "blocklists",
    Text(most=400),
    "Folder of the list files, relative to the configuration's.",
    "../blocklists",
)
STATE = Key(
    "state", Text(most=400), "Folder of what survives a restart; made when it is missing.", "../state"
)
PATHS = Key("paths", Section((BLOCKLISTS, STATE)), "Where files lie.", otherwise="the defaults below")

REPLIES = Key("replies", _CACHE_SIZE, "Finished replies, in each worker.", _CACHES.replies)
ANSWERS = Key("answers", _CACHE_SIZE, "What upstreams said, in each worker.", _CACHES.answers)
MIN_TTL = Key(
    "min-ttl", Time(0, 3_600, whole=True), "Shorter TTLs are raised to this.", float(_CACHES.min_ttl)
)
MAX_TTL = Key(
    "max-ttl", Time(60, 604_800, whole=True), "Longer TTLs are cut to this.", float(_CACHES.max_ttl)
)
MAX_NEGATIVE_TTL = Key(
    "max-negative-ttl",
    Time(1, 86_400, whole=True),
    "How long the absence of a name or type is kept at most.",
    float(_CACHES.max_negative_ttl),
)
SERVE_STALE = Key(
    "serve-stale",
    Time(0, 604_800, whole=True),
    "How long after its TTL an answer may serve while no upstream answers (RFC 8767); 0 is never.",
    float(_CACHES.serve_stale),
)
CACHES = Key(
    "caches",
    Section((REPLIES, ANSWERS, MIN_TTL, MAX_TTL, MAX_NEGATIVE_TTL, SERVE_STALE)),
    "Bounds of the caches.",
    otherwise="the defaults below",
)

QUERIES_PER_SECOND = Key(
    "queries-per-second",
    Integer(0, 1_000_000),
    "Queries one client address may send in a second; 0 is no bound.",
    _LIMITS.queries_per_second,
)
QUERIES_IN_FLIGHT = Key(
    "queries-in-flight",
    Integer(10, 100_000),
    "Queries of all clients that may wait for upstreams, in each worker.",
    _LIMITS.queries_in_flight,
)
IN_FLIGHT_PER_CLIENT = Key(
    "in-flight-per-client",
    Integer(1, 100_000),
    "Queries of one client address that may wait for upstreams.",
    _LIMITS.in_flight_per_client,
)
TCP_CONNECTIONS = Key(
    "tcp-connections", Integer(1, 20_000), "Open TCP connections, in each worker.", _LIMITS.tcp_connections
)
TCP_PER_CLIENT = Key(
    "tcp-per-client",
    Integer(1, 20_000),
    "Open TCP connections of one client address.",
    _LIMITS.tcp_per_client,
)
TCP_IDLE = Key(
    "tcp-idle",
    Time(0.5, 600),
    "How long a TCP connection may be silent, and how long one message may take to arrive.",
    _LIMITS.tcp_idle,
)
LIMITS = Key(
    "limits",
    Section(
        (
            QUERIES_PER_SECOND,
            QUERIES_IN_FLIGHT,
            IN_FLIGHT_PER_CLIENT,
            TCP_CONNECTIONS,
            TCP_PER_CLIENT,
            TCP_IDLE,
        )
    ),
    "Bounds on what clients may cost.",
    otherwise="the defaults below",
)

ANSWER = Key(
    "answer",
    Choice(tuple(BlockAnswer)),
    "What a client is told of a blocked name.",
    _BLOCKING.answer.value,
)
TTL = Key(
    "ttl",
    Time(1, 86_400, whole=True),
    "How long a client may keep that answer; after an allow, pupils wait this long.",
    float(_BLOCKING.ttl),
)
PAGE = Key(
    "page",
    ListOf(AddressType(), least=1, most=8),
    "Addresses of the page that explains a block, for the answer block-page.",
    otherwise="none",
)
BLOCK = Key(
    "block",
    Section((ANSWER, TTL, PAGE)),
    "How a block is answered, unless a school or group says otherwise.",
    otherwise="the defaults below",
)

OWN_NAME = Key(
    "name",
    Text(most=40, pattern="[a-z0-9]+(?:-[a-z0-9]+)*", example="film-vn"),
    "How tiers, lists and schools call it: small letters, digits and hyphens.",
)
OWN_NUMBER = Key(
    "number",
    Integer(1, OWN_CATEGORIES),
    "Its place, which no other category may have and which stays its own for ever: compiled lists hold it.",
)
LABEL_VI = Key("vi", Text(), "Its name in Vietnamese.")
LABEL_EN = Key("en", Text(), "Its name in English.")
CATEGORIES = Key(
    "categories",
    ListOf(Section((OWN_NAME, OWN_NUMBER, LABEL_VI, LABEL_EN)), most=OWN_CATEGORIES),
    "Categories of your own, beside the built-in ones.",
    otherwise="none",
)

KEEP_NAMES_ASKED = Key(
    "keep-names-asked",
    Flag(),
    "Keep the names asked for, without who asked or when, for 8 days on this machine, so that `schoolguard"
    " diff` can show what a change of the rules would do here.",
    True,
)

GATEWAY = Section(
    (
        LISTEN,
        WORKERS,
        LANGUAGE,
        METRICS,
        UPSTREAMS,
        PATHS,
        CACHES,
        LIMITS,
        BLOCK,
        DEVICE_SOURCES,
        FORWARDERS,
        KEEP_NAMES_ASKED,
        STORE,
        QUERY_LOG,
        PUBLISHER,
        FEED,
        CATEGORIES,
    )
)
