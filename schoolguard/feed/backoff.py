"""How long to wait after a failure: longer each time, never all schools at once. Numbers in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits from ``first`` to ``longest`` seconds.

    The bound doubles with each failure and the wait is drawn below it ("full jitter"): schools whose line
    came back at the same moment then spread over the whole of it. A quarter of ``first`` is the least, so
    that no draw makes a busy loop.
    """

    first: float = 5.0
    longest: float = 900.0

    def pause(self, failures: int, drawn: float, asked: float = 0.0) -> float:
        """Return the seconds to wait after so many failures in a row, from 1.

        ``drawn`` is a random number from 0 to 1. ``asked`` is what the other side asked for
        (``Retry-After``); it is kept, up to ``longest``, and the draw comes on top.
        """
        bound = min(self.first * 2.0 ** min(failures - 1, _MOST_DOUBLINGS), self.longest)
        wait = max(self.first / 4, bound * drawn)
        return wait + min(max(asked, 0.0), self.longest)
