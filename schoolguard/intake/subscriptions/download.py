"""One HTTPS transfer of a list to a file as it comes over the line. It must not unpack or judge content.

The server is not believed: redirects are followed by hand and judged, sizes and pace are bounded, no proxy is
taken from the environment, no cookie kept.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from schoolguard.intake.subscriptions.model import FetchLimits, FetchRefused, Subscription
from schoolguard.intake.subscriptions.resolving import JudgedResolver, check_literal
from schoolguard.language import N_

_REDIRECTS = (301, 302, 303, 307, 308)
_CODINGS = ("", "identity", "gzip", "x-gzip", "zstd")
_NO_LIST = ("text/html", "application/xhtml", "application/json", "image/", "audio/", "video/")
_LONGEST_WORD, _LONGEST_URL = 200, 2_000
_LONGEST_WAIT = 86_400

_HTTPS = N_("{url}: only https addresses without a user name are fetched")
_TOO_MANY = N_("more than {most} redirects, the last to {url}")
_NO_LOCATION = N_("{url}: a redirect to nowhere")
_STATUS = N_("{url}: the server answered with status {status}")
_TYPE = N_("{url}: the server sends {type}, not a list")
_CODING = N_("{url}: the content coding {coding} is not known")
_LARGE = N_("{url}: more than the {most} bytes that are accepted")
_CUT = N_("{url}: the transfer broke off after {received} bytes")
_UNFRAMED = N_("{url}: the server does not say how long the list is, so a cut one could not be told")
_SLOW = N_("{url}: slower than {floor:.0f} bytes a second; {received} bytes came")
_TLS = N_("{url}: no trustworthy TLS connection: {why}")
_UNREACHABLE = N_("{url}: {why}")


@dataclass(frozen=True, slots=True)
class Line:
    """How lists are fetched: the resolver of names, whose certificates are trusted, and the limits."""

    resolver: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context
    limits: FetchLimits = field(default_factory=FetchLimits)


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a server said: whether the content is unchanged, and its words for it."""

    unchanged: bool
    etag: str = ""
    modified: str = ""
    received: int = 0


async def download(wanted: Subscription, known: tuple[str, str], into: BinaryIO, line: Line) -> Downloaded:
    """Write the content of a list's address to ``into``, or learn that it is unchanged.

    ``known`` are ETag and Last-Modified of the content that is here, empty when unknown. Raises
    ``FetchRefused``, and ``OSError`` from writing.
    """
    transfer = _Transfer(wanted, known, into, line)
    connector = aiohttp.TCPConnector(
        resolver=JudgedResolver(line.resolver(), wanted.permitted),
        ssl=line.tls(),
        use_dns_cache=False,
        force_close=True,
    )
    async with aiohttp.ClientSession(
        connector=connector,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
        headers={"Accept-Encoding": "gzip", "Accept": "text/plain, */*", "User-Agent": "schoolguard"},
    ) as http:
        return await transfer.run(http)


