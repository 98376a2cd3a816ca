"""The connections of the server, counted: one address, or all together, have only so many. No routes here."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from schoolguard.hub.server.asker import UNKNOWN
from schoolguard.hub.server.limits import ServerLimits


class CountedServer(web.Server):
    """aiohttp's low-level server with bounds on connections; those of ``spared`` addresses only in total."""

    def __init__(self, handler: Any, limits: ServerLimits, spared: frozenset[str], **kwargs: Any) -> None:
        super().__init__(
            handler,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=limits.idle,
            lingering_time=1.0,
            max_line_size=4_096,
            max_field_size=4_096,
            max_headers=64,
            auto_decompress=False,
            **kwargs,
        )
        self._limits = limits
        self._spared = spared
        self._open: Counter[str] = Counter()
        self._addresses: dict[RequestHandler, str] = {}

    @property
    def open(self) -> int:
        """How many connections are open."""
        return len(self._addresses)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Count a connection, and end it at once when there is no place for it."""
        super().connection_made(handler, transport)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else UNKNOWN
        full = self.open >= self._limits.connections
        crowd = self._open[address] >= self._limits.per_address and address not in self._spared
        self._addresses[handler] = address
        self._open[address] += 1
        if full or crowd:
            transport.abort()

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Give the place back."""
        super().connection_lost(handler, exc)
        address = self._addresses.pop(handler, None)
        if address is not None:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
