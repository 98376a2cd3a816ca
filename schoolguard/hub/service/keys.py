"""The keys of ``hub.yaml``: loader, schema and reference are made of this table."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from schoolguard.config.addresses import AddressType, EndpointType
from schoolguard.config.finding import At
from schoolguard.config.numbers import Integer, Percent, Size, Time
from schoolguard.config.scalars import OrWord, Text
from schoolguard.config.types import Fields, Key, ListOf, Section
from schoolguard.hub.service.feed_keys import FEED
from schoolguard.hub.service.rollout_keys import APPROVERS, ROLLOUT
from schoolguard.hub.service.settings import LayerSettings
from schoolguard.hub.service.subscribed_keys import CATALOGUE, SUBSCRIPTIONS
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.settings import Endpoint

_LIMITS = Limits()
_LAYERS = LayerSettings()
_FILE = Text("file", most=400)
_SHARE = OrWord(Percent(100_000), "off")


def _grows(then: str) -> str:
    return f"A list that grows by more than this share of the names it had {then}; off: no such limit."


def _shrinks(then: str) -> str:
    return f"A list that loses more than this share of the names it had {then}; off: no such limit."


def _churns(then: str) -> str:
    return (
        f"A list whose names come and go by more than this share of those it had {then}; off: no such limit."
    )


LISTEN = Key(
    "listen",
    EndpointType(any_address=True),
    "Where gateways, partners and dashboards reach it, TCP; 0.0.0.0 and :: are all addresses.",
    Endpoint("127.0.0.1", 8_480),
)
CERTIFICATE = Key(
    "certificate",
    _FILE,
    "File with its TLS certificate and the chain, PEM; needs `certificate-key`.",
    otherwise="none: a reverse proxy has it",
)
CERTIFICATE_KEY = Key(
    "certificate-key",
    _FILE,
    "File with the certificate's private key, PEM; needs `certificate`.",
    otherwise="none: a reverse proxy has it",
)
PROXIES: Key[tuple[At[IPv4Address | IPv6Address], ...]] = Key(
    "proxies",
    ListOf(AddressType(), most=20),
    "Reverse proxies whose X-Forwarded-For is believed when it says who asks.",
    otherwise="none",
)
SAFETY_NET: Key[tuple[At[str], ...]] = Key(
    "safety-net",
    ListOf(_FILE, least=1, most=20),
    "List files with the names that no list and no order may close; relative to this file's folder.",
)
POPULAR = Key(
    "popular",
    _FILE,
    "File with well-known names, one a line, most popular first: a list that newly takes the best known, "
    "or many at once, is held.",
    otherwise="none: well-known names are not looked after",
)
GATEWAYS = Key(
    "gateways",
    _FILE,
    "File with one line for each gateway: its id, a space, its public key in hexadecimal; read anew when it "
    "changes.",
    otherwise="none: no receipt is taken",
)
PUSH_SIZE = Key("push-size", Size(1 << 16, 4 << 30), "A push of more bytes is refused.", 256 << 20)

AGREEMENTS = Key(
    "agreements",
    Integer(1, 5),
    "So many different approvers must agree where people must; no more than `approvers` names.",
    1,
)

FEW = Key(
    "few",
    Integer(0, 1_000_000),
    "So many names may always come or go, whatever share of a small list they are.",
    _LIMITS.few,
)
HELD_GROWTH = Key("held-growth", _SHARE, _grows("is held until people agree"), _LIMITS.held_growth)
MAX_GROWTH = Key("max-growth", _SHARE, _grows("is refused"), _LIMITS.max_growth)
HELD_SHRINK = Key("held-shrink", _SHARE, _shrinks("is held until people agree"), _LIMITS.held_shrink)
MAX_SHRINK = Key("max-shrink", _SHARE, _shrinks("is refused"), _LIMITS.max_shrink)
HELD_CHURN = Key("held-churn", _SHARE, _churns("is held until people agree"), _LIMITS.held_churn)
MAX_CHURN = Key("max-churn", _SHARE, _churns("is refused"), _LIMITS.max_churn)
MAX_ENTRIES = Key(
    "max-entries", Integer(1, 50_000_000), "A list with more names is refused.", _LIMITS.max_entries
)
MAX_POPULAR = Key(
    "max-popular",
    Integer(0, 10_000),
    "A list that newly takes more names of `popular` than this is held until people agree.",
    _LIMITS.max_popular,
)
FRACTIONS = (HELD_GROWTH, MAX_GROWTH, HELD_SHRINK, MAX_SHRINK, HELD_CHURN, MAX_CHURN)
NUMBERS = (FEW, MAX_ENTRIES, MAX_POPULAR)
LIMITS: Key[Fields] = Key(
    "limits",
    Section((*NUMBERS, *FRACTIONS)),
    "How much one push, or one fetch of a subscription, may do to a list.",
    otherwise="as the keys below say",
)

BASE_EVERY = Key(
    "base-every",
    Time(3_600, 366 * 86_400),
    "After so long all lists are compiled into a new base; until then gateways fetch only deltas.",
    _LAYERS.base_every,
)
DELTAS = Key(
    "deltas",
    Integer(1, 100),
    "After so many deltas a new base is made, however young the last one is.",
    _LAYERS.deltas,
)
KEPT = Key(
    "kept",
    Integer(1, 200),
    "So many deltas stay published, for gateways that were off for a while; no fewer than `deltas`.",
    _LAYERS.kept,
)
LAYERS: Key[Fields] = Key(
    "layers",
    Section((BASE_EVERY, DELTAS, KEPT)),
    "How the compiled lists are published: a base, and deltas above it.",
    otherwise="as the keys below say",
)

HUB = Section(
    (
        *(LISTEN, CERTIFICATE, CERTIFICATE_KEY, PROXIES),
        *(SAFETY_NET, POPULAR, GATEWAYS, PUSH_SIZE, AGREEMENTS, APPROVERS, LIMITS, LAYERS, ROLLOUT, FEED),
        *(SUBSCRIPTIONS, CATALOGUE),
    )
)
