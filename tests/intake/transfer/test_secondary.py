"""Several primaries, serial numbers that go round, timers within bounds, and zones that expire."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from schoolguard.intake.transfer.model import TimerBounds, Transfer, ZoneState
from schoolguard.intake.transfer.secondary import Secondary
from schoolguard.intake.transfer.serial import after, is_newer
from schoolguard.intake.transfer.soa import Soa
from schoolguard.intake.transfer.timers import timers_of
from tests.intake.transfer.hostile import LIMITS, Script, cut_short, honest, playing, transfer_of


class Clock:
    """Unix seconds that stand still until set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def round_with(folder: Path, *primaries: tuple[Script, int], clock: Clock | None = None) -> ZoneState:
    """Return the state after one round with primaries that announce a serial and play a script."""
    async with contextlib.AsyncExitStack() as stack:
        open_ = [await stack.enter_async_context(playing(script, serial)) for script, serial in primaries]
        wanted = transfer_of(*open_)
        ours = Secondary(
            wanted, folder, lambda _: None, drawn=lambda: 0.0, **({"clock": clock} if clock else {})
        )
        return await ours.round()


def kept(folder: Path) -> str:
    return (folder / "test.rpz").read_text()


def test_highest_serial_wins(tmp_path: Path) -> None:
    primaries = [(honest(3, ["old.vn"]), 3), (honest(5, ["new.vn"]), 5), (honest(4, ["mid.vn"]), 4)]
    assert asyncio.run(round_with(tmp_path, *primaries)).serial == 5
    assert "new.vn" in kept(tmp_path)


def test_first_of_equal_primaries_wins(tmp_path: Path) -> None:
    state = asyncio.run(round_with(tmp_path, (honest(3, ["first.vn"]), 3), (honest(3, ["second.vn"]), 3)))
    assert state.serial == 3
    assert "first.vn" in kept(tmp_path)


def test_next_primary_is_taken_when_the_best_fails(tmp_path: Path) -> None:
    state = asyncio.run(round_with(tmp_path, (cut_short(9), 9), (honest(4, ["good.vn"]), 4)))
    assert (state.reason, state.serial) == ("", 4)


def test_a_dead_primary_does_not_matter(tmp_path: Path) -> None:
    async def with_one_dead() -> ZoneState:
        async with playing(honest(1, []), 1) as dead:
            pass
        async with playing(honest(4, ["good.vn"]), 4) as primary:
            wanted = transfer_of(dead, primary)
            return await Secondary(wanted, tmp_path, lambda _: None, drawn=lambda: 0.0).round()

    state = asyncio.run(with_one_dead())
    assert (state.reason, state.serial) == ("", 4)


def test_serial_that_goes_backwards_is_refused(tmp_path: Path) -> None:
    asyncio.run(round_with(tmp_path, (honest(5, ["bad.vn"]), 5)))
    state = asyncio.run(round_with(tmp_path, (honest(4, []), 4)))
    assert (state.reason, state.serial) == ("backwards", 5)
    assert "from 5 to 4" in state.message


def test_serial_goes_round(tmp_path: Path) -> None:
    asyncio.run(round_with(tmp_path, (honest(4_294_967_290, ["bad.vn"]), 4_294_967_290)))
    state = asyncio.run(round_with(tmp_path, (honest(5, ["worse.vn"]), 5)))
    assert (state.reason, state.serial) == ("", 5)


def test_expired_zone_stays_and_says_so(tmp_path: Path) -> None:
    clock = Clock(time.time())
    began = clock.now
    asyncio.run(round_with(tmp_path, (honest(5, ["bad.vn"]), 5), clock=clock))
    clock.now += 3 * 86_400
    state = asyncio.run(round_with(tmp_path, (honest(5, []), 4), clock=clock))
    assert not state.expired
    clock.now += 30 * 86_400
    state = asyncio.run(round_with(tmp_path, (honest(5, []), 4), clock=clock))
    assert state.expired
    assert state.refreshed == pytest.approx(began, abs=1)
    assert "bad.vn" in kept(tmp_path)
    state = asyncio.run(round_with(tmp_path, (honest(5, []), 5), clock=clock))
    assert not state.expired


def test_zone_deleted_by_hand_is_taken_again(tmp_path: Path) -> None:
    async def deleted_between() -> ZoneState:
        async with playing(honest(5, ["bad.vn"]), 5) as primary:
            ours = Secondary(transfer_of(primary), tmp_path, lambda _: None, drawn=lambda: 0.0)
            await ours.round()
            ours.file.path.unlink()
            return await ours.round()

    assert asyncio.run(deleted_between()).serial == 5
    assert "bad.vn" in kept(tmp_path)


def test_runs_again_when_due(tmp_path: Path) -> None:
    async def two_rounds() -> list[int | None]:
        seen: asyncio.Queue[int | None] = asyncio.Queue()
        async with playing(honest(5, ["bad.vn"]), 5) as primary, asyncio.timeout(10):
            soon = TimerBounds((0.05, 0.05), (0.05, 0.05))
            wanted = Transfer("test", "rpz.test", (primary,), LIMITS, soon)
            ours = Secondary(wanted, tmp_path, lambda s: seen.put_nowait(s.serial), drawn=lambda: 0.0)
            running = asyncio.create_task(ours.run())
            found = [await seen.get() for _ in range(3)]
            running.cancel()
            return found

    assert asyncio.run(two_rounds()) == [5, 5, 5]


def soa(refresh: int, retry: int, expire: int) -> Soa:
    return Soa(b"a.", b"b.", 1, refresh, retry, expire, 300)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ((3600, 600, 604_800), (3600, 600, 604_800)),
        ((0, 0, 0), (60, 30, 86_400)),
        ((4_294_967_295, 4_294_967_295, 4_294_967_295), (86_400, 7_200, 2_592_000)),
        ((86_400, 7_200, 1), (86_400, 7_200, 93_600)),
        ((60, 7_200, 604_800), (60, 60, 604_800)),
    ],
)
def test_timers_are_cut_to_their_bounds(written: tuple[int, int, int], meant: tuple[int, int, int]) -> None:
    timers = timers_of(soa(*written), TimerBounds())
    assert (timers.refresh, timers.retry, timers.expire) == meant


def test_failures_wait_longer_each_time() -> None:
    timers = timers_of(soa(3600, 100, 604_800), TimerBounds())
    assert [timers.after_failure(0, n, 0.0) for n in (1, 2, 3, 9, 99)] == [100, 200, 400, 3600, 3600]
    assert timers.after_failure(0, 1, 1.0) == 90


@pytest.mark.parametrize(
    ("serial", "than", "newer"),
    [(2, 1, True), (1, 2, False), (1, 1, False), (0, 4_294_967_295, True), (2_147_483_648, 0, False)],
)
def test_serial_arithmetic(serial: int, than: int, newer: bool) -> None:
    assert is_newer(serial, than) is newer


def test_serial_after() -> None:
    assert after(5, 9) == 9
    assert after(9, 5) == 10
    assert after(4_294_967_295, 4_294_967_295) == 0
