"""Retention in its order: roll, delete what is old, keep the size. Many small transactions, each whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import aiosqlite

from schoolguard.store import deleting
from schoolguard.store.bounds import LOG, Bounds
from schoolguard.store.kept import NUMBERS, Removed, begin_of
from schoolguard.store.losses import CROWDED, LATE, raised
from schoolguard.store.rolling import roll
from schoolguard.store.state import CLOCK, LIVED, advanced, put_state, state_of

_Transaction = Callable[[], AbstractAsyncContextManager[aiosqlite.Connection]]

_ROW = 24
"""Bytes of a minute row in the file, with what its page leaves free; 20 to 26 were measured."""


async def retain(
    file: aiosqlite.Connection, transaction: _Transaction, bounds: Bounds, now: float | None, workers: int
) -> tuple[Removed, list[str]]:
    """Do all of retention; return what was removed, and the workers that are forgotten.

    ``now`` is ``None`` while the clock is not believed.
    """
    async with transaction():
        rolled = await roll(file)
        gone = await deleting.delete_old_numbers(file, workers)
    minutes = hours = days = 0
    documents: list[tuple[str, int]] = []
    if now is not None:
        async with transaction():
            state = await state_of(file)
            times = advanced(state, int(now))
            documents = await deleting.delete_documents(file, times[LIVED] - bounds.outbox)
            await put_state(file, times | raised(state, {LATE: len(documents)}))
        minutes = await _delete_old(transaction, 0, begin_of("day", times[CLOCK] - bounds.minutes))
        hours = await _delete_old(transaction, 1, begin_of("day", times[CLOCK] - bounds.hours))
        days = await _delete_old(transaction, 2, begin_of("day", times[CLOCK] - bounds.days))
    for_size, size, over = await _keep_size(file, transaction, bounds.size - LOG)
    if days or for_size:
        async with transaction():
            await deleting.delete_unused_cells(file)
    return Removed(rolled, minutes, hours, days, tuple(documents), for_size, size, over), gone


async def _delete_old(transaction: _Transaction, kind: int, before: int) -> int:
    deleted = 0
    while True:
        async with transaction() as file:
            number = await deleting.delete_old(file, kind, before)
        deleted += number
        if number < deleting.CHUNK:
            return deleted


async def _keep_size(
    file: aiosqlite.Connection, transaction: _Transaction, most: int
) -> tuple[int, int, int]:
    """Delete the oldest minutes, then hours, then days until the file is small enough; nothing else ever.

    Return the rows deleted, the bytes in use, and those over the bound.
    """
    deleted = 0
    used, size = await deleting.size_of(file)
    for kind in NUMBERS.values():
        number = 1
        while used > most and number:
            wanted = min(max((used - most) // _ROW, 100), deleting.CHUNK)
            async with transaction():
                number = await deleting.delete_oldest(file, kind, wanted)
                await put_state(file, raised(await state_of(file), {CROWDED: number}))
            used, size = await deleting.size_of(file)
            deleted += number
    if size > most and size > used:
        await deleting.shrink(file, size - max(used, most))
    return deleted, used, max(used - most, 0)
