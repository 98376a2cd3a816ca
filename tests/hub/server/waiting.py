"""Waiting for what a running server will do, with an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(holds: Callable[[], bool]) -> None:
    """Return when the condition holds; raises ``TimeoutError`` after 10 s."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the server has no event for what a test wants to know
            await asyncio.sleep(0.005)