class _Transfer:
    def __init__(self, wanted: Subscription, known: tuple[str, str], into: BinaryIO, line: Line) -> None:
        self._wanted = wanted
        self._known = known
        self._into = into
        self._limits = line.limits
        self._received = 0
        self._url = wanted.url
        self._writing: OSError | None = None

    async def run(self, http: aiohttp.ClientSession) -> Downloaded:
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(began + self._limits.allowed(0)) as deadline:
                return await self._follow(http, began, deadline)
        except TimeoutError as error:
            floor = self._limits.floor
            raise FetchRefused("slow", _SLOW, url=self._url, floor=floor, received=self._received) from error
        except aiohttp.InvalidURL as error:  # such as 127.1, which only the C library takes for an address
            raise FetchRefused("address", _UNREACHABLE, url=self._url, why=str(error)) from error
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
            raise FetchRefused("tls", _TLS, url=self._url, why=str(error)) from error
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError) as error:
            raise FetchRefused("truncated", _CUT, url=self._url, received=self._received) from error
        except (aiohttp.ClientError, OSError) as error:
            if error is self._writing:
                raise
            why = str(error) or type(error).__name__
            raise FetchRefused("unreachable", _UNREACHABLE, url=self._url, why=why) from error

    async def _follow(
        self, http: aiohttp.ClientSession, began: float, deadline: asyncio.Timeout
    ) -> Downloaded:
        for _ in range(self._limits.redirects + 1):
            url = self._checked(self._url)
            async with http.get(url, headers=self._conditions(), allow_redirects=False) as reply:
                if reply.status not in _REDIRECTS:
                    return await self._take(reply, began, deadline)
                location = reply.headers.get("Location", "")
            self._url = self._next(url, location)
        raise FetchRefused("redirects", _TOO_MANY, most=self._limits.redirects, url=self._url)

    def _next(self, url: URL, location: str) -> str:
        try:
            target = url.join(URL(location[:_LONGEST_URL])).with_fragment(None)
        except ValueError as error:
            raise FetchRefused("redirects", _NO_LOCATION, url=self._url) from error
        if not location:
            raise FetchRefused("redirects", _NO_LOCATION, url=self._url)
        return str(target)

    def _checked(self, text: str) -> URL:
        try:
            url = URL(text)
            host = url.host
        except ValueError as error:
            raise FetchRefused("not-https", _HTTPS, url=text) from error
        if url.scheme != "https" or not host or url.user is not None or url.password is not None:
            raise FetchRefused("not-https", _HTTPS, url=text)
        check_literal(host, self._wanted.permitted)
        return url

    def _conditions(self) -> dict[str, str]:
        etag, modified = self._known
        conditions = {"If-None-Match": etag} if etag else {}
        return conditions | ({"If-Modified-Since": modified} if modified else {})

    async def _take(
        self, reply: aiohttp.ClientResponse, began: float, deadline: asyncio.Timeout
    ) -> Downloaded:
        if reply.status == 304 and any(self._known):
            return Downloaded(True, *self._known)
        self._check(reply)
        async for block in reply.content.iter_any():
            self._received += len(block)
            if self._received > self._wanted.max_size:
                raise self._too_large()
            self._write(block)
            deadline.reschedule(began + self._limits.allowed(self._received))
        if reply.content_length not in (None, self._received):
            raise FetchRefused("truncated", _CUT, url=self._url, received=self._received)
        return Downloaded(
            False,
            _word(reply.headers.get("ETag", "")),
            _word(reply.headers.get("Last-Modified", "")),
            self._received,
        )

    def _check(self, reply: aiohttp.ClientResponse) -> None:
        if reply.status != 200:
            wait = _wait(reply.headers.get("Retry-After", ""))
            raise FetchRefused("status", _STATUS, url=self._url, status=reply.status, wait=wait)
        kind = reply.headers.get("Content-Type", "").lower()
        if kind.startswith(_NO_LIST):
            raise FetchRefused("type", _TYPE, url=self._url, type=kind[:60])
        coding = reply.headers.get("Content-Encoding", "").strip().lower()
        if coding not in _CODINGS:
            raise FetchRefused("coding", _CODING, url=self._url, coding=coding[:60])
        chunked = "chunked" in reply.headers.get("Transfer-Encoding", "").lower()
        if reply.content_length is None and not chunked:
            raise FetchRefused("truncated", _UNFRAMED, url=self._url)
        if (reply.content_length or 0) > self._wanted.max_size:
            raise self._too_large()

    def _write(self, block: bytes) -> None:
        try:
            self._into.write(block)
        except OSError as error:
            self._writing = error
            raise

    def _too_large(self) -> FetchRefused:
        return FetchRefused("too-large", _LARGE, url=self._url, most=self._wanted.max_size)


def _word(text: str) -> str:
    """Return a server's word as it may be sent back, empty for one that may not."""
    return text if len(text) <= _LONGEST_WORD and text.isascii() and text.isprintable() else ""


def _wait(text: str) -> float:
    return (
        float(min(int(text), _LONGEST_WAIT)) if text.isascii() and text.isdigit() and len(text) < 9 else 0.0
    )
