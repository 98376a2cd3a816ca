"""Numbers made coarse: what overlaps the exact counts, so that no exact rest comes out when one is taken off.

It must not decide what is told, only how finely.
"""

from __future__ import annotations

from collections.abc import Sequence

STEPS = (1, 2, 5)
"""Numbers of queries go in steps of 1, 2, 5, 10, 20, 50 ...: the next is at least twice the last."""

SHARES = (1, 2, 5, 10, 20, 50)
"""Steps of a share, in percent."""


def at_least(number: int) -> int:
    """Return the largest step that is not above ``number``; 0 for what is below 1."""
    if number < 1:
        return 0
    tens = int(10 ** (len(str(number)) - 1))
    return max(step * tens for step in STEPS if step * tens <= number)


def at_most(number: int) -> int:
    """Return the smallest step that is not below ``number``, so that a loss is never told too small."""
    if number < 1:
        return 0
    tens = int(10 ** (len(str(number)) - 1))
    return min(step * tens for step in (*STEPS, 10) if step * tens >= number)


def devices(number: int, k: int) -> int:
    """Return a number of devices, at least ``k``, as a multiple of ``k``."""
    return number // k * k


def shares(counts: Sequence[int], k: int) -> list[int]:
    """Return of each bucket how many percent of all lie in it or below, rounded down.

    In whole percents where one is at least ``k`` of all; else in coarser steps; empty when half of them are
    fewer. The last bucket is left out: all lie in it or below.
    """
    total = sum(counts)
    step = next((share for share in SHARES if share * total >= 100 * k), None)
    if step is None:
        return []
    running, found = 0, []
    for count in counts[:-1]:
        running += count
        found.append(100 * running // total // step * step)
    return found
