"""kill -9 of the receiver between what it stored and its answer: sent again, stored once."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from schoolguard.feed.enrolled import EnrolledFile
from schoolguard.feed.sending import Sender, Waits
from schoolguard.feed.sent import SentLog
from schoolguard.feed.web import Bounds, NotSent, session
from schoolguard.hub.feed.service import DATABASE
from schoolguard.hub.feed.tables import connect
from tests.feed.test_sending import Memory
from tests.hub.feed.school import PACKING, SCHOOL, key, receiver, summary
from tests.servers import free_port

GATEWAY = key(1)
KILLS = (1, 3)


@contextmanager
def running(folder: Path, port: int, commits: int) -> Iterator[None]:
    words = [sys.executable, "-m", "tests.hub.feed.mortal", str(folder), str(port), str(commits)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            process.kill()


async def enrolled(folder: Path) -> Path:
    state = folder / "state"
    state.mkdir()
    async with receiver(folder) as made:
        await made.enrol(state, GATEWAY)
    return state


def test_killed_between_store_and_answer_nothing_is_lost_or_twice(tmp_path: Path) -> None:
    state, port = asyncio.run(enrolled(tmp_path)), free_port()
    outbox = Memory(summary(SCHOOL, n, GATEWAY) for n in range(1, 31))
    waits = Waits(batch=3, bounds=Bounds(5.0))
    base, draw = f"http://127.0.0.1:{port}", random.Random(1).random
    sender = Sender(outbox, EnrolledFile(state), SentLog(state), base, PACKING, time.time, draw, waits)

    async def send() -> None:
        async with session() as http:
            await sender.send_all(http)

    for commits in (*KILLS, 0):
        with running(tmp_path, port, commits), contextlib.suppress(NotSent):
            asyncio.run(send())
    assert outbox.waiting == []
    assert sender.state.delivered + sender.state.duplicates == 30
    assert sender.state.duplicates == 3 * len(KILLS), "each kill took the answer for one delivery"
    with closing(connect(tmp_path / DATABASE, reads_only=True)) as connection:
        query = "SELECT count(*), count(DISTINCT sequence) FROM documents"
        assert connection.execute(query).fetchone() == (30, 30)
        assert connection.execute("SELECT first, last FROM runs").fetchall() == [(1, 30)]
