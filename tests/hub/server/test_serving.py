"""The publisher's server over real sockets: files with ranges and ETag, limits, slow and odd clients."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.hub.server.files import StaticFiles
from schoolguard.hub.server.limits import Listening, ServerLimits
from schoolguard.hub.server.notices import Notices, timestamp_version, watch
from schoolguard.hub.server.site import PublisherServer
from tests.hub.server.waiting import until
from tests.intake.subscriptions.https import authority

LIMITS = ServerLimits(idle=0.4, grace=0.4, floor=50_000_000.0, per_address=8, heartbeat=(0.2, 0.3), held=4)


@asynccontextmanager
async def running(
    folder: Path, limits: ServerLimits = LIMITS, listening: Listening | None = None
) -> AsyncIterator[tuple[PublisherServer, Notices]]:
    (folder / "metadata").mkdir(parents=True, exist_ok=True)
    notices = Notices(limits, random.Random(1).random, version=7)
    site = listening or Listening("127.0.0.1", 0)
    async with PublisherServer(site, StaticFiles(folder, limits), notices, limits=limits) as server:
        yield server, notices


async def raw(port: int, request: bytes, *, source: str = "127.0.0.1") -> bytes:
    """Send bytes on a connection of their own, and return all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def scene(
    folder: Path, play: Callable[[PublisherServer, Notices], Awaitable[None]], **changes: object
) -> None:
    async def run() -> None:
        limits = replace(LIMITS, **changes)  # type: ignore[arg-type]
        async with running(folder, limits) as (server, notices):
            await play(server, notices)

    asyncio.run(run())


def status(reply: bytes) -> int:
    return int(reply.split(b" ", 2)[1])


def get(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *lines, "", ""]).encode()


def test_files_come_whole_in_part_or_not_again(tmp_path: Path) -> None:
    content = bytes(range(256)) * 40
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "1.root.json").write_bytes(content)
    (tmp_path / "metadata" / "timestamp.json").write_bytes(b"{}")

    async def play(server: PublisherServer, _: Notices) -> None:
        base = f"http://127.0.0.1:{server.port}/metadata"
        async with aiohttp.ClientSession(auto_decompress=False) as http:
            async with http.get(f"{base}/1.root.json") as reply:
                assert await reply.read() == content
                assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
                etag = reply.headers["ETag"]
            async with http.get(f"{base}/1.root.json", headers={"If-None-Match": etag}) as reply:
                assert reply.status == 304
            async with http.get(f"{base}/1.root.json", headers={"Range": "bytes=9000-"}) as reply:
                assert (reply.status, await reply.read()) == (206, content[9000:])
            async with http.get(f"{base}/1.root.json", headers={"Range": "bytes=99999-"}) as reply:
                assert reply.status == 416
            async with http.head(f"{base}/1.root.json") as reply:
                assert reply.headers["Content-Length"] == str(len(content))
            async with http.get(f"{base}/timestamp.json") as reply:
                assert reply.headers["Cache-Control"] == "no-cache"

    scene(tmp_path, play, idle=5.0)


def test_a_packed_copy_is_sent_to_who_takes_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"plain")
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b"plain"))

    async def play(server: PublisherServer, _: Notices) -> None:
        packed = await raw(server.port, get("/a.json", "Accept-Encoding: gzip"))
        assert b"Content-Encoding: gzip" in packed
        assert gzip.decompress(packed.partition(b"\r\n\r\n")[2]) == b"plain"
        assert (await raw(server.port, get("/a.json", "Accept-Encoding: identity"))).endswith(b"plain")

    scene(tmp_path, play)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/metadata",
        "/metadata/",
        "/..",
        "/../secret",
        "/metadata/../../secret",
        "/%2e%2e/secret",
        "/metadata/%2e%2e/%2e%2e/secret",
        "//secret",
        "/.hidden",
        "/link",
        "/a\\b",
        "/a%00b",
        "/" + "a" * 300,
        "/" + "a/" * 20 + "a",
        "/none",
    ],
)
def test_nothing_outside_the_repository_is_served(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / ".hidden").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")

    async def play(server: PublisherServer, _: Notices) -> None:
        reply = await raw(server.port, get(path))
        assert status(reply) == 404
        assert b"secret" not in reply

    scene(folder, play)


def test_other_methods_have_no_place(tmp_path: Path) -> None:
    async def play(server: PublisherServer, _: Notices) -> None:
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            request = f"{method} /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            assert status(await raw(server.port, request.encode())) == 405
        assert status(await raw(server.port, get("/push/x"))) == 404

    scene(tmp_path, play)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab",
    ],
)
def test_a_slow_loris_is_let_go(tmp_path: Path, sent: bytes) -> None:
    async def play(server: PublisherServer, _: Notices) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        ended = asyncio.create_task(reader.read())

        def over() -> bool:
            if sent.startswith(b"GET"):
                writer.write(b"x")
            return ended.done() and not server.open

        await until(over)
        writer.close()

    scene(tmp_path, play)


