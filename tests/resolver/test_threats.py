"""Upstreams that lie, by the rows of the threat list. Each test is named after its row."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from itertools import pairwise

import pytest
from dnslib import EDNS0, DNSRecord, EDNSOption

from tests.ask import Reply, packet
from tests.hostile import Asked, Hostile, address
from tests.resolver.conftest import Desk, until
from tests.site import STAFF

FORGED = "203.0.113.13"
TRUE = "192.0.2.1"


def _with(asked: Asked, at: int, value: bytes) -> bytes:
    raw = bytearray(asked.reply(f"@ 300 A {FORGED}"))
    raw[at : at + len(value)] = value
    return bytes(raw)


def _true(asked: Asked) -> None:
    asked.send(asked.reply(f"@ 300 A {TRUE}"))


def _of_another_question(asked: Asked) -> bytes:
    other = DNSRecord.parse(packet("other.example", number=asked.id))
    return Asked(bytes(other.pack()), False, asked.source, asked.send).reply(f"@ 300 A {FORGED}")


LIES: dict[str, Callable[[Asked], bytes]] = {
    "wrong id": lambda a: _with(a, 0, (a.id ^ 0x5555).to_bytes(2)),
    "another question": _of_another_question,
    "another type": lambda a: _with(a, 12 + len(a.name) + 1, b"\0\x1c"),
    "another class": lambda a: _with(a, 12 + len(a.name) + 3, b"\0\3"),
    "a query": lambda a: _with(a, 2, b"\1\0"),
    "another opcode": lambda a: _with(a, 2, b"\xa1"),
    "no question": lambda a: _with(a, 4, b"\0\0"),
    "two questions": lambda a: _with(a, 4, b"\0\2"),
}

MALFORMED: dict[str, Callable[[Asked], bytes]] = {
    "empty": lambda _: b"",
    "one byte": lambda _: b"\0",
    "header only": lambda a: a.reply()[:12],
    "cut in the record": lambda a: a.reply(f"@ 300 A {FORGED}")[:-13],
    "count too high": lambda a: _with(a, 6, b"\0\x09"),
    "count too low": lambda a: _with(a, 6, b"\0\0"),
    "trailing bytes": lambda a: a.reply(f"@ 300 A {FORGED}") + b"\0",
    "pointer to itself": lambda a: _record(a, b"\xc0" + bytes([12 + len(a.name) + 5])),
    "pointer forward": lambda a: _record(a, b"\xc0\xff"),
    "bad label": lambda a: _record(a, b"\x80a\0"),
    "address of five bytes": lambda a: _record(a, b"\xc0\x0c", b"\1\2\3\4\5"),
    "name over 255": lambda a: _record(a, (b"\x3f" + bytes(63)) * 4 + b"\0"),
}


def _record(asked: Asked, owner: bytes, rdata: bytes = b"\xcb\0\x71\x0d") -> bytes:
    raw = asked.reply()[: 12 + len(asked.name) + 5]
    head = raw[:6] + b"\0\1\0\0\0\0" + raw[12:]
    return head + owner + b"\0\1\0\1\0\0\1\x2c" + len(rdata).to_bytes(2) + rdata


@pytest.mark.parametrize("lie", LIES)
async def test_threat_01_a_reply_that_does_not_match_is_dropped(
    desk: Desk, hostile: Hostile, lie: str
) -> None:
    """Taken unchecked, anyone's guess would be the answer; ended by it, nobody would be answered."""

    def script(asked: Asked) -> None:
        asked.send(LIES[lie](asked))
        _true(asked)

    hostile.script = script
    assert (await desk.ask("www.example")).rdatas == [TRUE]
    assert len(hostile.asked) == 1


async def test_threat_01_a_reply_from_elsewhere_is_not_heard(desk: Desk, hostile: Hostile) -> None:
    """An unconnected socket would take a reply with the right ID from any address."""

    def script(asked: Asked) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(asked.reply(f"@ 300 A {FORGED}"), asked.source)
        _true(asked)

    hostile.script = script
    assert (await desk.ask("www.example")).rdatas == [TRUE]


async def test_threat_01_the_wrong_case_is_settled_over_tcp(desk: Desk, hostile: Hostile) -> None:
    """0x20: a forger must guess the letters' case as well; an upstream that loses it is asked over TCP."""

    def script(asked: Asked) -> None:
        raw = asked.reply(f"@ 300 A {TRUE if asked.tcp else FORGED}")
        name = raw[12 : 12 + len(asked.name) + 1]
        asked.send(raw if asked.tcp else raw.replace(name, name.swapcase()))

    hostile.script = script
    assert (await desk.ask("long-enough-for-any-case.example")).rdatas == [TRUE]
    assert [asked.tcp for asked in hostile.asked] == [False, True]


