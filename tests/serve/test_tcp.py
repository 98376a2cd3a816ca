"""TCP with many queries on one connection, and its limits against clients that misbehave."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.ask import Reply, framed, packet, read_exactly, read_message
from tests.hostile import Asked, Hostile
from tests.servers import Gateway, free_port, peak, serving, wait_until
from tests.site import PRIMARY, STAFF, THPT, Site

IDLE = 1.0
BIG = "".join(f'@ 300 TXT "{i:03}{"x" * 250}"\n' for i in range(120))
"""An answer of about 32 KiB."""


def _script(asked: Asked) -> None:
    if asked.name.lower().startswith("slow"):
        return
    if asked.record.q.qtype == 16:
        asked.send(asked.reply(*BIG.splitlines()) if asked.tcp else asked.reply(tc=True))
    else:
        asked.send(asked.reply("@ 300 A 192.0.2.1"))


@pytest.fixture(scope="module")
def slow() -> Iterator[Hostile]:
    """An upstream that does not answer names that begin with slow."""
    with Hostile(_script) as hostile:
        yield hostile


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory, slow: Hostile) -> Iterator[Gateway]:
    """A gateway with small limits on TCP."""
    limits = {"tcp-idle": f"{IDLE:.0f}s", "tcp-per-client": 3, "tcp-connections": 5}
    site = Site(
        tmp_path_factory.mktemp("tight"), free_port(), free_port(), [f"127.0.0.1@{slow.port}"], limits=limits
    )
    site.forwarding = {"timeout": 10}
    with serving(site.write()) as running:
        yield running
    assert running.errors() == []


def _answer_late(slow: Hostile, name: str) -> None:
    asked = wait_until(lambda: [a for a in slow.asked if a.name.lower() == f"{name}."], f"{name} upstream")
    asked[-1].send(asked[-1].reply("@ 300 A 192.0.2.2"))


def test_fast_questions_overtake_a_slow_one(tight: Gateway, slow: Hostile) -> None:
    with tight.asker(STAFF).tcp() as sock:
        messages = [packet("slow1.example", number=1)]
        messages += [packet(f"fast{i}.example", number=i) for i in range(2, 40)]
        messages += [packet("bet.example", number=40)]
        sock.sendall(b"".join(map(framed, messages)))
        early = [Reply(read_message(sock)) for _ in messages[1:]]
        assert sorted(reply.id for reply in early) == list(range(2, 41))
        _answer_late(slow, "slow1.example")
        last = Reply(read_message(sock))
    assert (last.id, last.rdatas) == (1, ["192.0.2.2"])


def test_queries_that_come_in_pieces(tight: Gateway) -> None:
    with tight.asker(PRIMARY).tcp() as sock:
        stream = framed(packet("bet.example", number=1)) + framed(packet("www.example", number=2))
        for i in range(len(stream)):
            sock.sendall(stream[i : i + 1])
        replies = {reply.id: reply.rdatas for reply in (Reply(read_message(sock)) for _ in range(2))}
    assert replies == {1: ["0.0.0.0"], 2: ["192.0.2.1"]}


def test_the_end_of_input_does_not_lose_what_was_asked(tight: Gateway, slow: Hostile) -> None:
    with tight.asker(STAFF).tcp() as sock:
        numbers = list(range(300))
        sock.sendall(b"".join(framed(packet("www.example", number=i)) for i in numbers))
        sock.sendall(framed(packet("slow2.example", number=999)))
        sock.shutdown(socket.SHUT_WR)
        assert [Reply(read_message(sock)).id for _ in numbers] == numbers
        _answer_late(slow, "slow2.example")
        assert Reply(read_message(sock)).id == 999
        assert sock.recv(1) == b""


def test_threat_31_bytes_that_trickle_do_not_keep_a_connection(tight: Gateway) -> None:
    """A deadline for each byte instead of a whole message would let one client hold every connection."""
    before = tight.event("tcp-idle")
    with tight.asker(PRIMARY).tcp() as sock:
        message = framed(packet("www.example"))[:-1]
        sock.settimeout(0.1)

        def closed() -> bool:
            nonlocal message
            try:
                sock.sendall(message[:1])
                message = message[1:] or b"\0"
                return sock.recv(1) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        wait_until(closed, "the end of a trickling connection", 15 * IDLE)
    wait_until(lambda: tight.event("tcp-idle") > before, "the idle connection counted")


def test_an_idle_connection_is_closed(tight: Gateway) -> None:
    with tight.asker(PRIMARY).tcp() as sock:
        sock.sendall(framed(packet("bet.example")))
        read_message(sock)
        with pytest.raises((EOFError, ConnectionError)):
            read_exactly(sock, 1)


def test_a_waiting_question_keeps_its_connection(tight: Gateway, slow: Hostile) -> None:
    """Idle is who asks nothing, not who waits for us."""
    with tight.asker(STAFF).tcp() as sock, tight.asker(STAFF).tcp() as idle:
        sock.sendall(framed(packet("slow3.example", number=3)))
        with pytest.raises((EOFError, ConnectionError)):
            read_exactly(idle, 1)
        _answer_late(slow, "slow3.example")
        assert Reply(read_message(sock)).id == 3


def test_threat_30_connections_of_one_client_are_limited(tight: Gateway) -> None:
    """Without a limit for each client one pupil's program takes every connection."""
    with ExitStack() as stack:
        mine = [stack.enter_context(tight.asker(PRIMARY).tcp()) for _ in range(3)]
        for sock in mine:
            sock.sendall(framed(packet("bet.example")))
            assert Reply(read_message(sock)).rdatas == ["0.0.0.0"]
        with tight.asker(PRIMARY).tcp() as fourth, pytest.raises((EOFError, ConnectionError)):
            read_exactly(fourth, 1)
        assert tight.asker(STAFF).ask("www.example", tcp=True).rdatas == ["192.0.2.1"]
    wait_until(
        lambda: tight.metric("schoolguard_tcp_connections") == 0, "all connections ended in the gauges"
    )
    assert tight.asker(PRIMARY).ask("bet.example", tcp=True).rdatas == ["0.0.0.0"]


