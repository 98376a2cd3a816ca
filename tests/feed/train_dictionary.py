"""Writes the dictionary that both sides of the wire share, from simulated schools: run it for a new form
only.

    python -m tests.feed.train_dictionary schoolguard/feed/dictionary-1.zdict

The schools are of other kinds and sizes than the one that the size is measured with.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import zstandard

from schoolguard.feed.compact import strip
from schoolguard.feed.day import day_document
from schoolguard.feed.model import Counted
from schoolguard.feed.rules import Rules
from schoolguard.feed.standing import standing_document
from schoolguard.feed.summary import document
from schoolguard.intake.orders.canonical import canonical
from tests.feed.school_day import STANDING, counted, day_counted, school_day

BYTES = 32 << 10
SCHOOLS: Mapping[str, Mapping[str, int]] = {
    "tieu-hoc-so-3": {"tieu-hoc": 120, "staff": 30},
    "mam-non-hoa-sen": {"mam-non": 30, "staff": 15, "guest": 10},
    "thcs-nguyen-du": {"thcs": 250, "staff": 40},
    "thpt-le-loi": {"thpt": 700, "staff": 80, "guest": 40},
    "ptdtbt-th-thcs-ban-lu": {"tieu-hoc": 60, "thcs": 150, "staff": 25},
    "gdtx-huyen-2": {"thpt": 150, "staff": 20, "guest": 15},
    "ptdtnt-thpt-tinh": {"thpt": 450, "staff": 60, "guest": 20},
}
EVERY = 2
"""Of a day's periods, one in so many is learnt from."""


def samples() -> Iterator[bytes]:
    """Yield stripped documents of every school, on days of a whole year."""
    random = Random(0)
    for at, (school, sizes) in enumerate(SCHOOLS.items()):
        shift = at * 47 * 86_400
        standing = replace(
            STANDING, started=STANDING.started - shift, policy=f"{random.getrandbits(256):064x}"
        )
        periods = list(school_day(1_000 + at, sizes=sizes))
        for period in periods[at % EVERY :: EVERY]:
            count = _moved(counted(period, random.randrange(1, 100_000)), school, shift)
            noisy = Rules(epsilon=Fraction(4)) if random.random() < 0.1 else Rules()
            yield strip([canonical(document(count, standing, noisy, random.getrandbits))])
        day = _moved(day_counted(periods, random.randrange(1, 400)), school, shift)
        yield strip([canonical(day_document(day, standing, Rules()))])
        yield strip([canonical(standing_document(school, standing))])


def _moved(counted: Counted, school: str, seconds: int) -> Counted:
    span = replace(counted.span, begin=counted.span.begin - seconds, end=counted.span.end - seconds)
    return replace(counted, school=school, span=span)


def main() -> None:
    """Write the dictionary to the path that was given."""
    trained = zstandard.train_dictionary(BYTES, list(samples()), level=19)
    Path(sys.argv[1]).write_bytes(trained.as_bytes())


if __name__ == "__main__":
    main()