async def test_threats_01_04_07_ids_ports_and_case_cannot_be_foreseen(desk: Desk, hostile: Hostile) -> None:
    """A fixed port, a counted ID or the client's own (0 from DoH) leaves nothing to guess."""
    hostile.script = address(TRUE)
    for i in range(60):
        assert (await desk.ask(f"unforeseen{i}.example", number=0)).id == 0
    ids = [asked.id for asked in hostile.asked]
    ports = [asked.source[1] for asked in hostile.asked]
    assert len(set(ids)) > 55
    assert len(set(ports)) > 50
    steps = {(b - a) % 65536 for a, b in pairwise(ids)}
    assert len(steps) > 50
    mixed = ["".join("u" if c.isupper() else "l" for c in asked.name[:10]) for asked in hostile.asked]
    assert len(set(mixed)) > 40


async def test_threat_02_each_question_has_a_port_of_its_own(desk: Desk, hostile: Hostile) -> None:
    """Questions in flight together on one port could be found out with one scan."""
    waiting = [asyncio.create_task(desk.ask(f"together{i}.example")) for i in range(20)]
    await until(lambda: len(hostile.asked) >= 20, "all questions upstream")
    ports = {asked.source[1] for asked in hostile.asked}
    for asked in list(hostile.asked):
        _true(asked)
    await asyncio.gather(*waiting)
    assert len(ports) == 20


async def test_threat_03_one_exchange_for_many_askers(desk: Desk, hostile: Hostile) -> None:
    """Each further exchange for one question in flight doubles a forger's chance (birthday)."""
    waiting = [asyncio.create_task(desk.ask("www.example")) for _ in range(50)]
    await until(lambda: hostile.asked, "the question upstream")
    await asyncio.sleep(0)
    _true(hostile.asked[0])
    replies = await asyncio.gather(*waiting)
    assert [reply.rdatas for reply in replies] == [[TRUE]] * 50
    assert len(hostile.asked) == 1


async def test_threat_03_guesses_move_the_question_to_tcp(desk: Desk, hostile: Hostile) -> None:
    """Waiting on while wrong IDs rain in lets the forger go on until he hits."""

    def script(asked: Asked) -> None:
        if asked.tcp:
            _true(asked)
            return
        for guess in range(1, 7):
            asked.send(_with(asked, 0, (asked.id ^ guess).to_bytes(2)))
        asked.send(asked.reply(f"@ 300 A {FORGED}"))  # the hit, too late

    hostile.script = script
    assert (await desk.ask("www.example")).rdatas == [TRUE]
    assert [asked.tcp for asked in hostile.asked] == [False, True]
    assert desk.event("upstream-id") == 5


async def test_threat_05_nothing_large_enough_to_fragment(desk: Desk, hostile: Hostile) -> None:
    """Fragments after the first carry no ID and no port to check."""

    def script(asked: Asked) -> None:
        asked.send(asked.reply(f"@ 300 A {TRUE}") if asked.tcp else asked.reply(f"@ 300 A {FORGED}", tc=True))

    hostile.script = script
    assert (await desk.ask("www.example")).rdatas == [TRUE]
    for asked in hostile.asked:
        (opt,) = asked.record.ar
        assert opt.rclass == 1232
    assert [asked.tcp for asked in hostile.asked] == [False, True]


@pytest.mark.parametrize("kind", MALFORMED)
async def test_threats_06_13_a_malformed_reply_is_dropped_and_the_valid_one_awaited(
    desk: Desk, hostile: Hostile, kind: str
) -> None:
    """TuDoor: one broken packet must not end the wait; RFC 9267: nor may a loop in it end the worker."""

    def script(asked: Asked) -> None:
        asked.send(MALFORMED[kind](asked))
        _true(asked)

    hostile.script = script
    assert (await desk.ask("www.example")).rdatas == [TRUE]
    assert len(hostile.asked) == 1


@pytest.mark.parametrize("kind", [*LIES, *MALFORMED])
async def test_threat_08_tcp_replies_are_checked_alike(
    new_desk: Callable[..., Desk], hostile: Hostile, kind: str
) -> None:
    """An encrypted or connected transport proves who speaks, not that the reply is to this question."""
    lie = (LIES | MALFORMED)[kind]

    def script(asked: Asked) -> None:
        asked.send(lie(asked) or b"\0" if asked.tcp else asked.reply(tc=True))

    hostile.script = script
    desk = new_desk(hostile.port, upstreams={"attempts": 1})
    reply = await desk.ask("www.example")
    assert (reply.rcode_name, reply.answers) == ("SERVFAIL", [])


