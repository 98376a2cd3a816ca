"""A repository on a web server, CDN or mirror, over HTTP or HTTPS.

It must not believe the server or anything between: no proxy from the environment, no redirect, no cookie,
no content coding (a few bytes could unpack to gigabytes), and every transfer, headers included, has a
slowest pace. Plain HTTP is as safe as HTTPS here, what is read is signed; HTTPS hides which school asks.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import aiohttp

from schoolguard.intake.trust.errors import Absent, SourceFailed
from schoolguard.intake.trust.limits import Pace
from schoolguard.intake.trust.source import Bounded, Write
from schoolguard.language import N_

_MISSING = (403, 404)
"""Object stores answer 403 for what is not there, as the reference client knows."""

_STATUS = N_("{path}: the server answered with status {status}")
_CODED = N_("{path}: the server packed the file ({coding}); a signed repository is served as it is")
_SLOW = N_("{path}: slower than {floor:.0f} bytes a second; {received} bytes came")
_BROKEN = N_("{path}: {why}")
_RANGE = N_("{path}: the server sent another part of the file than was asked for")


_Address = tuple[int, int, int, str, tuple[Any, ...]]
_SYN_TRIES = 1
"""One repetition, after a second: a line that was cut is tried every three seconds, not every minute."""
_IDLE, _EVERY, _GONE = 5, 1, 8
"""Seconds without a packet until the kernel asks whether the other side is there, between two such questions,
and until the connection is given up. It costs 20 bytes a second; without it a request that is held open on a
line that was cut is noticed a minute later, and what the publisher sent meanwhile comes twice as late as the
line was cut for (exponential waits, RFC 6298 5.5)."""


def connector(limit: int, tls: ssl.SSLContext | None = None) -> aiohttp.TCPConnector:
    """Return what connects to publishers, ``limit`` times at once, and notices within seconds that a line is
    dead."""
    return aiohttp.TCPConnector(
        limit=limit, ssl=tls or True, keepalive_timeout=60, socket_factory=_watched_socket
    )


def _watched_socket(address: _Address) -> socket.socket:
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_SYNCNT, _SYN_TRIES),
        (socket.TCP_KEEPIDLE, _IDLE),
        (socket.TCP_KEEPINTVL, _EVERY),
        (socket.TCP_USER_TIMEOUT, 1_000 * _GONE),
    ):
        made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def session() -> aiohttp.ClientSession:
    """Return a session for repositories; the caller closes it. Must be called in a running loop."""
    return aiohttp.ClientSession(
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
        connector=connector(4),
        headers={"Accept-Encoding": "identity", "User-Agent": "schoolguard"},
    )


class WebSource:
    """The repository below an address such as ``https://lists.example.vn/schoolguard/``."""

    carried = False

    def __init__(self, http: aiohttp.ClientSession, base: str, pace: Pace) -> None:
        self._http = http
        self._base = base.rstrip("/") + "/"
        self._pace = pace

    async def copy(self, path: str, write: Write, *, limit: int, start: int = 0) -> None:
        """Hand on a file's bytes; ``start`` asks for a range, a server without ranges sends the whole
        again."""
        bounded = Bounded(path, write, limit=limit, start=start)
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(began + self._pace.allowed(0)) as deadline:
                await self._transfer(path, start, bounded, deadline)
        except TimeoutError as error:
            raise SourceFailed(_SLOW, path=path, floor=self._pace.floor, received=bounded.received) from error
        except (aiohttp.ClientError, OSError) as error:
            raise SourceFailed(_BROKEN, path=path, why=str(error) or type(error).__name__) from error

    async def _transfer(self, path: str, start: int, bounded: Bounded, deadline: asyncio.Timeout) -> None:
        began = asyncio.get_running_loop().time()
        wanted = {"Range": f"bytes={start}-"} if start else {"Cache-Control": "no-cache"}
        async with self._http.get(self._base + path, headers=wanted, allow_redirects=False) as reply:
            _check(path, start, reply)
            if start and reply.status == 200:
                bounded.skip()
            while block := await reply.content.readany():
                bounded.take(block)
                deadline.reschedule(began + self._pace.allowed(bounded.received))


def _check(path: str, start: int, reply: aiohttp.ClientResponse) -> None:
    if reply.status in _MISSING:
        raise Absent(_STATUS, path=path, status=reply.status)
    if reply.status not in ((200, 206) if start else (200,)):
        raise SourceFailed(_STATUS, path=path, status=reply.status)
    if (coding := reply.headers.get("Content-Encoding", "identity")) != "identity":
        raise SourceFailed(_CODED, path=path, coding=coding)
    if reply.status == 206 and not reply.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        raise SourceFailed(_RANGE, path=path)
