"""The document of one day: what was blocked most, services and names, each asked for by at least k devices.

Everything in it is coarse, because it overlaps the periods' exact numbers: no exact rest comes out when a
day is held against its periods. Passes, requests and used-up budgets stand only here; a period would tell
of single ones.
"""

from __future__ import annotations

from collections.abc import Iterable

from schoolguard.feed import coarse
from schoolguard.feed.documents import WHAT
from schoolguard.feed.head import deciding, head, told_devices
from schoolguard.feed.model import Asked, Counted, Standing
from schoolguard.feed.noise import Bits
from schoolguard.feed.rules import Disclosure, Rules

FORMAT = "schoolguard-day/1"
MOST_SERVICES = 20
MOST_NAMES = 50


def day_document(
    counted: Counted, standing: Standing, rules: Rules, bits: Bits | None = None
) -> dict[str, object]:
    """Return the members of a day's document; ``bits`` is needed when the rules ask for noise.

    Raises ``ValueError`` when they do and there are none.
    """
    disclosure = Disclosure(rules, bits)
    devices, by_tier = deciding(counted, disclosure)
    members: dict[str, object] = {
        "devices": told_devices(devices, by_tier, disclosure),
        "tiers": {tier: disclosure.devices(number) for tier, number in by_tier.items() if number},
        "services": _top(counted.services, MOST_SERVICES, disclosure),
        "names": _top(counted.names, MOST_NAMES, disclosure),
        "budgets-used-up": disclosure.devices(disclosure.deciding(counted.budgets_used_up)),
        "passes": _acts(counted.passes, rules.k),
        "unblock-requests": _acts(counted.unblock_requests, rules.k),
    }
    return {
        "format": FORMAT,
        **head(counted, standing, rules),
        **{name: value for name, value in members.items() if value},
    }


def _top(asked: Iterable[Asked], most: int, disclosure: Disclosure) -> list[dict[str, object]]:
    """Return those that the most devices asked for, the most first.

    A name of odd bytes that no document takes is left out: it must not keep a whole day back.
    """
    told = sorted(each for each in asked if WHAT.takes(each.what))
    decided = [(disclosure.deciding(each.devices), each) for each in told]
    shown = sorted((pair for pair in decided if pair[0]), key=lambda pair: -pair[0])[:most]
    return [
        {
            "what": each.what,
            "cause": each.cause,
            "devices": disclosure.devices(number),
            "queries": disclosure.at_least(each.queries),
        }
        for number, each in shown
    ]


def _acts(number: int, k: int) -> int:
    """Return what people did, passes and requests, as a multiple of k; 0 is not told."""
    return coarse.devices(number, k)
