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
_FILE = Text(most=400)
_SHARE = OrWord(Percent(100_000), "off")

LISTEN = Key("listen", EndpointType(any_address=True), "Where it answers, TCP.", Endpoint("127.0.0.1", 8_480))
CERTIFICATE = Key(
    "certificate",
    _FILE,
    "File with its TLS certificate and the chain, PEM.",
    otherwise="none: a reverse proxy has it",
)
CERTIFICATE_KEY = Key(
    "certificate-key", _FILE, "File with the certificate's private key, PEM.", otherwise="none"
)
PROXIES: Key[tuple[At[IPv4Address | IPv6Address], ...]] = Key(
    "proxies",
    ListOf(AddressType(), most=20),
    "Reverse proxies whose X-Forwarded-For is believed.",
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
    "File with well-known names, one a line, most popular first.",
    otherwise="none: well-known names are not looked after",
)
GATEWAYS = Key(
    "gateways",
    _FILE,
    "File with one line for each gateway: its id, a space, its public key in hexadecimal; read anew when it "
    "changes.",
    otherwise="none: no receipt is taken",
)
PUSH_SIZE = Key("push-size", Size(1 << 16, 4 << 30), "A larger push is refused.", 256 << 20)

AGREEMENTS = Key("agreements", Integer(1, 5), "So many different approvers must agree where people must.", 1)

FEW = Key("few", Integer(0, 1_000_000), "So many changes are never judged by fractions.", _LIMITS.few)
HELD_GROWTH = Key("held-growth", _SHARE, "A list that grows more is held.", _LIMITS.held_growth)
MAX_GROWTH = Key("max-growth", _SHARE, "A list that grows more is refused.", _LIMITS.max_growth)
HELD_SHRINK = Key("held-shrink", _SHARE, "A list that shrinks more is held.", _LIMITS.held_shrink)
MAX_SHRINK = Key("max-shrink", _SHARE, "A list that shrinks more is refused.", _LIMITS.max_shrink)
HELD_CHURN = Key("held-churn", _SHARE, "A list of which more comes and goes is held.", _LIMITS.held_churn)
MAX_CHURN = Key("max-churn", _SHARE, "A list of which more comes and goes is refused.", _LIMITS.max_churn)
MAX_ENTRIES = Key(
    "max-entries", Integer(1, 50_000_000), "A list with more entries is refused.", _LIMITS.max_entries
)
MAX_POPULAR = Key(
    "max-popular", Integer(0, 10_000), "More well-known names at once are held.", _LIMITS.max_popular
)
FRACTIONS = (HELD_GROWTH, MAX_GROWTH, HELD_SHRINK, MAX_SHRINK, HELD_CHURN, MAX_CHURN)
NUMBERS = (FEW, MAX_ENTRIES, MAX_POPULAR)
LIMITS: Key[Fields] = Key(
    "limits",
    Section((*NUMBERS, *FRACTIONS)),
    "How much one push may do to a list.",
    otherwise="as the keys below say",
)

BASE_EVERY = Key(
    "base-every", Time(3_600, 366 * 86_400), "After so long a new base is made.", _LAYERS.base_every
)
DELTAS = Key(
    "deltas", Integer(1, 100), "After so many deltas a new base is made, whatever its age.", _LAYERS.deltas
)
KEPT = Key("kept", Integer(1, 200), "So many deltas stay published.", _LAYERS.kept)
LAYERS: Key[Fields] = Key(
    "layers",
    Section((BASE_EVERY, DELTAS, KEPT)),
    "How the compiled lists are published.",
    otherwise="as the keys below say",
)

HUB = Section(
    (
        *(LISTEN, CERTIFICATE, CERTIFICATE_KEY, PROXIES),
        *(SAFETY_NET, POPULAR, GATEWAYS, PUSH_SIZE, AGREEMENTS, APPROVERS, LIMITS, LAYERS, ROLLOUT, FEED),
        *(SUBSCRIPTIONS, CATALOGUE),
    )
)
