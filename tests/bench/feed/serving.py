"""The receiver alone, in a process on one core; arguments: FOLDER PORT [CERTIFICATE KEY]."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
import time
from pathlib import Path

from aiohttp import web

from schoolguard.hub.feed.receiving import FeedLimits
from schoolguard.hub.feed.service import feed_service
from schoolguard.hub.feed.settings import FeedSettings
from schoolguard.hub.server.tls import use_small_buffers

ALL_FROM_ONE = FeedLimits(burst=1e9, rate=1e9)
"""The load comes from one address; its rate is not what is measured."""


async def main(folder: Path, port: int, certificate: list[str]) -> None:
    """Serve until killed."""
    os.sched_setaffinity(0, {0})
    use_small_buffers()
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
    async with feed_service(folder, FeedSettings(), time.time, ALL_FROM_ONE) as service:

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            return await service.answer(request, "192.0.2.1")

        runner = web.ServerRunner(web.Server(answer, auto_decompress=False), keepalive_timeout=20.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context, backlog=1_024).start()
        print("ready", flush=True)
        await service.run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
