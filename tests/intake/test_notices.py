"""The gateway's ear against a real publisher, and against servers that lie, hang up and say nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from schoolguard.hub.server.files import StaticFiles
from schoolguard.hub.server.limits import Listening, ServerLimits
from schoolguard.hub.server.notices import Notices
from schoolguard.hub.server.site import PublisherServer
from schoolguard.intake.enclosure import Files
from schoolguard.intake.notices import Ear, NoticeListener
from tests.hub.server.waiting import until

QUICK = Ear(patience=0.5, early=0.05, poll=0.6, spread=0.01, first=0.01, longest=0.04, away=(0.02, 0.04))


class Repository:
    """What a gateway can verify: the version, and how often it looked."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.looks = 0
        self.brought: list[dict[str, bytes | None]] = []

    async def refresh(self, files: Files) -> int:
        self.looks += 1
        self.brought.append(dict(files))
        return self.version


@asynccontextmanager
async def listening(port: int, repository: Repository, ear: Ear = QUICK) -> AsyncIterator[NoticeListener]:
    url = f"http://127.0.0.1:{port}/notices"
    listener = NoticeListener(url, 1, repository.refresh, drawn=random.Random(1).random, ear=ear)
    task = asyncio.create_task(listener.run())
    try:
        yield listener
        assert not task.done(), task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Server:
    """Answers each request with what the test says; counts connections and requests."""

    def __init__(self, reply: bytes) -> None:
        self.reply = reply
        self.requests = self.open = self.most = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                writer.write(self.reply)
                if not self.reply.startswith(b"HTTP/1.1 200 OK\r\nContent-Length"):
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass  # the gateway hung up
        finally:
            self.open -= 1
            writer.close()


def body(text: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text)


WOLF = body(b'{"format":"schoolguard-notice/1","version":99}')


def test_a_change_is_heard_and_taken(tmp_path: Path) -> None:
    async def scene() -> None:
        limits = ServerLimits(heartbeat=(0.1, 0.2))
        notices, repository = Notices(limits, random.random, version=1), Repository(1)
        files = StaticFiles(tmp_path, limits)
        async with (
            PublisherServer(Listening("127.0.0.1", 0), files, notices, limits=limits) as server,
            listening(server.port, repository) as listener,
        ):
            await until(lambda: notices.told > 2)
            assert listener.listening
            repository.version = 5
            notices.announce(5)
            await until(lambda: listener.version == 5)
            assert listener.heard == 1
            assert server.open == 1

    asyncio.run(scene())


def test_after_a_restart_of_the_publisher_it_comes_back(tmp_path: Path) -> None:
    async def scene() -> None:
        limits = ServerLimits(heartbeat=(0.1, 0.2))
        repository = Repository(1)
        files = StaticFiles(tmp_path, limits)
        first = Notices(limits, random.random, version=1)
        async with PublisherServer(Listening("127.0.0.1", 0), files, first, limits=limits) as server:
            port = server.port
            entered = listening(port, repository)
            listener = await entered.__aenter__()
            await until(lambda: first.held == 1)
        await until(lambda: not listener.listening)
        await until(lambda: repository.looks > 2)
        second = Notices(limits, random.random, version=8)
        repository.version = 8
        again = PublisherServer(Listening("127.0.0.1", port), files, second, limits=limits)
        async with again:
            await until(lambda: listener.version == 8 and listener.listening)
            await entered.__aexit__(None, None, None)

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (WOLF, "could not be verified"),
        (body(b'{"format":"schoolguard-notice/1","version":1}'), "nothing new"),
        (body(b'{"format":"schoolguard-notice/1","version":-1}'), "no notice"),
        (body(b'{"format":"schoolguard-notice/1","version":true}'), "no notice"),
        (body(b'{"format":"other/1","version":99}'), "no notice"),
        (body(b"[" * 400), "no notice"),
        (body(b" " * 70_000), "no notice"),
        (body(b'{"files":"eJw=","format":"schoolguard-notice/1","version":99}'), "enclosure"),
        (body(b'{"files":7,"format":"schoolguard-notice/1","version":99}'), "enclosure"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "status 302"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "status 503"),
        (b"", "disconnected"),
        (b"rubbish\r\n\r\n", "400"),
    ],
)
def test_a_hostile_server_is_asked_less_and_less_and_polled_all_the_same(reply: bytes, problem: str) -> None:
    async def scene() -> None:
        hostile, repository = Server(reply), Repository(1)
        ear = Ear(patience=0.5, early=0.05, poll=0.08, spread=0.0, first=0.02, longest=0.1, away=(0.04, 0.1))
        async with await asyncio.start_server(hostile.answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with listening(port, repository, ear) as listener:
                await until(lambda: repository.looks >= 4)
                assert problem.lower() in listener.problem.lower()
                assert not listener.listening
                assert listener.version == 1
                assert hostile.most == 1
                # Without the waits between them there would be hundreds.
                assert hostile.requests < 40

    asyncio.run(scene())


def test_a_silent_server_is_given_up_and_polled() -> None:
    async def scene() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        repository = Repository(1)
        ear = Ear(patience=0.05, early=0.02, poll=0.1, first=0.01, longest=0.02, away=(0.01, 0.02))
        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with listening(port, repository, ear) as listener:
                await until(lambda: repository.looks >= 3)
                assert listener.problem == "no sign of life"

    asyncio.run(scene())


def test_nobody_there_is_polled_too() -> None:
    async def scene() -> None:
        repository = Repository(1)
        async with listening(
            9, repository, Ear(poll=0.1, first=0.01, longest=0.02, away=(0.01, 0.02))
        ) as listener:
            await until(lambda: repository.looks >= 3)
            assert not listener.listening

    asyncio.run(scene())
