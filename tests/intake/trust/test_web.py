"""What a server, a mirror or a proxy may do while a file is read: too much, too slowly, in pieces,
elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from schoolguard.intake.trust.errors import Absent, Fault, SourceFailed, Untrusted
from schoolguard.intake.trust.limits import TIMESTAMP_BYTES, Pace
from schoolguard.intake.trust.source import read
from schoolguard.intake.trust.web import session
from tests.hub.tuf.yard import NOW
from tests.intake.trust.conftest import FILE, Scene
from tests.intake.trust.gate import Gate
from tests.intake.trust.served import raw_server

HURRY = Pace(grace=0.3, floor=1_000_000.0)
OK = b"HTTP/1.1 200 OK\r\n"


def trickle(first: bytes, drop: bytes) -> Callable[[socket.socket, str], None]:
    """Return an answer that sends ``drop`` for ever, a little at a time, as long as someone listens."""

    def answer(peer: socket.socket, _head: str) -> None:
        peer.sendall(first)
        peer.settimeout(0.02)
        while True:
            with contextlib.suppress(TimeoutError):
                if not peer.recv(1024):
                    return
            peer.sendall(drop)

    return answer


def flood(peer: socket.socket, _head: str) -> None:
    peer.sendall(OK + b"Connection: close\r\n\r\n")
    while True:
        peer.sendall(b"x" * 65536)


def silence(peer: socket.socket, _head: str) -> None:
    peer.recv(1)  # until the other side gives up


@pytest.mark.parametrize(
    "answer",
    [
        trickle(OK + b"Connection: close\r\n\r\n", b"x"),
        trickle(OK + b"Content-Length: 4000\r\n\r\n", b"x"),
        trickle(OK, b"X"),
        trickle(b"HTTP/1.1 200 ", b"O"),
        silence,
    ],
    ids=["body", "body of known length", "headers", "status line", "silence"],
)
def test_a_slow_server_is_left(tmp_path: Path, answer: Callable[[socket.socket, str], None]) -> None:
    with raw_server(answer) as server:
        gate = Gate(tmp_path, server.address, None, pace=HURRY)
        with pytest.raises(SourceFailed, match="slower than"):
            gate.ask(lambda source: read(source, "metadata/timestamp.json", TIMESTAMP_BYTES))


def test_an_endless_timestamp_ends_at_its_bound(tmp_path: Path) -> None:
    with raw_server(flood) as server:
        gate = Gate(tmp_path, server.address, None)
        with pytest.raises(SourceFailed, match="more than"):
            gate.ask(lambda source: read(source, "metadata/timestamp.json", TIMESTAMP_BYTES))


def test_an_endless_list_ends_at_its_length(scene: Scene) -> None:
    scene.gate.refresh(NOW)
    target = scene.gate.targets()[FILE]
    with raw_server(flood) as server:
        scene.gate.place = server.address
        with pytest.raises(SourceFailed, match="more than"):
            scene.gate.fetch(target)
    assert scene.gate.store.partial(target.sha256).stat().st_size <= target.length


def test_packed_content_is_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)

    def answer(peer: socket.socket, _head: str) -> None:
        peer.sendall(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)

    with raw_server(answer) as server:
        gate = Gate(tmp_path, server.address, None)
        with pytest.raises(SourceFailed, match="packed"):
            gate.ask(lambda source: read(source, "metadata/timestamp.json", TIMESTAMP_BYTES))


def test_no_redirect_is_followed(tmp_path: Path) -> None:
    def answer(peer: socket.socket, _head: str) -> None:
        peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")

    with raw_server(answer) as server:
        gate = Gate(tmp_path, server.address, None)
        with pytest.raises(SourceFailed, match="302"):
            gate.ask(lambda source: read(source, "metadata/timestamp.json", TIMESTAMP_BYTES))
        assert len(server.requests) == 1


def test_no_proxy_of_the_environment_is_used(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(silence) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        scene.gate.refresh(NOW)
        assert proxy.requests == []


def test_a_page_instead_of_a_timestamp_is_no_timestamp(scene: Scene) -> None:
    scene.gate.refresh(NOW)
    page = b"<html>Please log in to the school's network</html>"

    def answer(peer: socket.socket, head: str) -> None:
        missing = "root.json" in head
        status = b"404 Not Found" if missing else b"200 OK"
        head_of = b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        peer.sendall(head_of % len(page) + page)

    with raw_server(answer) as portal:
        scene.gate.place = portal.address
        with pytest.raises(Untrusted) as caught:
            scene.gate.refresh(NOW)
    assert caught.value.fault is Fault.UNREADABLE
    assert scene.gate.targets().keys() >= {FILE}


LIST = bytes(range(256)) * 400


def half(scene: Scene, cut: int, *, honest: bool = True) -> None:
    """The connection breaks after ``cut`` bytes of the list."""
    scene.push(LIST, NOW)
    scene.gate.refresh(NOW)
    target = scene.gate.targets()[FILE]
    part = LIST[:cut] if honest else b"!" * cut

    def answer(peer: socket.socket, _head: str) -> None:
        peer.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(LIST) + part)

    place = scene.gate.place
    with raw_server(answer) as server:
        scene.gate.place = server.address
        with pytest.raises(SourceFailed):
            scene.gate.fetch(target)
    scene.gate.place = place
    assert scene.gate.store.partial(target.sha256).stat().st_size == cut


def test_a_broken_download_goes_on_where_it_broke(scene: Scene) -> None:
    half(scene, 60_000)
    host, port = str(scene.gate.place).split("/")[2].split(":")
    replies: list[bytes] = []

    def relay(peer: socket.socket, head: str) -> None:
        """Pass the request on to the web server, and its reply back."""
        path = scene.www.name
        asked = head.replace("GET /", f"GET /{path}/", 1).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
        with socket.create_connection((host, int(port))) as server:
            server.sendall(asked.encode("latin-1"))
            reply = b"".join(iter(lambda: server.recv(65536), b""))
        replies.append(reply)
        peer.sendall(reply)

    with raw_server(relay) as between:
        scene.gate.place = between.address
        assert scene.content() == LIST
    [reply] = replies
    assert reply.startswith(b"HTTP/1.1 206")
    assert len(reply) < len(LIST) - 60_000 + 1000


def test_a_download_that_was_complete_but_for_its_name_is_not_fetched_again(scene: Scene) -> None:
    scene.push(LIST, NOW)
    scene.gate.refresh(NOW)
    target = scene.gate.targets()[FILE]
    with scene.gate.store.writing():
        scene.gate.store.partial(target.sha256).write_bytes(LIST)
    scene.gate.place = "http://127.0.0.1:9/"
    assert scene.content() == LIST


def test_a_wrong_first_part_is_fetched_again(scene: Scene) -> None:
    half(scene, 60_000, honest=False)
    assert scene.content() == LIST


def test_a_first_part_that_is_too_long_is_fetched_again(scene: Scene) -> None:
    scene.push(LIST, NOW)
    scene.gate.refresh(NOW)
    target = scene.gate.targets()[FILE]
    with scene.gate.store.writing():
        scene.gate.store.partial(target.sha256).write_bytes(LIST + b"more")
    assert scene.content() == LIST


def test_a_server_without_ranges_sends_all_again(scene: Scene) -> None:
    half(scene, 60_000)

    def answer(peer: socket.socket, head: str) -> None:
        assert "range: bytes=60000-" in head.lower()
        peer.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(LIST) + LIST)

    with raw_server(answer) as server:
        scene.gate.place = server.address
        assert scene.content() == LIST


def test_another_range_than_asked_for_is_not_taken(scene: Scene) -> None:
    half(scene, 60_000)
    head_of = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/10\r\nContent-Length: 10\r\n\r\n"

    def answer(peer: socket.socket, _head: str) -> None:
        peer.sendall(head_of + LIST[:10])

    place = scene.gate.place
    with raw_server(answer) as server:
        scene.gate.place = server.address
        with pytest.raises(SourceFailed, match="another part"):
            scene.content()
    scene.gate.place = place
    assert scene.content() == LIST


def test_an_address_where_nobody_listens(tmp_path: Path) -> None:
    gate = Gate(tmp_path, "http://127.0.0.1:9/", None)
    with pytest.raises(SourceFailed) as caught:
        gate.ask(lambda source: read(source, "metadata/timestamp.json", TIMESTAMP_BYTES))
    assert not isinstance(caught.value, Absent)


def test_the_kernel_gives_up_a_line_that_was_cut_within_seconds() -> None:
    async def scene(address: str) -> dict[str, int]:
        async with session() as http, http.get(address) as reply:
            assert reply.connection is not None
            assert reply.connection.transport is not None
            made = reply.connection.transport.get_extra_info("socket")
            assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            names = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_USER_TIMEOUT", "TCP_SYNCNT")
            return {name: made.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names}

    def answer(peer: socket.socket, _head: str) -> None:
        peer.sendall(OK + b"Content-Length: 99\r\n\r\n")
        peer.recv(1)  # held open, as a notice is

    with raw_server(answer) as server:
        found = asyncio.run(scene(server.address))
    assert found["TCP_KEEPIDLE"] + found["TCP_USER_TIMEOUT"] / 1_000 <= 15
    assert found["TCP_KEEPINTVL"] <= 2
    assert found["TCP_SYNCNT"] == 1
