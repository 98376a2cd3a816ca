"""The signed documents of one school: what is counted in, bytes of the outbox out. No clock, no store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.feed.day import MOST_NAMES, MOST_SERVICES, day_document
from schoolguard.feed.model import Counted, Span, Standing
from schoolguard.feed.noise import Bits
from schoolguard.feed.rules import Rules
from schoolguard.feed.signed import sign
from schoolguard.feed.standing import standing_document
from schoolguard.feed.summary import document
from schoolguard.node.devices_seen import DevicesSeen, Seen
from schoolguard.node.periods import Acts, counted
from schoolguard.store.kept import OpenPeriod

_TOP = 4 * (MOST_NAMES + MOST_SERVICES)
"""Names and services handed on at most; the document takes fewer."""


def period_bytes(
    opened: OpenPeriod[Span], seen: Seen, standing: Standing, rules: Rules, key: Ed25519PrivateKey, bits: Bits
) -> bytes:
    """Return a school's document of a period."""
    span = replace(opened.span, missing=opened.lost + opened.missing)
    numbers = counted(opened.school, span, opened.counts, seen, opened.latency)
    return sign(document(numbers, standing, rules, bits), key)


def day_bytes(
    school: str,
    span: Span,
    devices: DevicesSeen,
    acts: Acts,
    service_of: Callable[[str], str | None],
    standing: Standing,
    rules: Rules,
    key: Ed25519PrivateKey,
    bits: Bits,
) -> bytes:
    """Return a school's document of a day."""
    seen = devices.day(school)
    numbers = Counted(
        school,
        span,
        {},
        seen.count(lambda _, __: True),
        by_tier(seen),
        passes=acts.passes.get(school, 0),
        budgets_used_up=acts.budgets_used_up.get(school, 0),
        services=devices.services(school, rules.k, service_of)[:_TOP],
        names=devices.names(school, rules.k)[:_TOP],
    )
    return sign(day_document(numbers, standing, rules, bits), key)


def standing_bytes(school: str, standing: Standing, key: Ed25519PrivateKey) -> bytes:
    """Return a school's document of what changes seldom."""
    return sign(standing_document(school, standing), key)


def by_tier(seen: Seen) -> Mapping[str, int]:
    """Return the distinct devices of each tier."""
    return {tier: seen.count(lambda at, _, of=tier: at == of) for tier in sorted({t for t, _ in seen.crowd})}  # type: ignore[misc]
