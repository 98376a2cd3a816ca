"""Broken packets over real sockets: a reply, an error or silence, never an exception, never a dead worker.

The default run takes about 15 s; SCHOOLGUARD_FUZZ_SECONDS sets another time, SCHOOLGUARD_FUZZ_SEED another
beginning. What fails prints the batch as hexadecimal text.
"""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ask import framed, packet, read_message, wire
from tests.servers import Gateway, free_port, resident, serving, wait_until
from tests.site import PRIMARY, STAFF, UNSERVED, Site

SECONDS = float(os.environ.get("SCHOOLGUARD_FUZZ_SECONDS", "12"))
SEED = int(os.environ.get("SCHOOLGUARD_FUZZ_SEED", "2026"))
BATCH = 200
ALLOWED_RCODES = {0, 1, 2, 3, 4, 5, 9, 16}
"""NOERROR, FORMERR, SERVFAIL (no upstream), NXDOMAIN, NOTIMP, REFUSED, NOTAUTH (TSIG), BADVERS."""
GROWTH = 24 << 20

_TRUE_PACKETS = [
    packet("www.hoc.example", number=0),
    packet("bet.example", "AAAA", number=0, do=True),
    packet("bet.example", "HTTPS", number=0, edns=None),
    packet("www.hoc.example", "ANY", number=0),
    packet(wire("www", "hoc", "example"), 65280, number=0),
    packet("a.b.c.d.e.f.g.h.bet.example", "TXT", number=0, cd=True),
    packet("www.hoc.example", "A", number=0)[:-2] + b"\0\x0c\0\x08\0\x08\0\1\x18\0\xc0\0\2",
    packet("www.hoc.example", "A", number=0)[:-2] + b"\0\x0c\0\x0a\0\x08cookie!!",
    packet("x" * 63 + ".hoc.example", number=0),
    packet(wire(*["y" * 63] * 3, "z" * 61), number=0),
    packet("", "NS", number=0),
]


def _flip(r: random.Random, raw: bytearray) -> None:
    for _ in range(r.randrange(1, 6)):
        if len(raw) > 2:
            raw[r.randrange(2, len(raw))] ^= 1 << r.randrange(8)


def _cut(r: random.Random, raw: bytearray) -> None:
    del raw[r.randrange(len(raw) + 1) :]


def _append(r: random.Random, raw: bytearray) -> None:
    raw += r.randbytes(r.choice([1, 2, 11, 40, 300, 1500]))


def _count(r: random.Random, raw: bytearray) -> None:
    if len(raw) >= 12:
        at = r.choice([4, 6, 8, 10])
        raw[at : at + 2] = r.choice([0, 1, 2, 3, 255, 256, 65535]).to_bytes(2)


def _flags(r: random.Random, raw: bytearray) -> None:
    if len(raw) >= 4:
        raw[2:4] = r.randbytes(2)


def _pointer(r: random.Random, raw: bytearray) -> None:
    if len(raw) > 14:
        at = r.randrange(12, len(raw) - 1)
        raw[at : at + 2] = (0xC000 | r.choice([0, 12, at, at + 1, 0x3FFF, r.randrange(0x4000)])).to_bytes(2)


def _label(r: random.Random, raw: bytearray) -> None:
    if len(raw) > 13:
        raw[12] = r.choice([0, 1, 63, 64, 65, 127, 128, 191, 192, 255])


def _type(r: random.Random, raw: bytearray) -> None:
    if len(raw) > 20:
        end = raw.find(0, 12)
        if 0 < end < len(raw) - 4:
            raw[end + 1 : end + 5] = r.randbytes(2) + r.choice([b"\0\1", b"\0\1", b"\0\3", r.randbytes(2)])


def _insert(r: random.Random, raw: bytearray) -> None:
    at = r.randrange(len(raw) + 1)
    raw[at:at] = r.randbytes(r.randrange(1, 20))


def _second_opt(r: random.Random, raw: bytearray) -> None:
    options = r.randbytes(r.randrange(0, 30))
    raw += b"\0\0\x29" + r.randbytes(6) + r.choice([len(options), 0, 65535]).to_bytes(2) + options
    if len(raw) >= 12:
        raw[10:12] = r.choice([1, 2, 3]).to_bytes(2)


_MUTATIONS: Sequence[Callable[[random.Random, bytearray], None]] = (
    *(_flip, _flip, _cut, _append, _count, _flags, _pointer, _label, _type, _insert, _second_opt),
)


