"""A publisher's process for tests that kill it: ``python -m tests.hub.push.publisher FOLDER PORT``."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

from schoolguard.hub.push.judging import Judge
from schoolguard.hub.push.package import Unpacked
from schoolguard.hub.push.receipt import Verdict
from schoolguard.hub.push.spool import Spool
from schoolguard.hub.push.uploading import PushIntake, PushLimits
from schoolguard.hub.server.files import StaticFiles
from schoolguard.hub.server.limits import Listening, ServerLimits
from schoolguard.hub.server.notices import Notices
from schoolguard.hub.server.site import PublisherServer
from tests.hub.push.partner import keys


def accept(push: Unpacked) -> Verdict:
    return Verdict(notes={"metadata": len(push.metadata)})


async def serve(folder: Path, port: int) -> None:
    spool = Spool(folder / "spool")
    judge = Judge(spool, accept, time.time)
    limits = ServerLimits()
    # The test kills and starts it many times within one second: everything signed in that second is fresh.
    intake = PushIntake(
        spool, judge, keys, time.time, PushLimits(burst=10_000.0, rate=10_000.0, unfinished=50)
    )
    notices = Notices(limits, random.random)
    (folder / "served").mkdir(parents=True, exist_ok=True)
    files = StaticFiles(folder / "served", limits)
    async with PublisherServer(Listening("127.0.0.1", port), files, notices, intake, limits) as server:
        print(server.port, flush=True)
        await judge.run()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
