"""Measures what a simulated school of 600 devices sends in a day, each document in a delivery of its own.

python -m tests.feed.bytes_a_day [--schools 3]
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.feed.compact import packing
from schoolguard.feed.day import day_document
from schoolguard.feed.rules import Rules
from schoolguard.feed.signed import sign
from schoolguard.feed.standing import standing_document
from schoolguard.feed.summary import document
from tests.feed.school_day import SCHOOL, STANDING, counted, day_counted, school_day

BUDGET = 64 << 10
PERIODS = 288
FIRST = 40_001
"""The first period's sequence: half a year in."""


def measured(seed: int, rules: Rules, every: int = 1) -> tuple[list[int], tuple[int, int]]:
    """Return the bytes of one period in ``every``, and of the day and the standing document."""
    key, pack, bits = Ed25519PrivateKey.generate(), packing(), Random(seed).getrandbits
    periods = list(school_day(seed, every=every))

    def size(members: dict[str, object]) -> int:
        return len(pack.pack([sign(members, key)]))

    sizes = [size(document(counted(p, FIRST + p.number), STANDING, rules, bits)) for p in periods]
    day = size(day_document(day_counted(periods, 140), STANDING, rules, bits))
    return sizes, (day, size(standing_document(SCHOOL, STANDING)))


def main() -> None:
    """Print the bytes of whole days, with and without noise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--schools", type=int, default=3)
    for seed in range(1, parser.parse_args().schools + 1):
        for rules in (Rules(), Rules(epsilon=Fraction(4))):
            periods, (day, standing) = measured(seed, rules)
            total = sum(periods) + day + standing
            print(
                f"school {seed} {rules.members()}: {len(periods)} periods {sum(periods)} "
                f"(largest {max(periods)}), day {day}, standing {standing}: {total} "
                f"of {BUDGET} bytes ({total / BUDGET:.0%})"
            )


if __name__ == "__main__":
    main()
