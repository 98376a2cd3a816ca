"""Killed at any moment: what was told to be stored is there, what was not is there once or not at all."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

from schoolguard.store.bounds import Bounds
from schoolguard.store.model import Cell
from schoolguard.store.store import Store
from tests.store import killed
from tests.store.counted import KINDS, open_of, rows_of

ROUNDS = 25
SEED = 7


def use_and_kill(path: Path, rounds: int, seed: int) -> int:
    """Kill a process that uses a store so many times; check what is left, return how many deltas it holds."""
    command = [sys.executable, "-m", "tests.store.killed", str(path), str(rounds), str(seed)]
    subprocess.run(command, check=True, timeout=600)
    return asyncio.run(_check(path))


async def _check(path: Path) -> int:
    last, documents, restored = killed.told(path)
    assert not restored, "a kill damages nothing"
    store = await Store.open(path, Bounds(), 0)
    stored = [number for number in range(last + 2) if store.has("w", number)]
    assert set(range(1, last + 1)) <= set(stored), "what was told to be stored"
    right: Counter[Cell] = Counter()
    for number in stored:
        right.update(killed.delta(number).queries)
    for kind in KINDS:
        found: Counter[Cell] = Counter()
        for (_, cell), queries in (await rows_of(store, kind)).items():
            found[cell] += queries
        assert found == right
    for each in await store.outbox(10_000):
        text = each.document.decode()
        assert documents.setdefault(each.sequence, text) == text
    sequence = (await store.schools())[killed.SCHOOL].sequence
    assert sorted(documents) == list(range(1, sequence + 1)), "no sequence is missing"
    summed: Counter[Cell] = Counter()
    lost = 0
    for text in documents.values():
        (_, _, its_lost, missing), _, cells = ast.literal_eval(text)
        assert missing == 0
        lost += its_lost
        for *told, queries in cells:
            summed[Cell(*told)] += queries
    counts, missing, open_lost = (await open_of(store))[killed.SCHOOL]
    summed.update(counts)
    assert missing == 0
    assert summed == right, "each query is in one period"
    assert lost + open_lost == sum(number % 2 for number in stored)
    await store.close()
    return len(stored)


def test_killed_in_any_transaction(folder: Path) -> None:
    assert use_and_kill(folder / "store.db", ROUNDS, SEED) > ROUNDS
