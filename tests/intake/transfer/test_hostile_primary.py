"""Whatever a primary sends, a zone is taken whole or not at all, and the last good one stays."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import struct
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from schoolguard.hub.export.wire import Signer, messages
from schoolguard.intake.transfer.model import Limits, ZoneState
from schoolguard.intake.transfer.secondary import Secondary
from schoolguard.intake.transfer.signatures import tsig_key
from tests.intake.transfer.hostile import (
    LIMITS,
    RECORDS,
    Query,
    Script,
    endless,
    honest,
    is_ixfr,
    playing,
    record,
    sent,
    soa,
    transfer_of,
    whole,
)
from tests.intake.transfer.primaries import KEY, WRONG, ZONE

GOOD = ["bad.vn", "worse.vn"]


def cut(query: Query) -> Iterator[bytes]:
    return sent(query, whole(9, GOOD)[:-1])


def unsigned_end(query: Query) -> Iterator[bytes]:
    first, *rest = [whole(9, GOOD)[:-1], [soa(9)]]
    yield from sent(query, first)
    yield from sent(query, *rest, key=None)


def changed_on_the_way(query: Query) -> Iterator[bytes]:
    for message in sent(query, whole(9, GOOD)):
        yield message.replace(b"\x03bad", b"\x03bat")


def another_id(query: Query) -> Iterator[bytes]:
    for message in sent(query, whole(9, GOOD), key=None):
        yield struct.pack("!H", query.id ^ 1) + message[2:]


def refused(query: Query) -> Iterator[bytes]:
    for message in sent(query, [soa(9)]):
        yield message[:3] + b"\x05" + message[4:]


def of(*batches: Iterable[bytes]) -> Script:
    held = [list(batch) for batch in batches]
    return lambda query: sent(query, *held)


HOSTILE: dict[str, tuple[Script, set[str]]] = {
    "ends in the middle": (cut, {"cut"}),
    "never ends": (endless, {"too-many-records", "too-many-bytes"}),
    "unsigned": (lambda query: sent(query, whole(9, GOOD), key=None), {"unsigned"}),
    "unsigned at the end": (unsigned_end, {"unsigned"}),
    "signed with another secret": (lambda query: sent(query, whole(9, GOOD), key=WRONG), {"bad-signature"}),
    "changed on the way": (changed_on_the_way, {"bad-signature"}),
    "another SOA at the end": (of([*whole(9, GOOD)[:-1], soa(10)]), {"wrong-serial"}),
    "an older zone than announced": (of(whole(4, GOOD)), {"wrong-serial"}),
    "an older zone than kept": (of(whole(2, GOOD)), {"backwards", "wrong-serial"}),
    "another zone's record": (of([soa(9), record("x", "elsewhere.test"), soa(9)]), {"out-of-zone"}),
    "a zone whose name only ends alike": (of([soa(9), record("x", "evilrpz.test"), soa(9)]), {"out-of-zone"}),
    "no SOA": (of([record("x.vn")]), {"no-soa"}),
    "no name server": (of([soa(9), record("x.vn"), soa(9)]), {"no-ns"}),
    "an empty zone": (of([soa(9), soa(9)]), {"no-ns", "wrong-serial"}),
    "records after the end": (of([*whole(9, GOOD), record("late.vn")]), {"after-end"}),
    "too many records": (
        of(whole(9, (f"x{n}" for n in range(6_000)))),
        {"too-many-records", "too-many-bytes"},
    ),
    "another id": (another_id, {"unsigned", "foreign"}),
    "refused": (refused, {"bad-signature", "rcode"}),
    "no message": (of(), {"cut"}),
    "an empty message": (of([]), {"malformed"}),
    "differences from elsewhere": (of([soa(9), soa(7), soa(9), soa(9)]), {"wrong-serial", "no-ns"}),
    "differences that do not fit": (
        lambda query: sent(
            query, [soa(9), soa(3), record("never.there"), soa(9), soa(9)] if is_ixfr(query) else [soa(9)]
        ),
        {"cut"},
    ),
    "differences backwards": (
        lambda query: sent(query, [soa(9), soa(3), soa(2), soa(9)] if is_ixfr(query) else [soa(9)]),
        {"cut"},
    ),
}


async def after(script: Script, folder: Path, *, limits: Limits = LIMITS, hang: bool = False) -> ZoneState:
    """Return the state after a good round at serial 3 and a round with ``script``, announced as serial 9."""
    async with playing(honest(3, GOOD), 3) as primary:
        first = await Secondary(transfer_of(primary), folder, lambda _: None, drawn=lambda: 0.0).round()
        assert (first.reason, first.serial) == ("", 3)
    async with playing(script, 9, hang=hang) as primary:
        wanted = transfer_of(primary, limits=limits)
        return await Secondary(wanted, folder, lambda _: None, drawn=lambda: 0.0).round()


@pytest.mark.parametrize("name", HOSTILE)
def test_last_good_zone_stays(name: str, tmp_path: Path) -> None:
    script, reasons = HOSTILE[name]
    state = asyncio.run(after(script, tmp_path))
    kept = (tmp_path / "test.rpz").read_text()
    assert state.reason in reasons
    assert state.message
    assert state.serial == 3
    assert "bad.vn CNAME .\n" in kept
    assert list(tmp_path.glob("*")) == [tmp_path / "test.rpz"]


@pytest.mark.parametrize(("seconds", "reason"), [(0.2, "timeout"), (5.0, "silent")])
def test_silence_ends_a_transfer(seconds: float, reason: str, tmp_path: Path) -> None:
    limits = Limits(seconds=seconds, silence=0.3, reply=1.0)
    state = asyncio.run(after(cut, tmp_path, limits=limits, hang=True))
    assert (state.reason, state.serial) == (reason, 3)


def test_differences_that_do_not_fit_bring_the_whole_zone(tmp_path: Path) -> None:
    def script(query: Query) -> Iterator[bytes]:
        wrong = [soa(9), soa(3), record("never.there"), soa(9), soa(9)]
        return sent(query, wrong if is_ixfr(query) else whole(9, ["new.vn"]))

    state = asyncio.run(after(script, tmp_path))
    assert (state.reason, state.serial) == ("", 9)
    assert "new.vn CNAME .\n" in (tmp_path / "test.rpz").read_text()


def test_differences_over_several_steps(tmp_path: Path) -> None:
    steps = [soa(9), soa(3), record("bad.vn"), soa(5), record("five.vn"), soa(5), record("five.vn")]
    steps += [soa(9), record("nine.vn"), soa(9)]
    state = asyncio.run(after(of(steps[:4], steps[4:]), tmp_path))
    assert (state.reason, state.serial, state.records) == ("", 9, 3)
    lines = (tmp_path / "test.rpz").read_text().splitlines()[4:-1]
    assert lines == ["@ NS localhost.", "worse.vn CNAME .", "nine.vn CNAME ."]


def test_unsigned_messages_between_signed_ones(tmp_path: Path) -> None:
    def script(query: Query) -> Iterator[bytes]:
        signer = Signer(tsig_key(KEY), query.mac or b"", time.time)
        plain = list(messages(query.id, ZONE, query.question[0].rdtype, [record("b.vn")], None))
        first = [soa(9), RECORDS.name_server(), record("a.vn")]
        yield from messages(query.id, ZONE, query.question[0].rdtype, first, signer)
        for message in plain:
            signer.cover(message)
            yield message
        yield from messages(query.id, ZONE, query.question[0].rdtype, [soa(9)], signer)

    state = asyncio.run(after(script, tmp_path))
    assert (state.reason, state.serial) == ("", 9)


@contextlib.contextmanager
def no_room_over(size: int) -> Iterator[None]:
    """Let no file of this process grow over a size, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("count", [200, 3_000], ids=["at the end", "in the middle"])
def test_a_disk_that_fills_up(count: int, tmp_path: Path) -> None:
    asyncio.run(after(honest(9, ["new.vn"]), tmp_path))

    async def again() -> ZoneState:
        large = honest(11, [f"name{number}.vn" for number in range(count)])
        async with playing(large, 11) as primary:
            return await Secondary(transfer_of(primary), tmp_path, lambda _: None, drawn=lambda: 0.0).round()

    with no_room_over(2_000):
        state = asyncio.run(again())
    assert (state.reason, state.serial) == ("storage", 9)
    assert [path.name for path in tmp_path.iterdir()] == ["test.rpz"]
    assert asyncio.run(again()).serial == 11
