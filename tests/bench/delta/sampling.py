"""Asks a gateway for names until each is answered as it should be; counts what its line carried."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.orders.network import Place
from tests.bench.orders.questions import Client
from tests.bench.processes import Failed

_EVERY = 0.05


class Samples:
    """Names at one gateway: which is blocked now, as last answered."""

    def __init__(self, place: Place) -> None:
        self._client = Client(place, self._heard)
        self._names: list[str] = []
        self._blocked: dict[int, bool] = {}

    def close(self) -> None:
        """Ask no more."""
        self._client.close()

    async def until(self, wanted: Mapping[str, bool], within: float) -> float:
        """Ask until every name is blocked or not as ``wanted``; return when that was, in Unix seconds.

        Raises ``Failed`` when the time is up.
        """
        self._names, self._blocked = list(wanted), {}
        end = time.monotonic() + within
        while wrong := [
            number for number, name in enumerate(self._names) if not self._is(number, wanted[name])
        ]:
            if time.monotonic() > end:
                examples = ", ".join(self._names[number] for number in wrong[:3])
                raise Failed(f"{len(wrong)} names are not answered as they should be, such as {examples}")
            for number in wrong:
                self._client.ask(number, self._names[number])
            await asyncio.sleep(_EVERY)
        return time.time()

    def _is(self, number: int, blocked: bool) -> bool:
        return self._blocked.get(number) is blocked

    def _heard(self, number: int, blocked: bool) -> None:
        self._blocked[number] = blocked


def carried(place: Place) -> int:
    """Return the bytes that went in and out of a place, with all headers of IP (proc(5), net/dev)."""
    with place.inside():
        lines = Path("/proc/thread-self/net/dev").read_text().splitlines()[2:]
    fields = [line.partition(":")[2].split() for line in lines if not line.strip().startswith("lo:")]
    return sum(int(each[0]) + int(each[8]) for each in fields)
