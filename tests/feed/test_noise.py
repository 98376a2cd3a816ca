"""The noise is what its proof needs: exact probabilities, whole numbers, no bit folded."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.feed.noise import discrete_laplace, margin, uniform

DRAWS = 20_000


@pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(7, 4), Fraction(5)])
def test_the_draws_have_the_probabilities_of_the_discrete_laplace(scale: Fraction) -> None:
    bits = Random(1).getrandbits
    seen = Counter(discrete_laplace(scale, bits) for _ in range(DRAWS))
    q = exp(-1 / scale)
    for x in range(-6, 7):
        expected = DRAWS * (1 - q) / (1 + q) * q ** abs(x)
        if expected >= 20:
            assert abs(seen[x] - expected) <= 4.5 * expected**0.5, x


def test_a_uniform_number_is_drawn_again_and_not_folded() -> None:
    drawn = iter([7, 5, 6, 4])
    assert uniform(5, lambda _: next(drawn)) == 4
    with pytest.raises(StopIteration):
        next(drawn)


@given(st.integers(1, 10**9), st.randoms(use_true_random=False))
def test_a_uniform_number_is_below_its_bound(below: int, random: Random) -> None:
    assert 0 <= uniform(below, random.getrandbits) < below


@pytest.mark.parametrize("bound", [1, 20])
def test_noise_is_over_the_margin_no_oftener_than_delta(bound: int) -> None:
    scale, delta = Fraction(7 * bound), 1e-6
    over = margin(scale, bound, delta) - (bound - 1)
    q = exp(-1 / scale)
    assert q**over / (1 + q) <= delta  # P(noise >= over)