def test_threat_30_all_connections_are_limited(tight: Gateway) -> None:
    """And many clients together cannot take more than the worker has room for; UDP goes on."""
    with ExitStack() as stack:
        for source in (PRIMARY, PRIMARY, STAFF, STAFF, THPT):
            sock = stack.enter_context(tight.asker(source).tcp())
            sock.sendall(framed(packet("bet.example")))
            assert read_message(sock)
        with tight.asker(THPT).tcp() as sixth, pytest.raises((EOFError, ConnectionError)):
            read_exactly(sixth, 1)
        assert tight.asker(THPT).ask("www.example").rdatas == ["192.0.2.1"]


@pytest.mark.parametrize("stream", [b"\0\0", b"\xff\xff" + bytes(100), b"\x20\x00" + bytes(100)])
def test_a_length_that_is_no_querys_ends_the_connection(tight: Gateway, stream: bytes) -> None:
    with tight.asker(PRIMARY).tcp() as sock:
        sock.sendall(stream)
        with pytest.raises((EOFError, ConnectionError)):
            read_exactly(sock, 1)


def test_silence_to_one_message_does_not_end_the_connection(tight: Gateway) -> None:
    with tight.asker(PRIMARY).tcp() as sock:
        reply = bytearray(packet("bet.example", number=1))
        reply[2] |= 0x80
        for message in (bytes(reply), b"\0\1", packet("bet.example", number=2)):
            sock.sendall(framed(message))
        assert Reply(read_message(sock)).id == 2


def test_threat_30_a_client_that_never_reads_costs_no_memory(tight: Gateway, slow: Hostile) -> None:
    """Taking queries while replies are not taken would pile up 32 KiB for each 40 bytes."""
    (worker,) = tight.workers()
    staff = tight.asker(STAFF)
    assert len(staff.ask("big.example", "TXT", tcp=True).raw) > 30_000
    before = peak(worker)
    aborted = tight.event("tcp-idle")
    with ExitStack() as stack:
        socks = [stack.enter_context(staff.tcp()) for _ in range(3)]
        for sock in socks:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setblocking(False)
        stream = framed(packet("slow4.example")) + b"".join(
            framed(packet("big.example", "TXT")) for _ in range(2000)
        )
        for sock in socks:
            sock.send(stream)
        wait_until(lambda: any(a.name.lower() == "slow4.example." for a in slow.asked), "slow4 upstream")
        _answer_late(slow, "slow4.example")
        # Two thousand replies would be 64 MiB on each connection.
        wait_until(lambda: tight.event("tcp-idle") >= aborted + 3, "the end of those that do not read")
        assert peak(worker) - before < 12 << 20
    assert staff.ask("www.example", tcp=True).rdatas == ["192.0.2.1"]
