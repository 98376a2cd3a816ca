"""Kill -9 at a chosen step: work runs in a fork that kills itself at its n-th call into Python or C."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from types import FrameType

Work = Callable[[], object]


def steps_of(work: Work) -> int:
    """Return how many calls ``work`` makes; it runs here, once."""
    count = 0

    def profile(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def kill_at(step: int, work: Work) -> bool:
    """Run ``work`` in a fork until the call numbered ``step``; return whether it was killed there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        left = step

        def profile(_: FrameType, event: str, __: object) -> None:
            nonlocal left
            left -= event in ("call", "c_call")
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(profile)
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def some_steps(steps: int, most: int) -> Iterator[int]:
    """Yield up to ``most`` steps from the first to the last, evenly."""
    yield from sorted({round(at * (steps - 1) / (most - 1)) for at in range(most)})
