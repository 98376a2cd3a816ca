"""Noise of whole numbers for what leaves a school: the discrete Laplace distribution, sampled exactly.

The usual sampler, a logarithm of a random float, gives itself away: which floats it can reach depends on
the number that it hides (Mironov, "On significance of the least significant bits for differential privacy",
2012). So no float is used here: only integers, fractions and random bits that are handed in. It must not
take randomness itself.

A draw at scale s (P(x) proportional to e^(-abs(x)/s)) added to a count that b queries can change by at most
b hides them with epsilon = b/s: Ghosh, Roughgarden, Sundararajan, "Universally utility-maximizing privacy
mechanisms", 2009, which is the Laplace mechanism of Dwork, McSherry, Nissim and Smith (2006) on whole
numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, log

Bits = Callable[[int], int]
"""Returns a whole number of so many random bits: ``random.SystemRandom().getrandbits``, or a test's."""


def discrete_laplace(scale: Fraction, bits: Bits) -> int:
    """Return one draw with P(x) proportional to e^(-abs(x)/scale).

    Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy" (2020), algorithm 2.
    ``scale`` is above 0; it takes a few uniform draws on average, whatever the scale.
    """
    numerator, denominator = scale.as_integer_ratio()
    while True:
        rest = uniform(numerator, bits)
        if not _bernoulli_exp(Fraction(rest, numerator), bits):
            continue
        turns = 0
        while _bernoulli_exp(Fraction(1), bits):
            turns += 1
        size = (rest + numerator * turns) // denominator
        negative = bits(1) == 1
        if negative and size == 0:
            continue  # there is one zero, not two
        return -size if negative else size


def uniform(below: int, bits: Bits) -> int:
    """Return a number from 0 to ``below`` - 1, each as likely: what is too large is drawn again, never
    folded."""
    width = (below - 1).bit_length()
    while True:
        drawn = bits(width) if width else 0
        if drawn < below:
            return drawn


def _bernoulli_exp(power: Fraction, bits: Bits) -> bool:
    """Return whether a coin of probability e^-power fell, for 0 <= power <= 1 (algorithm 1 of the same
    paper)."""
    turn = 1
    while uniform(power.denominator * turn, bits) < power.numerator:
        turn += 1
    return turn % 2 == 1


def margin(scale: Fraction, bound: int, delta: float) -> int:
    """Return what a noisy number of devices must reach above k, so that no few devices are seen to reach k.

    A cell that ``bound`` queries bring from below k to k or above holds at most k - 1 + ``bound`` devices;
    that noise lifts it over the margin has a probability of at most ``delta`` (Korolova, Kenthapadi,
    Mishra, Ntoulas, "Releasing search queries and clicks privately", 2009). Floats are safe here: nothing
    secret comes in.
    """
    return bound - 1 + ceil(float(scale) * log(1 / delta))