async def test_threat_09_foreign_records_are_left_behind(desk: Desk, hostile: Hostile) -> None:
    """Relayed, they would poison every cache behind this one."""
    foreign = (
        "bank.example. 300 A 203.0.113.13",
        "@ 300 TXT not-asked-for",
        "ns.bank.example. 300 A 203.0.113.13",
    )
    authority = ("bank.example. 300 NS ns.bank.example.",)

    def script(asked: Asked) -> None:
        asked.send(asked.reply(f"@ 300 A {TRUE}", *foreign, authority=authority))

    hostile.script = script
    for _ in range(2):
        reply = await desk.ask("www.example", do=True)
        assert reply.answers == [("www.example.", "A", TRUE)]
        assert reply.record.auth == []
    hostile.script = lambda asked: asked.send(asked.reply(rcode=3))
    assert (await desk.ask("bank.example")).rcode_name == "NXDOMAIN"


@pytest.mark.parametrize(
    "records",
    [
        ("@ 300 CNAME @",),
        ("@ 300 CNAME b.example.", "b.example. 300 CNAME c.example.", "c.example. 300 CNAME b.example."),
        tuple(f"{'@' if i == 0 else f'c{i}.example.'} 300 CNAME c{i + 1}.example." for i in range(30)),
    ],
)
async def test_threat_14_loops_and_long_chains_are_no_answer(
    new_desk: Callable[..., Desk], hostile: Hostile, records: tuple[str, ...]
) -> None:
    """Followed without a limit they cost a stack or a day."""
    hostile.script = lambda a: a.send(a.reply(*(r.replace("CNAME @", f"CNAME {a.name}") for r in records)))
    desk = new_desk(hostile.port, upstreams={"attempts": 1})
    assert (await desk.ask("loop.example")).rcode_name == "SERVFAIL"


