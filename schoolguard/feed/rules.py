"""How numbers are let out of a school: at least k devices, coarse where they overlap, with noise if it is
asked for.

It must not know which numbers there are. What the noise promises: a document with any ``bound`` queries and
the one without them are told apart no better than (epsilon, delta)-differential privacy allows. One query
changes at most ``TOUCHED`` numbers of a document by 1 each, so that each gets noise of scale TOUCHED *
bound / epsilon. A query is in one period and in one day, so it is in two documents: together they promise
twice epsilon.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from schoolguard.feed import coarse
from schoolguard.feed.noise import Bits, discrete_laplace, margin

TOUCHED = 7
"""Numbers that one query changes. In a period: queries and devices of its cell, devices of its tier and the
school, queries and devices of a bypass or shadow, a bucket of latency. In a day: devices of tier, school
and used-up budgets, queries and devices of a service and of a name."""

DELTA = 1e-6
"""The delta of a document: how likely it is at most that a cell is told because of those queries alone."""

_CROSSING = 4
"""Numbers of devices that one query can bring to k: its cell's, tier's, school's, and one that overlaps."""


@dataclass(frozen=True, slots=True)
class Rules:
    """``k`` devices at least (2 to 100); ``epsilon`` (thousandths, 0.001 to 100) and ``bound`` queries (1
    to 1,000) of the noise, which there is not when ``epsilon`` is ``None``.

    Raises ``ValueError`` for others.
    """

    k: int = 5
    epsilon: Fraction | None = None
    bound: int = 1

    def __post_init__(self) -> None:
        """Refuse what the documents cannot state."""
        if not 2 <= self.k <= 100:
            raise ValueError(f"k is {self.k}, not 2 to 100")
        if not 1 <= self.bound <= 1_000:
            raise ValueError(f"bound is {self.bound}, not 1 to 1000")
        if self.epsilon is not None:
            thousandths = self.epsilon * 1_000
            if thousandths.denominator != 1 or not 1 <= thousandths <= 100_000:
                raise ValueError(f"epsilon is {self.epsilon}, not whole thousandths from 0.001 to 100")

    @property
    def scale(self) -> Fraction | None:
        """The noise's scale for each number, ``None`` without noise."""
        return None if self.epsilon is None else Fraction(TOUCHED * self.bound) / self.epsilon

    def members(self) -> dict[str, object]:
        """Return what a document states of them."""
        if self.epsilon is None:
            return {"k": self.k}
        noise = {"epsilon-thousandths": int(self.epsilon * 1_000), "bound": self.bound}
        return {"k": self.k, "noise": noise}


class Disclosure:
    """Lets the numbers of one document out; ``bits`` is where noise comes from, needed when the rules ask
    for it."""

    def __init__(self, rules: Rules, bits: Bits | None) -> None:
        self.k, self._bound = rules.k, rules.bound
        self._scale, self._margin = rules.scale, 0
        if self._scale is not None:
            if bits is None:
                raise ValueError("noise needs random bits")
            self._bits = bits
            self._margin = margin(self._scale, rules.bound, DELTA / (_CROSSING * rules.bound))

    def deciding(self, devices: int) -> int:
        """Return a number of devices to decide with, 0 when it is below ``k``.

        With noise it is lowered by a margin too, so that what is told does not depend on single devices.
        """
        if devices < self.k:
            return 0
        decided = devices + self._noise() - self._margin
        return decided if decided >= self.k else 0

    def devices(self, decided: int) -> int | None:
        """Return a number of devices to be told, a multiple of ``k``; ``None`` when it is below."""
        return coarse.devices(decided + self._margin, self.k) if decided else None

    def exact(self, number: int) -> int:
        """Return a number of queries, exact but for the noise."""
        return number + self._noise()

    def most_of_small(self, queries: int, devices: int) -> int:
        """Return how many queries of a small cell go with a part of so many queries and devices.

        No more than one device of the part asked on average; with noise as many as the noise hides, as a
        mean would pass on each query once more.
        """
        return queries // devices if self._scale is None else self._bound

    def at_least(self, number: int) -> int:
        """Return a number of queries in steps, rounded down."""
        return coarse.at_least(number + self._noise())

    def shares(self, counts: tuple[int, ...]) -> list[int]:
        """Return how many percent of all lie in each bucket or below; empty when there are too few."""
        return coarse.shares([max(0, count + self._noise()) for count in counts], self.k)

    def _noise(self) -> int:
        return 0 if self._scale is None else discrete_laplace(self._scale, self._bits)
