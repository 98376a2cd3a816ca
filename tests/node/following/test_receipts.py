"""Notices and receipts between a gateway and a server that a test talks through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from schoolguard.intake.orders.receipt import State, read_receipt
from tests.node.following.scene import Box, Hub, fresh, running, until


class Intake:
    """The publisher's server: its files, notices when told, and receipts, which it may refuse at first."""

    def __init__(self, files: Path, answers: Sequence[int] = ()) -> None:
        self.files = files
        self.answers = list(answers)
        self.receipts: list[bytes] = []
        self.told = 0
        self.news = asyncio.Event()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/receipts":
            status = self.answers.pop(0) if self.answers else 204
            if status == 204:
                self.receipts.append(await request.read())
            return web.Response(status=status)
        if request.path == "/notices":
            while int(request.query["since"]) >= self.told:
                await self.news.wait()
                self.news.clear()
            return web.json_response({"format": "schoolguard-notice/1", "version": self.told})
        path = self.files / request.path.lstrip("/")
        return web.FileResponse(path) if path.is_file() else web.Response(status=404)


@asynccontextmanager
async def intake(files: Path, answers: Sequence[int] = ()) -> AsyncIterator[tuple[Intake, str]]:
    serving = Intake(files, answers)
    runner = web.ServerRunner(web.Server(serving.answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield serving, f"http://127.0.0.1:{site.port}"
    finally:
        await runner.cleanup()


def test_a_notice_brings_an_order_and_its_receipt_goes_back(hub: Hub, tmp_path: Path) -> None:
    async def scene() -> None:
        async with intake(hub.yard.served, [503, 500]) as (server, url):
            box = Box(hub.publisher(url=url, every=3600.0, jitter=0.0), tmp_path / "state")
            async with running(box):
                await until(lambda: box.state.success)
                hub.order(fresh("o1", 1, "scam.example"))
                document = hub.yard.repository.timestamp()
                assert document is not None
                server.told = document.signed.version
                server.news.set()
                await until(lambda: server.receipts)
                await until(lambda: len(box.ordering.book.outbox) == 0)
                await until(lambda: "receipts" not in box.problems())
            box.close()
            receipt, _ = read_receipt(server.receipts[0])
            assert (receipt.order, receipt.gateway) == ("o1", box.ordering.id)
            assert receipt.state is State.ENFORCED
            assert box.state.faults["not-sent"] == 2

    asyncio.run(scene())


def test_receipts_wait_over_a_restart_and_a_refused_one_holds_up_no_other(hub: Hub, tmp_path: Path) -> None:
    hub.order(fresh("o1", 1, "a.example"), fresh("o2", 1, "b.example"))
    before = Box(hub.publisher(), tmp_path / "state")
    before.take(hub.yard.served)
    before.close()

    async def scene() -> None:
        async with intake(hub.yard.served, [422]) as (server, url):
            box = Box(hub.publisher(url=url), tmp_path / "state")
            async with running(box):
                await until(lambda: server.receipts)
                await until(lambda: len(box.ordering.book.outbox) == 1)
                assert "receipt-refused" in box.problems().values()
            box.close()

    asyncio.run(scene())