def mutated(r: random.Random, number: int) -> bytes:
    """Return a query, damaged in one to four ways, with an ID unless it lost even that."""
    raw = bytearray(r.choice(_TRUE_PACKETS))
    for _ in range(r.choice([1, 1, 2, 3, 4])):
        r.choice(_MUTATIONS)(r, raw)
    if len(raw) >= 2:
        raw[:2] = number.to_bytes(2)
    return bytes(raw[:4000])


def judge(sent: bytes, raw: bytes) -> None:
    """Check that a reply to whatever was sent is one that may go out."""
    assert len(sent) >= 12, "what has no header was answered"
    assert not sent[2] & 0x80, "a reply was answered"
    assert raw[2] & 0x80, "the reply is none"
    assert raw[:2] == sent[:2]
    assert raw[2] & 0x78 == sent[2] & 0x78, "another opcode"
    rcode, rdatas = read(raw)
    assert rcode in ALLOWED_RCODES, rcode
    if rcode in (1, 4, 16):
        assert len(raw) <= len(sent), "an error longer than the query"
    assert b"\xcb\0\x71\x42" not in rdatas, "a blocked name's address"


def read(raw: bytes) -> tuple[int, list[bytes]]:
    """Return RCODE and RDATA of a well-formed message, whose names may hold any byte."""
    questions, *counts = (int.from_bytes(raw[at : at + 2]) for at in range(4, 12, 2))
    at, rcode, rdatas = 12, raw[3] & 15, []
    for _ in range(questions):
        at = _name_end(raw, at) + 4
    for _ in range(sum(counts)):
        at = _name_end(raw, at)
        kind, upper = int.from_bytes(raw[at : at + 2]), raw[at + 4]
        size = int.from_bytes(raw[at + 8 : at + 10])
        rdatas.append(raw[at + 10 : at + 10 + size])
        rcode |= upper << 4 if kind == 41 else 0
        at += 10 + size
    assert at == len(raw), "bytes that belong to no record"
    return rcode, rdatas


def _name_end(raw: bytes, at: int) -> int:
    while raw[at]:
        if raw[at] >= 0xC0:
            return at + 2
        at += raw[at] + 1
    return at + 1


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, upstream: int) -> Iterator[Gateway]:
    """A gateway to be mistreated."""
    site = Site(tmp_path_factory.mktemp("target"), free_port(), free_port(), [f"127.0.0.1@{upstream}"])
    site.forwarding = {"timeout": 0.2, "attempts": 1}
    site.limits = {"tcp-idle": "2s", "tcp-per-client": 500}
    site.caches = {"replies": "2 MiB", "answers": "2 MiB"}  # so that what grows is a leak
    with serving(site.write()) as running:
        yield running


@pytest.fixture
def unharmed(target: Gateway) -> Iterator[Gateway]:
    """The gateway, checked afterwards: the same worker, no error logged, no bug counted, no memory grown."""
    workers = target.workers()
    for source in (PRIMARY, STAFF):  # warm, so that the growth is the attack's
        target.asker(source).ask("www.hoc.example")
    before = resident(workers[0])
    errors = len(target.errors())
    yield target
    assert target.workers() == workers
    assert target.errors()[errors:] == []
    sentinel(target)
    wait_until(lambda: target.metric("schoolguard_queries_in_flight") == 0, "an end of the questions")
    assert target.event("bug") == 0
    assert resident(workers[0]) - before < GROWTH
    assert target.metric("schoolguard_worker_restarts_total") == 0


def sentinel(gateway: Gateway) -> None:
    """Check that true questions are answered truly."""
    assert gateway.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]
    assert gateway.asker(STAFF).ask("www.hoc.example").rdatas == ["192.0.2.1"]


def _udp_batch(gateway: Gateway, source: str, batch: Sequence[bytes]) -> int:
    """Send a batch and judge what comes until the sentinel's reply; return how many replies came."""
    by_number = {raw[:2]: raw for raw in batch if len(raw) >= 2}
    last = packet("bet.example", number=65535)
    answered = 0
    with gateway.asker(source).udp() as sock:
        for raw in batch:
            sock.send(raw)
        sock.send(last)
        while True:
            raw = sock.recv(65_535)
            if raw[:2] == last[:2]:
                return answered
            answered += 1
            judge(by_number[raw[:2]], raw)