async def test_threat_15_too_many_records_are_no_answer(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    """Thousands of records or signatures in one reply would stop the worker for everyone."""
    many = tuple(f"@ 300 A 10.0.{i // 250}.{i % 250}" for i in range(1000))
    hostile.script = lambda a: a.send(a.reply(*many) if a.tcp else a.reply(tc=True))
    desk = new_desk(hostile.port, upstreams={"attempts": 1})
    assert (await desk.ask("many.example")).rcode_name == "SERVFAIL"


async def test_threats_20_21_no_edns_option_passes_either_way(desk: Desk, hostile: Hostile) -> None:
    """A client subnet leaks who asks; a smuggled option speaks to whoever believes it."""
    options = [EDNSOption(8, b"\0\1\x18\0\xc0\0\2"), EDNSOption(10, b"cookie!!"), EDNSOption(65001, b"x")]

    def script(asked: Asked) -> None:
        reply = asked.record.reply(aa=0)
        reply.ar.clear()
        reply.add_answer(*asked.record.replyZone(f"{asked.name} 300 A {TRUE}").rr)
        reply.add_ar(EDNS0(udp_len=1232, opts=options))
        asked.send(bytes(reply.pack()))

    hostile.script = script
    record = DNSRecord.question("www.example")
    record.add_ar(EDNS0(udp_len=1232, opts=options))
    for _ in range(2):
        reply = await desk.send(bytes(record.pack()), STAFF)
        assert reply is not None
        assert reply.rdatas == [TRUE]
        (opt,) = reply.record.ar
        assert opt.rdata == []
    (opt,) = hostile.asked[0].record.ar
    assert opt.rdata == []


async def test_threat_20_two_opts_are_no_reply(new_desk: Callable[..., Desk], hostile: Hostile) -> None:
    """RFC 6891 6.1.1: at most one; a second is there to confuse."""

    def script(asked: Asked) -> None:
        raw = bytearray(asked.reply(f"@ 300 A {FORGED}"))
        raw[10:12] = b"\0\2"
        asked.send(bytes(raw) + b"\0\0\x29\4\xd0\0\0\0\0\0\0")
        _true(asked)

    hostile.script = script
    assert (await new_desk(hostile.port).ask("www.example")).rdatas == [TRUE]


async def test_threat_22_a_failure_is_remembered(desk: Desk, hostile: Hostile) -> None:
    """RFC 9520: without it every client's retry goes to the upstream that is down."""
    hostile.script = lambda asked: asked.send(asked.reply(rcode=2))
    first = await desk.ask("broken.example")
    assert (first.rcode_name, first.ede and first.ede[0]) == ("SERVFAIL", 22)
    asked = hostile.count("broken.example")
    pauses = []
    for _ in range(10):
        begin = desk.now
        while hostile.count("broken.example") == asked:
            desk.now += 1
            reply = await desk.ask("broken.example")
            assert reply.rcode_name == "SERVFAIL"
        asked = hostile.count("broken.example")
        pauses.append(desk.now - begin)
    assert pauses[0] >= 5
    assert pauses == sorted(pauses)
    assert max(pauses) <= 301
    hostile.script = address(TRUE)
    desk.now += 301
    assert (await desk.ask("broken.example")).rdatas == [TRUE]


async def test_threat_23_random_labels_stay_within_bounds(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    """Water torture: names that nobody answers must not pile up questions without end."""
    desk = new_desk(hostile.port, limits={"queries_in_flight": 20, "in_flight_per_client": 1000})
    replies = await asyncio.gather(*(desk.ask(f"x{i}.victim.example") for i in range(200)))
    assert {reply.rcode_name for reply in replies} == {"SERVFAIL"}
    assert len(set(hostile.names)) == 20
    assert desk.event("overloaded") == 180
    hostile.script = address(TRUE)
    assert (await desk.ask("www.example")).rdatas == [TRUE]


async def test_threat_23_one_client_cannot_take_all_questions_in_flight(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    """A pupil's broken program must leave room for the class."""
    desk = new_desk(hostile.port, limits={"in_flight_per_client": 5})
    waiting = [asyncio.create_task(desk.ask(f"y{i}.example", source="127.0.3.7")) for i in range(40)]
    await until(lambda: len(hostile.asked) >= 5, "five questions upstream")
    other = asyncio.create_task(desk.ask("www.example", source="127.0.3.8"))
    asked = await until(lambda: [a for a in hostile.asked if a.name.lower() == "www.example."], "the other's")
    _true(asked[0])
    assert (await other).rdatas == [TRUE]
    replies = await asyncio.gather(*waiting)
    assert len({name for name in hostile.names if name.startswith("y")}) == 5
    assert {reply.rcode_name for reply in replies} == {"SERVFAIL"}


async def test_the_limit_holds_for_a_batch_of_datagrams(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    """The listener takes 64 packets before the first task runs."""
    desk = new_desk(hostile.port, limits={"in_flight_per_client": 5})
    sender = b"\x7f\0\3\1"
    replies = [desk.resolver.reply(packet(f"z{i}.example"), sender, udp=True) for i in range(64)]
    later = [reply for reply in replies if asyncio.iscoroutine(reply)]
    await asyncio.gather(*later)
    assert len(later) == 5


async def test_a_classroom_behind_one_address_may_wait_for_one_question(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    """A new worker finds what all of them asked meanwhile: a hundred queries, and two questions."""
    desk = new_desk(hostile.port, limits={"in_flight_per_client": 5})
    sender = b"\x7f\0\3\1"
    names = ["www.example", "hoc.example"] * 20
    waiting = [
        asyncio.ensure_future(reply)
        for name in names
        if asyncio.iscoroutine(reply := desk.resolver.reply(packet(name), sender, udp=True))
    ]
    assert len(waiting) == 40
    asked = await until(lambda: len(hostile.asked) == 2 and hostile.asked, "two questions upstream")
    for each in asked:
        _true(each)
    assert {Reply(raw).rcode_name for raw in await asyncio.gather(*waiting)} == {"NOERROR"}
    refused = [desk.resolver.reply(packet("www2.example"), sender, udp=True) for _ in range(60)]
    assert sum(asyncio.iscoroutine(reply) for reply in refused) == 50
    await asyncio.gather(*(reply for reply in refused if asyncio.iscoroutine(reply)))


async def test_queries_of_one_client_are_limited_in_a_second(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    hostile.script = address(TRUE)
    desk = new_desk(hostile.port, limits={"queries_per_second": 10})
    for name in ("www.example", "bet.example"):
        answered = [await desk.send(packet(name), "127.0.3.9") for _ in range(15)]
        assert [reply is not None for reply in answered] == [True] * 10 + [False] * 5
        assert await desk.send(packet(name), "127.0.3.10") is not None
        desk.rules.refill()
    assert desk.event("limited") == 10
