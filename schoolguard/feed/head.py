"""What a period's and a day's documents begin with: whose, when, by which rules, and how many devices.

It must not hold a number of devices that is not a multiple of k.
"""

from __future__ import annotations

from collections.abc import Mapping

from schoolguard.feed import coarse
from schoolguard.feed.model import Counted, Number, Standing
from schoolguard.feed.rules import Disclosure, Rules
from schoolguard.feed.standing import reference
from schoolguard.intake.orders.canonical import rfc3339


def head(counted: Counted, standing: Standing, rules: Rules) -> dict[str, object]:
    """Return whose numbers these are, when they were counted and by which rules they are told."""
    span = counted.span
    return {
        "school": counted.school,
        "sequence": span.sequence,
        "begin": rfc3339(span.begin),
        "end": rfc3339(span.end),
        "seconds": span.seconds,
        "clock-believed": span.believed,
        "missing": coarse.at_most(span.missing),
        "standing": reference(counted.school, standing),
        **rules.members(),
    }


def overlapping(numbers: Mapping[str, Number], disclosure: Disclosure) -> dict[str, int]:
    """Return queries that overlap the exact ones, coarse, of those that at least k devices asked for."""
    decided = {word: disclosure.deciding(number.devices) for word, number in sorted(numbers.items())}
    return {word: disclosure.at_least(numbers[word].queries) for word, devices in decided.items() if devices}


def deciding(counted: Counted, disclosure: Disclosure) -> tuple[int, dict[str, int]]:
    """Return the numbers of the school's and each tier's devices to decide with."""
    by_tier = {tier: disclosure.deciding(number) for tier, number in sorted(counted.by_tier.items())}
    return disclosure.deciding(counted.devices), by_tier


def told_devices(devices: int, by_tier: Mapping[str, int], disclosure: Disclosure) -> int | None:
    """Return the school's devices to be told, of numbers decided with; ``None`` when they are too few.

    No more than its tiers' told ones together: the rest would tell of a tier that is not told.
    """
    whole = disclosure.devices(devices)
    shown = sum(disclosure.devices(number) or 0 for number in by_tier.values())
    return whole if whole is None or not shown else min(whole, shown)
