"""Periods of a gateway under a clock of the test: each count in one document, whatever clock and disk do."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from schoolguard.categories import Category
from schoolguard.config import load
from schoolguard.dns.names import to_wire
from schoolguard.feed.enrolled import EnrolledFile, Home
from schoolguard.feed.model import ListVersion
from schoolguard.feed.sending import Sender
from schoolguard.feed.sent import SentLog
from schoolguard.feed.settings import FeedSettings
from schoolguard.feed.signed import read
from schoolguard.feed.web import session
from schoolguard.intake.orders.canonical import rfc3339
from schoolguard.intake.orders.key import gateway_key
from schoolguard.node.counting import Counting
from schoolguard.node.feed_sending import StoreOutbox
from schoolguard.node.feeding import MOST_UNSENT, Clocks, Feeding
from schoolguard.node.periods import Acts
from schoolguard.policy.timetable import day_of, midnight
from schoolguard.resolver.counts import Outcome
from schoolguard.resolver.sightings import At, Blocked
from schoolguard.serve.link import Counted, Devices, Period
from schoolguard.serve.telling import Numbered
from schoolguard.store.bounds import Bounds
from schoolguard.store.errors import StoreFull
from tests.hub.feed.school import PACKING, Clock, receiver
from tests.site import Site

SCHOOL = "thu-nghiem"
BEGAN = midnight(day_of(1_795_000_000.0)) + 8 * 3_600
CATEGORIES = {1: Category("gambling", 1, "Cờ bạc", "Gambling")}
LISTS = (ListVersion("gambling", "0a1b", 12, int(BEGAN) - 900),)
PERIOD = 300
LONG = 300 if os.environ.get("SCHOOLGUARD_LONG") else 1_800
"""Seconds of a period of the three days; 864 periods take a loaded machine a quarter of a minute."""

NOWHERE = "http://127.0.0.1:1"


@dataclass
class Gateway:
    """Control's counting and feeding under a clock that the test moves; ``told`` is what workers are told."""

    state: Path
    site: Site
    now: float = BEGAN
    steady: float = 1_000.0
    believed: bool = True
    number: int = 0
    queries: int = 0
    told: list[Period] = field(default_factory=list)
    acts: Acts = field(default_factory=Acts)
    period: int = PERIOD
    to: str | None = NOWHERE

    async def start(self) -> None:
        self.counting = Counting(self.state, lambda _, __: None)
        await self.counting.open(Bounds())
        clocks = Clocks(lambda: self.believed, lambda: self.now, lambda: self.steady)
        self.feeding = Feeding(self.state, self.counting, self.told.append, lambda _, __: self.acts, clocks)
        await self.configure()

    async def configure(self, *, without: bool = False) -> None:
        """Put the configuration in force; ``without`` the school."""
        settings = replace(load(self.site.config).settings, feed=FeedSettings(self.to, self.period))
        await self.feeding.configured(replace(settings, schools=()) if without else settings, LISTS)

    def ask(self, queries: int, devices: int = 12, names: int = 0, of: Period | None = None) -> None:
        """Let a worker count queries of so many devices, ``names`` of them blocked, in a period."""
        self.number += 1
        self.queries += queries
        of = of or self.feeding.now()
        hashes = (blake2b(bytes([each]), digest_size=8, key=of.key) for each in range(devices))
        tokens = tuple(int.from_bytes(each.digest()) for each in hashes)
        blocked = Outcome.BLOCKED + 1
        rows = [(SCHOOL, "Lớp", "thpt", int(Outcome.ALLOWED), queries - names)]
        rows += [(SCHOOL, "Lớp", "thpt", blocked, names)] if names else []
        counts = {"queries": rows, "latency": [queries, *[0] * 13], "latency_sum": 0.1, "events": {}}
        seen = [(At(SCHOOL, "thpt", int(Outcome.ALLOWED)), tokens)]
        seen += [(At(SCHOOL, "thpt", blocked), tokens)] if names else []
        bet = Blocked(At(SCHOOL, "thpt", blocked), to_wire("bet.example"), names, tokens)
        told = Numbered(self.number, int(self.now) // 60, counts)
        message = Counted("0a", told, {}, (), tuple(seen), (bet,) if names else (), of.number)
        self.counting.receive(0, message, CATEGORIES)
        self.feeding.receive(message, CATEGORIES)

    async def wait(self, seconds: float) -> None:
        self.now += seconds
        self.steady += seconds
        await self.feeding.look()

    async def documents(self) -> list[dict[str, Any]]:
        return [dict(read(each.document).document) for each in await self.counting.store.outbox(2_000)]

    async def end(self) -> None:
        await self.feeding.close()
        await self.counting.close()


def running(
    site: Site, tmp_path: Path, work: Callable[[Gateway], Awaitable[None]], period: int = PERIOD
) -> None:
    async def run() -> None:
        state = tmp_path / "state"
        state.mkdir(mode=0o700)
        gateway = Gateway(state, site, period=period)
        await gateway.start()
        try:
            async with asyncio.timeout(60):
                await work(gateway)
        finally:
            await gateway.end()

    asyncio.run(run())


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "site").mkdir()
    return Site(tmp_path / "site", 5300, 9153, upstreams=["127.0.0.1@5301"]).write()


