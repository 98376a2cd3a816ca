"""Puts the server together: which path goes where, TLS, start and stop. It must not know what is signed.

aiohttp's low-level server, without its application and router: three routes need none, and 5,000 held
requests are cheaper without.
"""

from __future__ import annotations

from typing import Protocol

from aiohttp import web

from schoolguard.hub.server.asker import address_of
from schoolguard.hub.server.connections import CountedServer
from schoolguard.hub.server.files import StaticFiles
from schoolguard.hub.server.limits import Listening, ServerLimits
from schoolguard.hub.server.notices import Notices
from schoolguard.hub.server.tls import tls_context

NOTICES, PUSH = "/notices", "/push/"


class Uploads(Protocol):
    """What takes requests below ``/push/``; ``address`` is the asker's."""

    async def answer(self, request: web.BaseRequest, address: str) -> web.StreamResponse:
        """Answer one request."""


class PublisherServer:
    """Serves while it is entered."""

    def __init__(
        self,
        listening: Listening,
        files: StaticFiles,
        notices: Notices,
        uploads: Uploads | None = None,
        limits: ServerLimits | None = None,
    ) -> None:
        self._listening = listening
        self._files = files
        self._notices = notices
        self._uploads = uploads
        self._limits = limits or ServerLimits()
        self._runner: web.ServerRunner | None = None
        self._server: CountedServer | None = None
        self.port = listening.port

    @property
    def open(self) -> int:
        """How many connections are open."""
        return self._server.open if self._server else 0

    async def __aenter__(self) -> PublisherServer:
        """Listen; raises ``OSError`` and ``ssl.SSLError``."""
        tls = tls_context(self._listening)
        self._server = CountedServer(self._answer, self._limits, self._listening.proxies)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(
            self._runner, self._listening.host, self._listening.port, ssl_context=tls, backlog=4_096
        )
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.port = site.port
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop: held requests are cut, their gateways come back on their own."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if path.startswith(PUSH):
            if self._uploads is None:
                return web.Response(status=404)
            return await self._uploads.answer(request, address_of(request, self._listening.proxies))
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        if path == NOTICES and request.method == "GET":
            return await self._notices.answer(request)
        return await self._files.answer(request, path.removeprefix("/"))
