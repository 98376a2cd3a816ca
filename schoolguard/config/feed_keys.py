"""The keys of ``feed`` in ``schoolguard.yaml`` and their values: loader, schema and reference are made of it.

The feed needs no switch to begin: nothing leaves before a person enrols the school with a one-time code. It
has one to end it (``to: off``), which holds whatever was enrolled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from ipaddress import ip_address
from urllib.parse import urlsplit

from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.nodes import Node
from schoolguard.config.numbers import Integer, Time
from schoolguard.config.plain import scalar_of
from schoolguard.config.publisher_keys import RepositoryType
from schoolguard.config.scalars import OrWord
from schoolguard.config.types import Fields, Key, Schema, Section, Type
from schoolguard.feed.rules import Rules
from schoolguard.feed.settings import FeedSettings
from schoolguard.intake.model import Publisher
from schoolguard.language import N_

OFF = "off"
_DEFAULTS = FeedSettings()
_EPSILON = re.compile(r"(0|[1-9][0-9]{0,2})(?:\.([0-9]{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Epsilon(Type[Fraction]):
    """A number from 0.001 to 100, in whole thousandths, so that a document can state it exactly."""

    @property
    def label(self) -> str:
        """The range."""
        return "number 0.001–100"

    def read(self, node: Node, out: Collector) -> Fraction:
        """Return the number."""
        text = scalar_of(node).text
        match = _EPSILON.fullmatch(text)
        value = Fraction(text) if match else Fraction(0)
        if not Fraction(1, 1_000) <= value <= 100:
            msgid = N_("a number from 0.001 to 100 belongs here, with at most three decimals")
            raise Wrong(msgid, found=text, accepted="0.1, 1, 2.5")
        return value

    def schema(self) -> Schema:
        """Return a number's schema."""
        return {"type": "number", "minimum": 0.001, "maximum": 100, "multipleOf": 0.001}

    def show(self, value: Fraction) -> str:
        """Return it as a decimal."""
        return f"{float(value):g}"


TO = Key(
    "to",
    OrWord(RepositoryType(), OFF),
    "Where the receiver of summaries answers; off sends nothing, whatever was enrolled.",
    otherwise="the publisher's `url`; without one, nothing is sent",
)
PERIOD = Key(
    "period", Time(60, 3_600, whole=True), "How long a period is that is summed up.", float(_DEFAULTS.period)
)
K = Key(
    "k",
    Integer(2, 100),
    "No number that leaves is of fewer devices: smaller ones are merged, or left out.",
    _DEFAULTS.rules.k,
)
SPREAD = Key(
    "spread",
    Time(0, 3_600),
    "A period is delivered up to so much after its end, at random, so that not all schools come at once.",
    _DEFAULTS.spread,
)
EVERY = Key(
    "every",
    Time(0, 86_400),
    "Deliver at most once in so long, for a line that is paid by the byte: a connection costs more than what"
    " it brings.",
    _DEFAULTS.every,
)
EPSILON = Key(
    "epsilon",
    OrWord(Epsilon(), OFF),
    "Noise is added to every number, the more the smaller this is (discrete Laplace); off adds none.",
    OFF,
)
BOUND = Key("bound", Integer(1, 1_000), "So many queries are hidden by the noise.", _DEFAULTS.rules.bound)
NOISE: Key[Fields] = Key(
    "noise",
    Section((EPSILON, BOUND)),
    "Noise in what leaves, on top of `k`.",
    otherwise="none is added",
)
FEED: Key[Fields] = Key(
    "feed",
    Section((TO, PERIOD, K, NOISE, SPREAD, EVERY)),
    "Summaries of counts for the province, which are sent once the school is enrolled with a code.",
    otherwise="the defaults below",
)


def feed_of(fields: Fields, publisher: Publisher | None, out: Collector) -> FeedSettings:
    """Return the settings of ``feed``; what is wrong is recorded."""
    given = fields.section(FEED)
    to = given.given(TO)
    address = to.value if to else None if publisher is None else publisher.url
    if to and address and address != OFF and not _is_hidden(address):
        msgid = N_("by http whoever is on the line can read the summaries; they are signed, but not hidden")
        out.warning(to.mark, Wrong(msgid, found=address, suggestion=f"https{address[4:]}"))
    noise = given.section(NOISE)
    epsilon = noise.value(EPSILON)
    if noise.given(BOUND) and epsilon == OFF:
        msgid = N_("`bound` says what noise hides, and there is none; give `epsilon` too")
        out.error(noise.mark_of(BOUND), Wrong(msgid))
    period = int(given.value(PERIOD))
    spread = given.value(SPREAD)
    if spread >= period and given.given(SPREAD):
        msgid = N_("`spread` is as long as a period, or longer: a delivery would wait for the next one")
        out.warning(given.mark_of(SPREAD), Wrong(msgid))
    return FeedSettings(
        None if address == OFF else address,
        period,
        Rules(given.value(K), epsilon if isinstance(epsilon, Fraction) else None, noise.value(BOUND)),
        min(spread, 0.8 * period),
        given.value(EVERY),
    )


def _is_hidden(url: str) -> bool:
    """Return whether nobody on a line can read along."""
    parts = urlsplit(url)
    try:
        return parts.scheme == "https" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