def test_a_reader_that_stops_reading_is_let_go(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(40 << 20)

    async def play(server: PublisherServer, _: Notices) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1_000)
        writer.write(get("/large"))
        await reader.readexactly(1)
        await until(lambda: not server.open)
        writer.close()

    scene(tmp_path, play)


def test_one_address_has_only_so_many_connections(tmp_path: Path) -> None:
    async def play(server: PublisherServer, _: Notices) -> None:
        held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(LIMITS.per_address)]
        assert await raw(server.port, get("/a")) == b""
        assert status(await raw(server.port, get("/a"), source="127.0.0.2")) == 404
        for each in held:
            each[1].close()
        await until(lambda: not server.open)
        assert status(await raw(server.port, get("/a"))) == 404

    scene(tmp_path, play, idle=5.0)


def test_a_change_is_told_to_all_who_wait(tmp_path: Path) -> None:
    async def play(server: PublisherServer, notices: Notices) -> None:
        waiting = [asyncio.create_task(raw(server.port, get("/notices?since=7"))) for _ in range(3)]
        ahead = asyncio.create_task(raw(server.port, get("/notices?since=9")))
        await until(lambda: notices.held == 4)
        assert status(await raw(server.port, get("/notices?since=8"))) == 503, "no more places"
        notices.announce(6)
        notices.announce(8)
        for task in waiting:
            assert (await task).endswith(b'{"format":"schoolguard-notice/1","version":8}')
        assert not ahead.done()
        assert (await raw(server.port, get("/notices?since=2"))).endswith(b'"version":8}')
        ahead.cancel()

    scene(tmp_path, play, heartbeat=(30.0, 30.0))


def test_a_sign_of_life_comes_in_time_and_who_left_is_forgotten(tmp_path: Path) -> None:
    async def play(server: PublisherServer, notices: Notices) -> None:
        assert (await raw(server.port, get("/notices?since=7"))).endswith(b'"version":7}')
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/notices?since=7"))
        await until(lambda: notices.held == 1)
        writer.close()
        await until(lambda: notices.held == 0)

    scene(tmp_path, play)


@pytest.mark.parametrize("since", ["-1", "x", "1e5", "%31%30x", "9" * 30, "١"])
def test_since_must_be_a_version(tmp_path: Path, since: str) -> None:
    async def play(server: PublisherServer, _: Notices) -> None:
        reply = await raw(
            server.port,
            f"GET /notices?since={since} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(),
        )
        assert status(reply) == 400

    scene(tmp_path, play)


def test_the_timestamp_of_another_process_is_announced(tmp_path: Path) -> None:
    timestamp = tmp_path / "metadata" / "timestamp.json"

    async def play(_: PublisherServer, notices: Notices) -> None:
        task = asyncio.create_task(watch(timestamp, notices, 0.01))
        for version, content in ((7, "{"), (9, _timestamp(9)), (9, _timestamp(3)), (12, _timestamp(12))):
            beside = timestamp.with_name("partial")
            beside.write_text(content)
            beside.replace(timestamp)
            await until(partial(_reached, notices, version))
        task.cancel()

    scene(tmp_path, play)


def _reached(notices: Notices, version: int) -> bool:
    return notices.version >= version


def _timestamp(version: int) -> str:
    return json.dumps({"signed": {"version": version}, "signatures": []})


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
            lambda value: json.dumps({"signed": {"version": value}}).encode()
        ),
    )
)
def test_a_timestamp_of_rubbish_has_no_version(content: bytes) -> None:
    version = timestamp_version(content)
    assert version is None or 0 < version < 2**53


def test_tls_is_served_from_files(tmp_path: Path) -> None:
    trusted = authority(tmp_path)

    async def run() -> None:
        listening = Listening("127.0.0.1", 0, trusted.certificate, trusted.key)
        address = "https://127.0.0.1:{}/a"
        async with running(tmp_path / "repository", LIMITS, listening) as (server, _):
            url = address.format(server.port)
            async with aiohttp.ClientSession() as http, http.get(url, ssl=trusted.client()) as reply:
                assert reply.status == 404

    asyncio.run(run())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.binary(max_size=80), max_size=5),
    st.sampled_from([b"", b"GET ", b"GET /notices?since=0 HTTP/1.1\r\n"]),
)
def test_any_bytes_leave_the_server_serving(tmp_path: Path, parts: list[bytes], start: bytes) -> None:
    async def play(server: PublisherServer, _: Notices) -> None:
        writer = (await asyncio.open_connection("127.0.0.1", server.port))[1]
        for part in (start, *parts):
            writer.write(part)
        writer.close()
        assert status(await raw(server.port, get("/none"))) == 404

    scene(tmp_path, play)
