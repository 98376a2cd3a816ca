"""Our primary: who is given what, by whole zones and differences; and anything that may be sent to it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
import dns.xfr
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.hub.export.answering import Answering
from schoolguard.hub.export.model import Consumer, ExportZone, Ruling, ServerLimits, Verdict
from schoolguard.hub.export.notifying import tell
from schoolguard.hub.export.primary import PrimaryServer
from schoolguard.hub.export.published import ExportFolder
from schoolguard.intake.transfer.model import Algorithm, Primary, Transfer, TransferKey, ZoneState
from schoolguard.intake.transfer.notify import Notices, NotifyListener
from schoolguard.intake.transfer.secondary import Secondary
from schoolguard.intake.transfer.signatures import tsig_key
from tests.intake.transfer.primaries import KEY, STRONG, WRONG
from tests.servers import free_port

ZONE = "thcs.rpz.test"
EXPORT = ExportZone(ZONE, "thcs", 8, (Consumer((ip_network("127.0.0.0/8"),), KEY),), journal_share=9.0)


def blocks(*names: str) -> list[Ruling]:
    return [Ruling(f"vn.{name}.", Verdict.BLOCK, Verdict.BLOCK) for name in sorted(names)]


def answering(root: Path, export: ExportZone = EXPORT) -> Answering:
    return Answering([export], root, time.time)


def asked(kind: str, key: TransferKey | None = KEY, zone: str = ZONE) -> bytes:
    query = dns.message.make_query(zone, kind)
    if kind == "IXFR":
        soa = dns.rrset.from_text(query.question[0].name, 0, "IN", "SOA", ". . 1 0 0 0 0")
        query.authority.append(soa)
    if key is not None:
        query.use_tsig(tsig_key(key))
    return query.to_wire()


@pytest.mark.parametrize(
    ("made", "source", "stream", "kind"),
    [
        (lambda: asked("SOA"), "127.0.0.1", False, "soa"),
        (lambda: asked("SOA"), "::ffff:127.0.0.1", False, "soa"),
        (lambda: asked("AXFR"), "127.0.0.1", True, "axfr"),
        (lambda: asked("IXFR"), "127.0.0.1", True, "axfr"),
        (lambda: asked("IXFR"), "127.0.0.1", False, "soa"),
        (lambda: asked("AXFR"), "127.0.0.1", False, "malformed"),
        (lambda: asked("AXFR"), "192.0.2.1", True, "refused"),
        (lambda: asked("AXFR", None), "127.0.0.1", True, "refused"),
        (lambda: asked("AXFR", WRONG), "127.0.0.1", True, "bad-signature"),
        (lambda: asked("AXFR", STRONG), "127.0.0.1", True, "bad-signature"),
        (lambda: asked("AXFR", KEY, "other.test"), "127.0.0.1", True, "refused"),
        (lambda: asked("A"), "127.0.0.1", True, "not-ready"),
    ],
)
def test_who_is_given_what(
    made: Callable[[], bytes], source: str, stream: bool, kind: str, tmp_path: Path
) -> None:
    wire = made()  # a signature is good for five minutes
    ExportFolder(tmp_path, EXPORT).publish(blocks("a"), 1000)
    reply = answering(tmp_path).answer(wire, source, stream=stream)
    assert reply is not None
    assert reply.kind == kind
    messages = list(reply.messages)
    assert all(message[:2] == wire[:2] and message[2] & 0x80 for message in messages)
    if kind not in ("soa", "axfr"):
        assert len(messages) == 1
        assert messages[0][3] & 15
        assert len(messages[0]) <= len(wire) + 40


def test_before_the_first_export_nothing_is_served(tmp_path: Path) -> None:
    reply = answering(tmp_path).answer(asked("SOA"), "127.0.0.1", stream=False)
    assert reply is not None
    assert reply.kind == "not-ready"


GOOD = asked("IXFR")


@given(
    st.one_of(st.binary(max_size=80), st.tuples(st.integers(0, len(GOOD)), st.binary(min_size=1, max_size=3)))
)
def test_anything_may_be_sent(
    tmp_path_factory: pytest.TempPathFactory, change: bytes | tuple[int, bytes]
) -> None:
    wire = (
        change
        if isinstance(change, bytes)
        else GOOD[: change[0]] + change[1] + GOOD[change[0] + len(change[1]) :]
    )
    reply = answering(tmp_path_factory.getbasetemp()).answer(wire, "127.0.0.1", stream=True)
    assert reply is None or all(len(message) < 600 for message in reply.messages)


def test_dnspython_reads_the_whole_zone(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(3000)]
    rulings = [*blocks(*names), Ruling("vn.open.", Verdict.OPEN, Verdict.NONE)]
    ExportFolder(tmp_path, EXPORT).publish(rulings, 1000)

    async def transferred(port: int) -> dns.zone.Zone:
        zone = dns.zone.Zone(ZONE)
        query, _ = dns.xfr.make_query(zone, keyring=tsig_key(KEY))
        async with PrimaryServer(("127.0.0.1", port), answering(tmp_path), ServerLimits()):
            await asyncio.to_thread(dns.query.inbound_xfr, "127.0.0.1", zone, query, port)
        return zone

    zone = asyncio.run(transferred(free_port()))
    assert len(zone.nodes) == 2 * len(names) + 2
    assert zone.get_rdataset("n7.vn", "CNAME")[0].target == dns.name.root  # type: ignore[index]
    assert str(zone.get_rdataset("open.vn", "CNAME")[0].target) == "rpz-passthru."  # type: ignore[index]


@pytest.mark.parametrize("algorithm", tuple(Algorithm))
def test_our_secondary_follows_our_primary(algorithm: Algorithm, tmp_path: Path) -> None:
    key = replace(KEY, algorithm=algorithm)

    async def follow() -> tuple[list[ZoneState], dict[str, int]]:
        port, ear = free_port(), free_port()
        consumer = Consumer((ip_network("127.0.0.1/32"),), key, (("127.0.0.1", ear),))
        export = replace(EXPORT, consumers=(consumer,))
        folder = ExportFolder(tmp_path, export)
        folder.publish(blocks("a", "b"), 1000)
        seen: asyncio.Queue[ZoneState] = asyncio.Queue()
        wanted = Transfer("ours", ZONE, (Primary(("127.0.0.1", port), key),))
        wanted = replace(wanted, bounds=replace(wanted.bounds, notify=0.0))
        ours = Secondary(wanted, tmp_path / "kept", seen.put_nowait, drawn=lambda: 0.0)
        ear_ = NotifyListener(("127.0.0.1", ear), Notices([wanted], lambda _: ours.notify()))
        server = PrimaryServer(("127.0.0.1", port), answering(tmp_path, export), ServerLimits())
        async with asyncio.timeout(20), server, ear_:
            running = asyncio.create_task(ours.run())
            states = [await seen.get()]
            published = folder.publish(blocks("b", "c"), 2000)
            heard = await tell(export, published.serial, 0.5)
            assert heard == {("127.0.0.1", ear): True}
            states.append(await seen.get())
            running.cancel()
        return states, dict(server.counts)

    states, counts = asyncio.run(follow())
    assert [(state.serial, state.reason) for state in states] == [(1000, ""), (2000, "")]
    assert (counts["axfr"], counts["ixfr"]) == (1, 1)
    lines = (tmp_path / "kept" / "ours.rpz").read_text().splitlines()[4:-1]
    assert lines == ["@ NS localhost.", "b.vn CNAME .", "*.b.vn CNAME .", "c.vn CNAME .", "*.c.vn CNAME ."]


def test_a_secondary_that_lags_behind_gets_all_steps(tmp_path: Path) -> None:
    async def lagging() -> tuple[ZoneState, dict[str, int]]:
        port = free_port()
        wanted = Transfer("ours", ZONE, (Primary(("127.0.0.1", port), KEY),))
        folder = ExportFolder(tmp_path, EXPORT)
        async with PrimaryServer(("127.0.0.1", port), answering(tmp_path), ServerLimits()) as server:
            folder.publish(blocks("a", "b"), 1000)
            ours = Secondary(wanted, tmp_path / "kept", lambda _: None, drawn=lambda: 0.0)
            await ours.round()
            for number, names in enumerate(("abc", "bc", "bcd")):
                folder.publish(blocks(*names), 2000 + number)
            return await ours.round(), dict(server.counts)

    state, counts = asyncio.run(lagging())
    assert (state.serial, state.reason, state.records) == (2002, "", 7)
    assert (counts["axfr"], counts["ixfr"]) == (1, 1)
    lines = (tmp_path / "kept" / "ours.rpz").read_text().splitlines()[4:-1]
    assert [line.split()[0] for line in lines] == ["@", "b.vn", "*.b.vn", "c.vn", "*.c.vn", "d.vn", "*.d.vn"]


def test_a_secondary_that_does_not_read_takes_one_place(tmp_path: Path) -> None:
    ExportFolder(tmp_path, EXPORT).publish(
        [Ruling(f"vn.n{n}.", Verdict.BLOCK, Verdict.BLOCK) for n in range(150_000)], 1
    )

    async def crowded() -> dict[str, int]:
        port = free_port()
        limits = ServerLimits(per_address=1, write=0.3)
        async with (
            PrimaryServer(("127.0.0.1", port), answering(tmp_path), limits) as server,
            asyncio.timeout(20),
        ):
            lazy = [await asyncio.open_connection("127.0.0.1", port, limit=1) for _ in range(2)]
            for _, writer in lazy:
                wire = asked("AXFR")
                writer.write(len(wire).to_bytes(2) + wire)
            while server.counts["cut"] < 1:  # noqa: ASYNC110 - a counter has no event
                await asyncio.sleep(0.01)
            for _, writer in lazy:
                writer.transport.abort()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
            return dict(server.counts)

    counts = asyncio.run(crowded())
    assert (counts["cut"], counts["busy"]) == (1, 1)


def test_nobody_listens_to_a_notify() -> None:
    at = ("127.0.0.1", free_port())
    export = replace(EXPORT, consumers=(Consumer((), KEY, (at,)),))
    assert asyncio.run(tell(export, 5, 0.01)) == {at: False}


def test_a_broken_folder_is_said(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path, EXPORT)
    folder.publish(blocks("a"), 1000)
    (tmp_path / ZONE / "current.json").write_text("{")
    server = PrimaryServer(("127.0.0.1", 0), answering(tmp_path), ServerLimits())
    assert server.reply(asked("SOA"), "127.0.0.1", stream=True) is None
    assert server.counts == {"broken": 1}