def _tcp_batch(gateway: Gateway, source: str, batch: Sequence[bytes], r: random.Random) -> None:
    by_number = {raw[:2]: raw for raw in batch if len(raw) >= 2}
    with gateway.asker(source).tcp() as sock, suppress(EOFError, ConnectionError):
        stream = b"".join(framed(raw) for raw in batch if raw)
        if r.random() < 0.3:
            stream = stream[: r.randrange(len(stream) + 1)] + r.randbytes(5)
        sock.sendall(stream)
        _end_input(sock)
        while True:
            raw = read_message(sock)
            if raw[:2] in by_number:
                judge(by_number[raw[:2]], raw)


def _end_input(sock: socket.socket) -> None:
    with suppress(OSError):  # the gateway may have ended the connection already
        sock.shutdown(socket.SHUT_WR)


def test_mutated_queries_over_udp(unharmed: Gateway) -> None:
    r = random.Random(SEED)
    end = time.monotonic() + SECONDS / 2
    sent = answered = 0
    while time.monotonic() < end:
        batch = [mutated(r, number) for number in range(1, BATCH + 1)]
        source = r.choice([PRIMARY, STAFF, PRIMARY, UNSERVED])
        try:
            if source == UNSERVED:
                with unharmed.asker(source).udp() as sock:
                    for raw in batch:
                        sock.send(raw)
            else:
                answered += _udp_batch(unharmed, source, batch)
            sentinel(unharmed)
        except BaseException:
            print("\n".join(raw.hex() for raw in batch))
            raise
        sent += BATCH
    assert sent >= 2000
    assert answered > sent / 10, "mutations that are all dropped test little"


def test_mutated_queries_over_tcp(unharmed: Gateway) -> None:
    r = random.Random(SEED + 1)
    end = time.monotonic() + SECONDS / 4
    while time.monotonic() < end:
        batch = [mutated(r, number) for number in range(1, 60)]
        _tcp_batch(unharmed, r.choice([PRIMARY, STAFF]), batch, r)
    sentinel(unharmed)


@given(st.lists(st.binary(max_size=600), max_size=8))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_over_udp(target: Gateway, batch: list[bytes]) -> None:
    numbered = [i.to_bytes(2) + raw[2:] if len(raw) >= 2 else raw for i, raw in enumerate(batch)]
    _udp_batch(target, PRIMARY, numbered)


@given(st.lists(st.binary(max_size=300), max_size=8))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_over_tcp(target: Gateway, pieces: list[bytes]) -> None:
    with target.asker(PRIMARY).tcp() as sock, suppress(ConnectionError):
        for piece in pieces:
            sock.sendall(piece)
        _end_input(sock)
        while sock.recv(65_535):
            pass


_question = st.builds(
    lambda name, kind, klass: name + kind.to_bytes(2) + klass.to_bytes(2),
    st.one_of(
        st.lists(st.binary(min_size=1, max_size=63), max_size=6).map(lambda labels: wire(*labels)),
        st.binary(max_size=300),
        st.sampled_from([wire("bet", "example"), wire("www", "hoc", "example"), b"\xc0\x0c", b"\0"]),
    ),
    st.sampled_from([1, 28, 65, 16, 255, 251, 250, 41, 0, 65535]),
    st.sampled_from([1, 1, 1, 3, 255]),
)


@given(
    head=st.tuples(
        st.integers(0, 0xFFFF), *(st.sampled_from([0, 1, 2, 7, 65535]) for _ in range(3)), st.integers(0, 3)
    ),
    question=_question,
    rest=st.one_of(
        st.just(b""),
        st.just(b"\0\0\x29\x04\xd0\0\0\x80\0\0\0"),
        st.binary(max_size=60),
        st.binary(max_size=40).map(lambda o: b"\0\0\x29\x04\xd0\0\0\0\0" + len(o).to_bytes(2) + o),
    ),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_headers_questions_and_options_at_will(
    target: Gateway, head: tuple[int, int, int, int, int], question: bytes, rest: bytes
) -> None:
    flags, *counts, additionals = head
    counts = [1, 0, 0] if counts[0] == 1 else counts
    raw = b"".join(n.to_bytes(2) for n in (1, flags, *counts, additionals)) + question + rest
    _udp_batch(target, STAFF, [raw])


def test_after_all_that_it_is_unharmed(unharmed: Gateway) -> None:
    """The check of the fixture, after the tests above which do not use it."""
    assert unharmed.errors() == []
