"""The sender before receivers that fail in every way: each document arrives, and counts once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.feed.backoff import Backoff
from schoolguard.feed.delivery import SUMMARIES, Judged, Verdict, digest_of, sign_answer
from schoolguard.feed.enrolled import EnrolledFile
from schoolguard.feed.enrolment import Change
from schoolguard.feed.sending import Sender, Waits
from schoolguard.feed.sent import SentLog
from schoolguard.feed.web import Bounds, NotSent, session
from schoolguard.hub.feed.service import FeedService
from schoolguard.store.kept import Waiting
from tests.hub.feed.school import (
    PACKING,
    SCHOOL,
    Clock,
    Receiver,
    connected,
    key,
    receiver,
    standing,
    summary,
)

GATEWAY = key(1)
Around = Callable[[web.BaseRequest, FeedService], Awaitable[web.StreamResponse | None]]


class Memory:
    """An outbox in memory, as the store keeps it."""

    def __init__(self, documents: Iterable[bytes], school: str = SCHOOL, first: int = 1) -> None:
        self.waiting = [
            Waiting(school, number, 0, 0, 0, each) for number, each in enumerate(documents, first)
        ]
        self.followed: list[tuple[str, int]] = []
        self.empty = asyncio.Event()

    async def outbox(self, limit: int) -> list[Waiting]:
        return self.waiting[:limit]

    async def tried(self, school: str, sequence: int) -> None:
        self.waiting = [
            replace(each, tries=each.tries + (each.sequence == sequence)) for each in self.waiting
        ]

    async def acknowledged(self, school: str, sequence: int, now: float) -> None:
        self.waiting = [each for each in self.waiting if (each.school, each.sequence) != (school, sequence)]
        if not self.waiting:
            self.empty.set()

    async def follow(self, school: str, sequence: int) -> None:
        self.followed.append((school, sequence))


def sender(outbox: Memory, made: Receiver, state: Path, waits: Waits | None = None) -> Sender:
    file, sent = EnrolledFile(state), SentLog(state)
    waits = waits or Waits(bounds=Bounds(0.3))
    return Sender(outbox, file, sent, made.base, PACKING, made.clock, random.Random(1).random, waits)


@asynccontextmanager
async def enrolled(tmp_path: Path, around: Around | None = None):  # type: ignore[no-untyped-def]
    async with receiver(tmp_path, around=around) as made:
        state = tmp_path / "state"
        state.mkdir()
        await made.enrol(state, GATEWAY)
        async with session() as http:
            yield made, state, http


async def received(made: Receiver) -> int:
    """Return how many different documents the receiver has, none of them twice."""
    _, content = await made.get("/feed/v1/documents", made.token())
    return content.count(b'"signed":')


def test_oldest_first_each_once_and_shown_afterwards(tmp_path: Path) -> None:
    async def run() -> None:
        async with enrolled(tmp_path) as (made, state, http):
            documents = [standing(SCHOOL, GATEWAY), *(summary(SCHOOL, n, GATEWAY) for n in range(2, 60))]
            outbox = Memory(documents)
            sending = sender(outbox, made, state)
            await sending.send_all(http)
            assert outbox.waiting == []
            assert (sending.state.delivered, sending.state.duplicates) == (59, 0)
            assert await received(made) == 59
            shown = list(SentLog(state).all())
            assert [each.document for each in reversed(shown)] == documents

    asyncio.run(run())


def around(faults: Iterable[str]) -> Around:
    """Answer deliveries by faults in turn: each of them is what becomes of one request."""
    left = iter(faults)

    async def answer(request: web.BaseRequest, service: FeedService) -> web.StreamResponse | None:
        fault = next(left, "") if request.path == SUMMARIES else ""
        if fault in ("", "dies"):
            response = await service.answer(request, "192.0.2.1")
            if fault == "dies":  # what came is stored, and nobody hears of it
                assert request.transport is not None
                request.transport.abort()
            return response
        if fault == "hangs":
            await asyncio.sleep(1)
        if fault == "portal":
            return web.Response(text="<html>Mời đăng nhập</html>", content_type="text/html")
        return web.Response(status=int(fault) if fault.isdigit() else 500)

    return answer


def test_a_receiver_that_fails_hangs_and_dies_loses_and_doubles_nothing(tmp_path: Path) -> None:
    faults = ["500", "dies", "hangs", "portal", "502", "dies", "429", "", "dies"]

    async def run() -> None:
        async with enrolled(tmp_path, around(faults)) as (made, state, http):
            outbox = Memory(summary(SCHOOL, n, GATEWAY) for n in range(1, 21))
            sending = sender(outbox, made, state, Waits(batch=8, bounds=Bounds(0.3)))
            failed = 0
            while outbox.waiting:
                try:
                    await sending.send_all(http)
                except NotSent:
                    failed += 1
            assert failed >= len(faults) - 1
            assert await received(made) == 20
            assert sending.state.delivered + sending.state.duplicates == 20
            assert sending.state.duplicates > 0

    asyncio.run(run())


def test_an_answer_of_another_receiver_acknowledges_nothing(tmp_path: Path) -> None:
    async def forged(request: web.BaseRequest, _: FeedService) -> web.StreamResponse | None:
        if request.path != SUMMARIES:
            return None
        judged = [Judged(digest_of(document), Verdict.ACCEPTED)]
        return web.Response(body=sign_answer(1, judged, Ed25519PrivateKey.generate()))

    document = summary(SCHOOL, 1, GATEWAY)

    async def run() -> None:
        async with enrolled(tmp_path, forged) as (made, state, http):
            outbox = Memory([document])
            with pytest.raises(NotSent, match="not the enrolled receiver's"):
                await sender(outbox, made, state).send_all(http)
            assert len(outbox.waiting) == 1

    asyncio.run(run())


def test_a_document_that_is_refused_is_set_aside_and_the_others_go_on(tmp_path: Path) -> None:
    async def run() -> None:
        async with enrolled(tmp_path) as (made, state, http):
            await made.verdicts([summary(SCHOOL, n, GATEWAY, queries=9) for n in (1, 2, 3)])
            outbox = Memory(summary(SCHOOL, n, GATEWAY) for n in range(3, 9))
            outbox.waiting = [replace(each, sequence=each.sequence + 2) for each in outbox.waiting]
            sending = sender(outbox, made, state)
            await sending.send_all(http)
            assert [each.sequence for each in outbox.waiting] == [3]
            (aside,) = sending.state.aside
            assert (aside.sequence, aside.verdict) == (3, Verdict.REFUSED)
            assert outbox.followed == [(SCHOOL, 3)]
            await sending.send_all(http)  # it is not tried again before its time
            assert outbox.waiting[0].tries == 1
            made.clock.now += 86_401
            await sending.send_all(http)
            assert outbox.waiting[0].tries == 2

    asyncio.run(run())


def test_a_school_that_is_not_enrolled_sends_nothing_until_it_is(tmp_path: Path) -> None:
    async def run() -> None:
        async with enrolled(tmp_path) as (made, state, http):
            outbox = Memory((summary("th-khac", n, GATEWAY) for n in range(1, 4)), "th-khac")
            sending = sender(outbox, made, state)
            await sending.send_all(http)
            assert len(outbox.waiting) == 3
            await made.enrol(state, GATEWAY, "th-khac")
            await sending.send_all(http)
            assert outbox.waiting == []

    asyncio.run(run())


def test_a_change_of_key_in_the_outbox_sends_both(tmp_path: Path) -> None:
    async def run() -> None:
        async with enrolled(tmp_path) as (made, state, http):
            with connected(made.folder) as admission:
                old, new = (each.public_key().public_bytes_raw() for each in (GATEWAY, key(2)))
                admission.change_key(Change(old, new), made.clock())
            signed = [summary(SCHOOL, n, GATEWAY if n < 4 else key(2)) for n in range(1, 8)]
            outbox = Memory(signed)
            await sender(outbox, made, state).send_all(http)
            assert outbox.waiting == []
            assert await received(made) == 7

    asyncio.run(run())


def test_run_goes_on_after_failures_with_longer_and_longer_waits(tmp_path: Path) -> None:
    rests: list[float] = []

    async def run() -> None:
        async with enrolled(tmp_path, around(["500"] * 6)) as (made, state, _http):
            outbox = Memory([summary(SCHOOL, 1, GATEWAY)])

            rested = asyncio.Event()

            async def rest(seconds: float) -> None:
                rests.append(seconds)
                if seconds == 3_600.0:
                    rested.set()
                    await asyncio.Event().wait()

            waits = Waits(spread=0.0, look=0.01, every=3_600.0, backoff=Backoff(8.0, 100.0))
            file, sent = EnrolledFile(state), SentLog(state)
            sending = Sender(outbox, file, sent, made.base, PACKING, made.clock, lambda: 1.0, waits, rest)
            running = asyncio.create_task(sending.run())
            async with asyncio.timeout(10):
                await outbox.empty.wait()
                await rested.wait()
            running.cancel()
            assert sending.state.failures == 6
            assert sending.state.problem is None

    asyncio.run(run())
    assert rests == [8.0, 16.0, 32.0, 64.0, 100.0, 100.0, 3_600.0]


@pytest.mark.parametrize("failures", [1, 2, 5, 12, 1_000])
def test_waits_are_drawn_below_a_bound_and_never_nothing(failures: int) -> None:
    backoff = Backoff(4.0, 60.0)
    drawn = [backoff.pause(failures, each / 50) for each in range(51)]
    assert min(drawn) == 1.0
    assert max(drawn) == min(60.0, 4.0 * 2 ** min(failures - 1, 30))
    assert backoff.pause(failures, 0.0, asked=30.0) == 31.0
    assert backoff.pause(failures, 0.0, asked=1e9) == 61.0


def test_a_clock_that_is_set_back_holds_no_document_for_ever(tmp_path: Path) -> None:
    async def run() -> None:
        async with enrolled(tmp_path) as (made, state, http):
            with connected(made.folder) as admission:
                admission.revoke(SCHOOL, made.clock())
            outbox, clock = Memory([summary(SCHOOL, 1, GATEWAY)]), Clock(made.clock.now + 366 * 86_400)
            file, sent = EnrolledFile(state), SentLog(state)
            sending = Sender(outbox, file, sent, made.base, PACKING, clock, lambda: 0.5)
            await sending.send_all(http)
            (aside,) = sending.state.aside
            assert aside.verdict is Verdict.LATER
            await made.enrol(state, GATEWAY)
            clock.now -= 366 * 86_400
            await sending.send_all(http)
            assert outbox.waiting == []
            assert sending.state.aside == ()

    asyncio.run(run())
