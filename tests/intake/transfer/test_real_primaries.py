"""Zones from BIND, Knot and PowerDNS: whole, by differences, on NOTIFY; and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from schoolguard.intake.transfer.model import Primary, TimerBounds, Transfer, TransferKey, ZoneState
from schoolguard.intake.transfer.notify import Notices, NotifyListener
from schoolguard.intake.transfer.secondary import Secondary
from schoolguard.lists.formats import read
from schoolguard.lists.model import ListSource, Report
from tests.intake.transfer.primaries import (
    KEY,
    STRONG,
    WRONG,
    ZONE,
    RealPrimary,
    bind,
    knot,
    powerdns,
    zone_text,
)
from tests.servers import free_port

Runs = Callable[..., AbstractContextManager[RealPrimary]]

FIRST = [f"site{number}.vn" for number in range(3000)]
SECOND = [*FIRST[10:], "casino.example", "sub.site5000.vn"]
EVERY = pytest.mark.parametrize("server", [bind, knot, powerdns])


def secondary(
    folder: Path, *primaries: Primary, changed: Callable[[ZoneState], None] = lambda _: None
) -> Secondary:
    wanted = Transfer("test", ZONE, primaries, bounds=TimerBounds(notify=0.0))
    return Secondary(wanted, folder, changed, drawn=lambda: 0.0)


def names(folder: Path) -> set[str]:
    """Return what the lists' own reader finds in the kept file."""
    report = Report("test", "rpz")
    source = ListSource("test", str(folder / "test.rpz"), 3, format="rpz")
    found = {entry.name for entry in read(source, report)}
    assert not report.refused
    return found


@EVERY
def test_zone_comes_whole_then_changed(server: Runs, tmp_path: Path) -> None:
    with server(tmp_path, zone_text(1, FIRST)) as real:
        kept = tmp_path / "kept"
        ours = secondary(kept, real.primary())
        state = asyncio.run(ours.round())
        assert (state.reason, state.serial, state.records) == ("", 1, 2 * len(FIRST) + 1)
        assert names(kept) == set(FIRST)
        real.publish(2, SECOND)
        state = asyncio.run(ours.round())
        assert (state.reason, state.serial) == ("", 2)
        assert names(kept) == set(SECOND)
        assert secondary(kept, real.primary()).state.serial == 2
        again = asyncio.run(ours.round())
        assert (again.reason, again.serial) == ("", 2)


@pytest.mark.parametrize("server", [bind, knot])
def test_differences_are_taken_as_such(server: Runs, tmp_path: Path) -> None:
    with server(tmp_path, zone_text(1, FIRST)) as real:
        ours = secondary(tmp_path / "kept", real.primary())
        asyncio.run(ours.round())
        real.publish(2, SECOND)
        asyncio.run(ours.round())
        lines = (tmp_path / "kept" / "test.rpz").read_text().splitlines()
        # What came by differences stands at the end; a whole zone is in the server's order.
        added = [f"{name} CNAME ." for name in SECOND[-2:] for name in (name, f"*.{name}")]
        assert sorted(lines[-5:-1]) == sorted(added)


@EVERY
@pytest.mark.parametrize("key", [None, WRONG, STRONG], ids=["unsigned", "wrong secret", "unknown key"])
def test_without_the_key_nothing_is_given(server: Runs, key: TransferKey | None, tmp_path: Path) -> None:
    with server(tmp_path, zone_text(1, FIRST[:5])) as real:
        state = asyncio.run(secondary(tmp_path / "kept", real.primary(key)).round())
        assert state.serial is None
        assert state.reason in ("rcode", "bad-signature", "unsigned", "cut")
        assert not list((tmp_path / "kept").glob("*"))


@EVERY
def test_sha512(server: Runs, tmp_path: Path) -> None:
    with server(tmp_path, zone_text(7, FIRST[:5]), key=STRONG) as real:
        state = asyncio.run(secondary(tmp_path / "kept", real.primary(STRONG)).round())
        assert (state.reason, state.serial) == ("", 7)


@pytest.mark.parametrize("server", [bind, knot])
def test_a_notify_brings_the_new_zone(server: Runs, tmp_path: Path) -> None:
    async def watch(real: RealPrimary, port: int) -> list[int | None]:
        serials: asyncio.Queue[int | None] = asyncio.Queue()
        ours = secondary(tmp_path / "kept", real.primary(), changed=lambda s: serials.put_nowait(s.serial))
        notices = Notices([ours.wanted], lambda _: ours.notify())
        async with NotifyListener(("127.0.0.1", port), notices), asyncio.timeout(20):
            running = asyncio.create_task(ours.run())
            seen = [await serials.get()]
            await asyncio.to_thread(real.publish, 2, SECOND)
            while seen[-1] != 2:
                seen.append(await serials.get())
            running.cancel()
        assert notices.counts["taken"]
        return seen

    port = free_port()
    with server(tmp_path, zone_text(1, FIRST), notify=port) as real:
        assert asyncio.run(watch(real, port))[0] == 1
    assert names(tmp_path / "kept") == set(SECOND)


def test_no_secret_in_a_log() -> None:
    assert str(KEY.secret) not in repr(KEY)
