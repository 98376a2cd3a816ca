"""Kills a piece of work at every step that it takes on the disk, as a power cut or an operator would.

A fork of the test runs the work with an audit hook that counts what it opens to write, renames, removes
and makes, and ends itself with SIGKILL before the n-th of them; a file that is
opened to be written anew is one step more, after it was emptied. Nothing of the work is replaced.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator

_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink"})
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def killed_before(step: int, work: Callable[[], object]) -> bool:
    """Run ``work`` in a fork that dies before its ``step``-th step; returns whether it died of that.

    Raises ``AssertionError`` when the work failed by itself.
    """
    child = os.fork()
    if not child:
        _run(step, work)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    assert status == 0, f"the work failed with status {status}"
    return False


def every_step(work: Callable[[], object], before: Callable[[], object]) -> Iterator[int]:
    """Yield after each death, until the work came to its end; ``before`` prepares each run."""
    step = 1
    before()
    while killed_before(step, work):
        yield step
        step += 1
        before()


def empty(path: str) -> None:
    """Do what the opening is about to do, so that a death right after it can be tried."""
    with contextlib.suppress(FileNotFoundError):
        os.truncate(path, 0)


def _run(step: int, work: Callable[[], object]) -> None:
    steps = itertools.count(1)

    def die_if_due() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in _CHANGES:
            die_if_due()
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES:
            die_if_due()
            if arguments[2] & os.O_TRUNC:
                empty(str(arguments[0]))
                die_if_due()

    code = 1
    try:
        sys.addaudithook(hook)
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os._exit(code)
