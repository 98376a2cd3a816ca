"""A receiver in a process of its own, that kills itself after so many commits, before it answers: ``-m`` it.

Arguments: the publisher's folder, a port, after how many commits it dies (0: never).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from aiohttp import web

from schoolguard.hub.feed import service as feed
from schoolguard.hub.feed.settings import FeedSettings
from schoolguard.hub.feed.storing import Storing


async def main(folder: Path, port: int, commits: int) -> None:
    done = 0
    store = Storing.store

    def mortal(self: Storing, *arguments: object) -> object:
        nonlocal done
        judged = store(self, *arguments)  # type: ignore[arg-type]
        done += 1
        if done == commits:
            os.kill(os.getpid(), signal.SIGKILL)
        return judged

    Storing.store = mortal  # type: ignore[assignment,method-assign]
    async with feed.feed_service(folder, FeedSettings(), time.time) as service:

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            return await service.answer(request, request.remote or "?")

        runner = web.ServerRunner(web.Server(answer, auto_decompress=False))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print("ready", flush=True)
        await service.run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
