"""A gateway in a few lines: signed documents of simulated periods, parcels, and a receiver to send to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.feed.code import Code, new_code
from schoolguard.feed.compact import packing
from schoolguard.feed.delivery import SUMMARIES, Delivered, read_delivered
from schoolguard.feed.enrolled import EnrolledFile
from schoolguard.feed.enrolling import Asking, enrol, pinned
from schoolguard.feed.model import Cell, Counted, Number, Span, Standing
from schoolguard.feed.parcel import Parcel, pack
from schoolguard.feed.rules import Rules
from schoolguard.feed.signed import sign
from schoolguard.feed.standing import standing_document
from schoolguard.feed.summary import document
from schoolguard.hub.feed.admission import CODE_LIFE, Admission
from schoolguard.hub.feed.key import receiver_key
from schoolguard.hub.feed.receiving import FeedLimits
from schoolguard.hub.feed.service import DATABASE, FeedService, feed_service
from schoolguard.hub.feed.settings import FeedSettings
from schoolguard.hub.feed.tables import connect
from schoolguard.hub.feed.tokens import Scope, Tokens

PERIOD = 300
BEGAN = 1_760_000_000
SCHOOL = "thcs-thanh-binh"
PACKING = packing()
STANDING = Standing("schoolguard 1.0", "0a" * 16, BEGAN)


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def counted(school: str, sequence: int, queries: int = 4_000, begin: int | None = None) -> Counted:
    """Return a period in which 60 devices asked."""
    start = BEGAN + PERIOD * sequence if begin is None else begin
    cells = {
        Cell("thcs", "allowed"): Number(queries, 60),
        Cell("thcs", "blocked", "games"): Number(queries // 20, 30),
        Cell("thcs", "blocked", "gambling"): Number(7, 5),
    }
    span = Span(sequence, start, start + PERIOD, PERIOD)
    return Counted(school, span, cells, 60, {"thcs": 60})


def summary(school: str, sequence: int, by: Ed25519PrivateKey, queries: int = 4_000) -> bytes:
    return sign(document(counted(school, sequence, queries), STANDING, Rules()), by)


def standing(school: str, by: Ed25519PrivateKey) -> bytes:
    return sign(standing_document(school, STANDING), by)


def parcel(documents: Sequence[bytes], sequences: Sequence[int] = (), time: int = BEGAN) -> bytes:
    return pack(Parcel(tuple(documents), tuple(sequences) or (0,) * len(documents), time), PACKING)


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: float = float(BEGAN)

    def __call__(self) -> float:
        return self.now


@dataclass
class Receiver:
    """A receiver that serves on loopback; ``folder`` is the publisher's."""

    folder: Path
    service: FeedService
    base: str
    http: aiohttp.ClientSession
    clock: Clock
    codes: int = field(default=0)

    @property
    def public(self) -> bytes:
        return receiver_key(self.folder).public_key().public_bytes_raw()

    def code(self, school: str = SCHOOL, life: float = CODE_LIFE) -> Code:
        """Make a code as the command does: another connection to the same file."""
        self.codes += 1
        made = new_code(bytes([self.codes]) * 16, self.public)
        with connected(self.folder) as admission:
            now = self.clock()
            public = made.key().public_key().public_bytes_raw()
            admission.add_code(public, school, now + life, "test", now)
        return made

    async def enrol(
        self, state: Path, by: Ed25519PrivateKey, school: str = SCHOOL, code: Code | None = None
    ) -> EnrolledFile:
        """Enrol a gateway and return its file."""
        code = code or self.code(school)
        asking, file = Asking(by, [school], "schoolguard test"), EnrolledFile(state)
        answer, base = await enrol(self.http, self.base, code, asking)
        pinned(file, answer, code, asking, base)
        return file

    async def post(self, body: bytes, path: str = SUMMARIES) -> tuple[int, bytes]:
        async with self.http.post(self.base + path, data=body) as reply:
            return reply.status, await reply.read()

    async def deliver(self, documents: Sequence[bytes], sequences: Sequence[int] = ()) -> Delivered:
        status, answer = await self.post(parcel(documents, sequences, int(self.clock())))
        assert status == 200, answer
        return read_delivered(answer, self.public)

    async def verdicts(self, documents: Sequence[bytes], sequences: Sequence[int] = ()) -> list[str]:
        return [each.verdict.value for each in (await self.deliver(documents, sequences)).judged.values()]

    async def get(self, path: str, token: str | None = None) -> tuple[int, bytes]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with self.http.get(self.base + path, headers=headers) as reply:
            return reply.status, await reply.read()

    def token(self, *scopes: Scope) -> str:
        """Return a new token; of all scopes unless some are given."""
        self.codes += 1
        connection = connect(self.folder / DATABASE)
        try:
            now = self.clock()
            entropy = bytes([self.codes]) * 32
            return Tokens(connection).add(
                f"test-{self.codes}", scopes or list(Scope), now + 9e9, entropy, now
            )
        finally:
            connection.close()


class connected:
    """An ``Admission`` with a connection of its own, as the commands have it."""

    def __init__(self, folder: Path) -> None:
        self._connection = connect(folder / DATABASE)

    def __enter__(self) -> Admission:
        return Admission(self._connection, lambda: None)

    def __exit__(self, *_: object) -> None:
        self._connection.close()


@asynccontextmanager
async def receiver(
    folder: Path,
    clock: Clock | None = None,
    limits: FeedLimits | None = None,
    settings: FeedSettings | None = None,
    around: Callable[[web.BaseRequest, FeedService], object] | None = None,
) -> AsyncIterator[Receiver]:
    """Serve a receiver; ``around`` may answer in its place."""
    clock = clock or Clock()
    async with feed_service(folder, settings or FeedSettings(), clock, limits) as service:

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            if around is not None:
                found = await around(request, service)  # type: ignore[misc]
                if found is not None:
                    return found  # type: ignore[no-any-return]
            return await service.answer(request, request.remote or "?")

        runner = web.ServerRunner(web.Server(answer, auto_decompress=False), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with aiohttp.ClientSession() as http:
            running = task_of(service)
            try:
                yield Receiver(folder, service, f"http://127.0.0.1:{site.port}", http, clock)
            finally:
                running.cancel()
                await runner.cleanup()


def task_of(service: FeedService) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(service.run(), name="receiver")