def enrol(state: Path, receiver: bytes = bytes(32)) -> None:
    EnrolledFile(state).write(Home(receiver, "gw", "http://127.0.0.1:1", {SCHOOL: int(BEGAN)}))


def queries_in(documents: list[dict[str, Any]]) -> int:
    return sum(
        number
        for each in documents
        for tier in each.get("queries", {}).values()
        for parts in tier.values()
        for number in parts.values()
    )


def test_a_period_becomes_a_document_and_a_new_one_begins(site: Site, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        gateway.ask(400, names=40)
        await gateway.wait(PERIOD - 1)
        assert await gateway.documents() == []
        await gateway.wait(1)
        standing, summary = await gateway.documents()
        assert standing["format"] == "schoolguard-standing/1"
        assert (standing["groups"], standing["lists"][0]["id"]) == (5, "gambling")
        assert summary["sequence"] == 2
        assert (summary["seconds"], summary["devices"], summary["missing"]) == (PERIOD, 10, 0)
        assert queries_in([summary]) == 400
        assert [fact.number for fact in gateway.told] == [2]
        gateway.ask(3)
        await gateway.wait(PERIOD)
        assert queries_in(await gateway.documents()) == 403
        assert len(await gateway.documents()) == 3, "what stands is told once"

    running(site, tmp_path, work)


def test_a_clock_back_by_a_year_and_on_again_counts_everything_once(site: Site, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        for jump in (0.0, -366 * 86_400.0, 366 * 86_400.0, 0.0):
            gateway.now += jump
            gateway.believed = not jump
            gateway.ask(100)
            await gateway.wait(PERIOD)
        found = [each for each in await gateway.documents() if "sequence" in each]
        periods = [each for each in found if each["format"] == "schoolguard-summary/1"]
        assert [each["seconds"] for each in periods] == [PERIOD] * 4
        assert [each["clock-believed"] for each in periods] == [True, False, False, True]
        assert all(each["begin"] <= each["end"] for each in periods)
        assert queries_in(periods) == 400

    running(site, tmp_path, work)


def test_at_midnight_the_day_is_told_and_the_key_of_devices_is_another(site: Site, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        enrol(gateway.state)
        await gateway.wait(1)
        assert gateway.feeding.now().names, "names are noted where somebody may be told of them"
        yesterday = gateway.feeding.now()
        gateway.acts = Acts({SCHOOL: 7}, {SCHOOL: 6})
        gateway.ask(500, names=80)
        await gateway.wait(PERIOD)
        gateway.acts = Acts({SCHOOL: 7})  # the meter of budgets has begun anew
        gateway.ask(3)
        await gateway.wait(midnight(day_of(BEGAN)) + 86_400 - gateway.now)
        (day,) = [each for each in await gateway.documents() if each["format"] == "schoolguard-day/1"]
        assert day["names"] == [{"what": "bet.example", "cause": "gambling", "devices": 10, "queries": 50}]
        assert (day["passes"], day["budgets-used-up"], day["tiers"]) == (5, 5, {"thpt": 10})
        assert (day["begin"][11:19], day["end"][11:19]) == ("08:00:00", "00:00:00")
        assert gateway.feeding.now().key != yesterday.key
        gateway.ask(40, devices=4)
        gateway.ask(40, devices=4, of=yesterday)  # the same four, told by a worker that did not know yet
        await gateway.wait(PERIOD)
        *_, standing, summary = await gateway.documents()
        kinds = [standing["format"], summary["format"]]
        assert kinds == ["schoolguard-standing/1", "schoolguard-summary/1"], "what stands is told daily"
        assert "devices" not in summary, "four devices are not eight"

    running(site, tmp_path, work)


def test_a_device_is_one_though_its_mac_was_not_known_at_first(site: Site, tmp_path: Path) -> None:
    """Each of three is told under its address, then under its MAC: they are not six, and no name is told."""

    async def work(gateway: Gateway) -> None:
        enrol(gateway.state)
        await gateway.wait(1)
        gateway.feeding.learn(Devices({bytes([each]): bytes([each + 3]) for each in range(3)}))
        gateway.ask(60, devices=6, names=60)
        await gateway.wait(PERIOD)
        assert "devices" not in (await gateway.documents())[-1]
        await gateway.wait(midnight(day_of(BEGAN)) + 86_400 - gateway.now)
        (day,) = [each for each in await gateway.documents() if each["format"] == "schoolguard-day/1"]
        assert not day.keys() & {"names", "devices"}
        gateway.ask(60, devices=6)
        await gateway.wait(PERIOD)
        assert "devices" not in (await gateway.documents())[-1], "known under the next day's key too"

    running(site, tmp_path, work)


def test_devices_told_while_a_period_is_closed_count_in_none(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else four devices' queries would stand beside a number that a fifth, which came later, made five."""

    async def work(gateway: Gateway) -> None:
        store, of = gateway.counting.store, gateway.feeding.now()
        close_period = store.close_period
        gateway.ask(40, devices=4)

        async def close(*arguments: Any) -> int:
            gateway.ask(5, devices=6, of=of)
            return await close_period(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(store, "close_period", close)
            await gateway.wait(PERIOD)
        assert "devices" not in (await gateway.documents())[-1]
        gateway.ask(40, devices=4)
        await gateway.wait(PERIOD)
        assert "devices" not in (await gateway.documents())[-1]

    running(site, tmp_path, work)


def test_a_period_is_not_closed_over_counts_that_are_held(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(gateway: Gateway) -> None:
        gateway.ask(50)

        async def full(*_: object) -> None:
            raise StoreFull("no room")

        with monkeypatch.context() as patch:
            patch.setattr(gateway.counting.store, "add_held", full)
            await gateway.wait(PERIOD)
            assert (await gateway.feeding.told())["failing"]
        await gateway.wait(31)
        (summary,) = [each for each in await gateway.documents() if "sequence" in each]
        assert queries_in([summary]) == 50

    running(site, tmp_path, work)


def test_a_clock_that_is_not_believed_keeps_no_key_for_longer_than_a_day(site: Site, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        gateway.believed = False
        before = gateway.feeding.now().key
        await gateway.wait(25 * 3_600)
        assert gateway.feeding.now().key != before

    running(site, tmp_path, work)


def test_no_name_is_noted_while_nothing_may_leave(site: Site, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        await gateway.wait(1)
        assert not gateway.feeding.now().names, "nobody is enrolled"

    running(site, tmp_path, work)


def test_a_store_that_takes_nothing_leaves_the_period_open(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(gateway: Gateway) -> None:
        gateway.ask(50)
        store = gateway.counting.store

        async def full(*_: object) -> int:
            raise StoreFull("no room")

        with monkeypatch.context() as patch:
            patch.setattr(store, "close_period", full)
            await gateway.wait(PERIOD)
            assert (await gateway.feeding.told())["failing"]
        gateway.ask(50)
        await gateway.wait(31)
        summaries = [each for each in await gateway.documents() if "sequence" in each]
        assert [each["seconds"] for each in summaries] == [PERIOD + 31]
        assert queries_in(summaries) == 100

    running(site, tmp_path, work)


def test_documents_that_nobody_may_have_are_kept_for_three_hours(site: Site, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        for _ in range(MOST_UNSENT + 9):
            await gateway.wait(PERIOD)
        found = await gateway.documents()
        assert len(found) == MOST_UNSENT
        assert found[-1]["sequence"] == MOST_UNSENT + 10

    running(site, tmp_path, work)


def test_documents_that_are_waited_for_are_kept_while_nothing_may_leave(site: Site, tmp_path: Path) -> None:
    """Somebody took the receiver's address out of the configuration for a while, or the file is damaged."""

    async def work(gateway: Gateway) -> None:
        enrol(gateway.state)
        gateway.to = None
        await gateway.configure()
        for _ in range(MOST_UNSENT + 9):
            await gateway.wait(PERIOD)
        (gateway.state / "feed.json").write_text("{")
        await gateway.wait(PERIOD)
        assert len(await gateway.documents()) == MOST_UNSENT + 11

    running(site, tmp_path, work)


def test_a_school_that_is_taken_out_tells_its_last_period_and_day(site: Site, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        gateway.ask(70)
        await gateway.configure(without=True)
        await gateway.wait(PERIOD)
        found = await gateway.documents()
        kinds = [each["format"].partition("/")[0].removeprefix("schoolguard-") for each in found]
        assert kinds == ["standing", "summary", "day"]
        assert queries_in(found) == 70
        await gateway.wait(PERIOD)
        assert len(await gateway.documents()) == 3

    running(site, tmp_path, work)


def test_a_school_may_be_taken_out_while_its_period_is_closed(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(gateway: Gateway) -> None:
        gateway.ask(70)
        store_all = gateway.counting.store_all

        async def reloaded() -> None:
            await store_all()
            await gateway.configure(without=True)

        with monkeypatch.context() as patch:
            patch.setattr(gateway.counting, "store_all", reloaded)
            await gateway.wait(PERIOD)
        assert queries_in(await gateway.documents()) == 70
        await gateway.wait(PERIOD)
        assert not (await gateway.feeding.told())["failing"]

    running(site, tmp_path, work)


def test_a_restart_goes_on_with_the_open_period(site: Site, tmp_path: Path) -> None:
    async def work(gateway: Gateway) -> None:
        await gateway.wait(PERIOD)
        begin = gateway.now
        gateway.ask(70)
        await gateway.wait(30)
        await gateway.end()
        await gateway.start()
        await gateway.wait(PERIOD)
        last = (await gateway.documents())[-1]
        assert rfc3339(begin) == last["begin"]
        assert (last["seconds"], queries_in([last])) == (PERIOD, 0), (
            "devices were forgotten, counts held back"
        )
        assert last["missing"] == 0

    running(site, tmp_path, work)


def test_three_days_without_a_line_are_delivered_once(site: Site, tmp_path: Path) -> None:
    """All periods wait in the outbox, with their days; then the line comes back."""

    async def work(gateway: Gateway) -> None:
        key = gateway_key(gateway.state / "gateway.key")
        async with receiver(tmp_path / "hub", Clock(BEGAN)) as made, session() as http:
            await made.enrol(gateway.state, key, SCHOOL)
            for _ in range(3 * 86_400 // LONG):
                gateway.ask(100)
                await gateway.wait(LONG)
            waiting = await gateway.counting.store.outbox(2_000)
            assert len(waiting) == 3 * 86_400 // LONG + 3 + 4, (
                "periods, days, what stands at the start and each day"
            )
            made.clock.now = gateway.now
            sender = Sender(
                StoreOutbox(gateway.counting),
                EnrolledFile(gateway.state),
                SentLog(gateway.state),
                made.base,
                PACKING,
                made.clock,
                lambda: 0.0,
            )
            await sender.send_all(http)
            assert await gateway.counting.store.outbox(1) == []
            assert (sender.state.delivered, sender.state.duplicates) == (len(waiting), 0)
            assert sender.state.bytes < 64 * 1024
            assert [each.sequence for each in waiting] == [*range(1, len(waiting) + 1)]
            status, told = await made.get(f"/feed/v1/schools/{SCHOOL}", made.token())
            assert status == 200
            assert json.loads(told)["gateways"][0]["received"] == len(waiting)
            assert json.loads(told)["gateways"][0]["missing"] == 0

    (tmp_path / "hub").mkdir()
    running(site, tmp_path, work, LONG)
