"""A process that uses a store until it is killed, again and again.

It notes beside the file what it was told: numbers that were stored, documents that it saw and acknowledged.
Each round is a process of its own that an alarm kills at some moment, as SIGKILL would: nothing is cleaned
up. Run as ``python -m tests.store.killed PATH ROUNDS SEED``.
"""

from __future__ import annotations

import ast
import asyncio
import os
import random
import signal
import sys
from pathlib import Path

from schoolguard.store.bounds import Bounds
from schoolguard.store.model import Delta
from schoolguard.store.store import Store
from tests.store.counted import MINUTE, Span, cell, words

SCHOOL = "thcs-a"


def delta(number: int) -> Delta:
    """Return the delta of a number, always the same."""
    queries = {cell(number % 5): number, cell(5 + number % 3): 1}
    return Delta("w", number, MINUTE + number // 3, queries, (number,), number % 2)


def notes_of(path: Path) -> Path:
    """Return where it notes what it was told."""
    return path.with_name("told")


def told(path: Path) -> tuple[int, dict[int, str], bool]:
    """Return the last number that was stored, the documents by sequence, whether anything was restored."""
    documents: dict[int, str] = {}
    last, restored = 0, False
    for line in notes_of(path).read_text(encoding="utf-8").splitlines():
        match ast.literal_eval(line):
            case ("stored", int(number)):
                last = max(last, number)
            case ("seen", int(sequence), str(text)):
                assert documents.setdefault(sequence, text) == text, "a sequence is given once"
            case ("restored",):
                restored = True
    return last, documents, restored


async def _use(path: Path, drawn: random.Random) -> None:
    notes = notes_of(path)
    notes.touch()
    number, _, _ = told(path)
    file = os.open(notes, os.O_WRONLY | os.O_APPEND)

    def note(*what: object) -> None:
        os.write(file, f"{what!r}\n".encode())

    store = await Store.open(path, Bounds(), 0)
    if store.restored:
        note("restored")
    while True:
        number += drawn.randrange(2)  # what was told already is told again
        await store.add([delta(number)], 0)
        note("stored", number)
        if drawn.random() < 0.3:
            await store.close_period(SCHOOL, Span, words)
        if drawn.random() < 0.2:
            await store.retain(MINUTE * 60)
        if drawn.random() < 0.3:
            for each in await store.outbox(2):
                note("seen", each.sequence, each.document.decode())
                await store.acknowledged(SCHOOL, each.sequence, 0)


def main(path: Path, rounds: int, seed: int) -> None:
    """Use it and die, so many times."""
    drawn = random.Random(seed)
    for _ in range(rounds):
        delay, inner = drawn.uniform(0.001, 0.12), drawn.randrange(1 << 30)
        if (child := os.fork()) == 0:
            signal.setitimer(signal.ITIMER_REAL, delay)
            asyncio.run(_use(path, random.Random(inner)))
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit("it ended by itself")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
