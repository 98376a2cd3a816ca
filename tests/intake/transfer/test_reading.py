"""Messages of any bytes and records of any order: refused with a reason, or a zone; never anything else."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.intake.transfer.envelope import open_envelope
from schoolguard.intake.transfer.incoming import Incoming
from schoolguard.intake.transfer.model import Limits, Primary, Transfer, TransferKey, TransferRefused
from schoolguard.intake.transfer.notify import Notices, NotifyListener
from schoolguard.intake.transfer.signatures import tsig_key
from schoolguard.intake.transfer.soa import Soa
from tests.ask import wire
from tests.intake.transfer.hostile import sent, whole
from tests.intake.transfer.primaries import KEY, WRONG, ZONE
from tests.servers import free_port

ORIGIN = wire("rpz", "test")
QUERY = dns.message.make_query(ZONE, "AXFR")
GOOD = next(sent(QUERY, whole(3, ["bad.vn", "worse.vn"]), key=None))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(message: bytes) -> None:
    check(message)


def check(message: bytes) -> None:
    reason = ""
    try:
        open_envelope(message, ORIGIN)
    except TransferRefused as error:
        reason = error.reason
    assert reason in ("", "malformed", "out-of-zone", "class")


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4))
def test_changed_messages_are_refused_or_read(at: int, change: bytes) -> None:
    check(GOOD[:at] + change + GOOD[at + len(change) :])


class Taken:
    """Keeps what a whole zone brings."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def begin(self, soa: Soa) -> None:
        self.records = []

    def lines(self, lines: list[bytes]) -> None:
        self.records += lines


def soa(serial: int) -> Soa:
    return Soa(b"a.", b"b.", serial, 1, 1, 1, 1)


ITEMS = st.lists(st.sampled_from([soa(3), soa(4), soa(5), b"a CNAME .\n", b"b CNAME .\n"]), max_size=12)


@given(ITEMS, st.sampled_from([None, 3, 4]), st.booleans())
def test_any_order_is_refused_or_taken(items: list[Soa | bytes], kept: int | None, incremental: bool) -> None:
    incoming = Incoming(kept, incremental and kept is not None, Limits(), Taken())
    reason = ""
    try:
        incoming.take(items)
    except TransferRefused as error:
        reason = error.reason
    assert reason in ("", "no-soa", "backwards", "wrong-serial", "mismatch", "after-end")
    assert reason or not incoming.done or items[-1] == items[0]


STATES = st.lists(
    st.frozensets(st.sampled_from([b"%d CNAME .\n" % n for n in range(6)])), min_size=2, max_size=5
)


@given(STATES)
def test_differences_lead_from_the_first_state_to_the_last(states: list[frozenset[bytes]]) -> None:
    last = 10 + len(states) - 1
    items: list[Soa | bytes] = [soa(last)]
    for number, (before, after) in enumerate(itertools.pairwise(states), 10):
        items += [soa(number), *(before - after), soa(number + 1), *(after - before)]
    incoming = Incoming(10, True, Limits(), Taken())
    incoming.take([*items, soa(last)])
    difference = incoming.difference
    assert incoming.done
    assert difference is not None
    assert difference.removed <= states[0]
    assert not difference.added & states[0]
    assert (states[0] - difference.removed) | difference.added == states[-1]


def notices(told: list[str], key: TransferKey | None = KEY) -> Notices:
    return Notices([Transfer("test", ZONE, (Primary(("192.0.2.1", 53), key),))], told.append)


def notify(key: TransferKey | None = KEY, zone: str = ZONE, kind: str = "SOA", reply: bool = False) -> bytes:
    message = dns.message.make_query(zone, kind)
    message.set_opcode(dns.opcode.NOTIFY)
    if reply:
        message.flags |= dns.flags.QR
    if key is not None:
        message.use_tsig(dns.tsig.Key(key.name, key.secret, str(key.algorithm)))
    return message.to_wire()


@pytest.mark.parametrize(
    ("made", "source", "heard", "answered", "counted"),
    [
        (notify, "192.0.2.1", True, True, "taken"),
        (notify, "192.0.2.2", False, False, "foreign"),
        (lambda: notify(zone="other.test"), "192.0.2.1", False, True, "foreign"),
        (lambda: notify(kind="A"), "192.0.2.1", False, True, "foreign"),
        (lambda: notify(None), "192.0.2.1", False, True, "unsigned"),
        (lambda: notify(WRONG), "192.0.2.1", False, False, "bad-signature"),
        (lambda: notify(reply=True), "192.0.2.1", False, False, "malformed"),
        (QUERY.to_wire, "192.0.2.1", False, False, "malformed"),
        (lambda: b"", "192.0.2.1", False, False, "malformed"),
    ],
)
def test_who_may_notify(
    made: Callable[[], bytes], source: str, heard: bool, answered: bool, counted: str
) -> None:
    told: list[str] = []
    ours = notices(told)
    assert (ours.answer(made(), source) is not None) is answered
    assert told == (["test"] if heard else [])
    assert ours.counts == {counted: 1}


def test_a_primary_without_a_key_may_notify_unsigned() -> None:
    told: list[str] = []
    assert notices(told, None).answer(notify(None), "192.0.2.1") is not None
    assert told == ["test"]


@given(st.one_of(st.binary(max_size=100), st.tuples(st.integers(0, 100), st.binary(min_size=1, max_size=4))))
def test_any_notify_is_counted_once(change: bytes | tuple[int, bytes]) -> None:
    told: list[str] = []
    ours = notices(told)
    good = notify()
    if isinstance(change, bytes):
        message = change
    else:
        message = good[: change[0]] + change[1] + good[change[0] + len(change[1]) :]
    ours.answer(message, "192.0.2.1")
    assert ours.counts.total() == 1
    assert len(told) == ours.counts["taken"]


def test_notify_over_udp_and_tcp() -> None:
    told: list[str] = []
    wanted = Transfer("test", ZONE, (Primary(("127.0.0.1", 53), KEY),))

    async def both(port: int) -> None:
        async with NotifyListener(("127.0.0.1", port), Notices([wanted], told.append)):
            for ask in (dns.query.udp, dns.query.tcp):
                query = dns.message.make_query(ZONE, "SOA")
                query.set_opcode(dns.opcode.NOTIFY)
                query.use_tsig(tsig_key(KEY))
                reply = await asyncio.to_thread(ask, query, "127.0.0.1", 5, port)
                assert reply.opcode() == dns.opcode.NOTIFY
                assert reply.had_tsig
                assert not reply.rcode()

    asyncio.run(both(free_port()))
    assert told == ["test", "test"]


def test_a_connection_that_says_nothing_is_closed() -> None:
    async def silent(port: int) -> bytes:
        async with NotifyListener(("127.0.0.1", port), notices([])), asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"\xff\xff")
            found = await reader.read()
            writer.close()
            return found

    assert asyncio.run(silent(free_port())) == b""
