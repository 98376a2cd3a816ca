"""The gateway's ear: one request held open at the publisher, and polling when there is none to be had.

A notice is nothing but a hint to look. It must not believe one: what is new is what ``refresh`` verified, and
a server that cries wolf is asked less and less. There is never more than one connection.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

FORMAT = "schoolguard-notice/1"

_LARGEST = 512
_MAX_VERSION = 2**53 - 1

_log = logging.getLogger("schoolguard.notices")

Refresh = Callable[[], Awaitable[int]]
"""Takes what is new and verified, and returns the timestamp's verified version; failures it keeps to itself
and returns the version in force."""


@dataclass(frozen=True, slots=True)
class Ear:
    """How one listens; times in seconds.

    ``patience``: the server gives a sign of life within 55 s, so a request that is silent for longer is dead.
    ``early``: a reply without anything new that comes sooner than the earliest sign of life is a fault.
    ``poll``: a refresh at least so often, whatever is or is not heard; it also notices a frozen server.
    ``spread``: gateways told at once do not come at once. Waits after faults double from ``first`` to
    ``longest``.
    """

    patience: float = 75.0
    early: float = 20.0
    poll: float = 300.0
    spread: float = 0.5
    first: float = 1.0
    longest: float = 300.0


class NoticeFailed(Exception):
    """The publisher gave no notice; the text says why, for the log."""


class NoticeListener:
    """Listens at one address, such as ``https://lists.example.vn/notices``, until ``run`` is cancelled.

    ``version`` is the verified version at the start; ``drawn`` gives random numbers from 0 to 1.
    """

    def __init__(
        self,
        url: str,
        version: int,
        refresh: Refresh,
        *,
        drawn: Callable[[], float],
        ear: Ear | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url
        self._refresh = refresh
        self._drawn = drawn
        self._ear = ear or Ear()
        self._tls = tls
        self._refreshed = 0.0
        self._failures = 0
        self.version = version
        self.heard = 0
        self.problem = ""

    @property
    def listening(self) -> bool:
        """Whether the last request was answered as it should be."""
        return not self._failures

    async def run(self) -> None:
        """Listen and refresh; the first refresh is at once."""
        connector = aiohttp.TCPConnector(limit=1, ssl=self._tls or True, keepalive_timeout=60)
        async with aiohttp.ClientSession(
            connector=connector,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "schoolguard"},
        ) as http:
            await self._look()
            while True:
                await self._round(http)

    async def _round(self, http: aiohttp.ClientSession) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        fault = ""
        try:
            told = await self._ask(http)
        except NoticeFailed as error:
            fault, told = str(error), 0
        if told > self.version:
            await asyncio.sleep(self._ear.spread * self._drawn())
            before = self.version
            await self._look()
            self.heard += 1
            if self.version <= before:
                fault = "it told of a version that could not be verified"
        else:
            if not fault and clock() - began < self._ear.early:
                fault = "it answers at once though there is nothing new"
            if clock() - self._refreshed >= self._ear.poll:
                await self._look()
        await self._settle(fault)

    async def _settle(self, fault: str) -> None:
        if not fault:
            self._failures, self.problem = 0, ""
            return
        if fault != self.problem:
            _log.warning("no notices", extra={"url": self._url, "problem": fault})
        self.problem = fault
        self._failures += 1
        longest = min(self._ear.first * 2.0 ** min(self._failures, 20), self._ear.longest)
        await asyncio.sleep(max(self._ear.first / 2, longest * self._drawn()))

    async def _look(self) -> None:
        self.version = max(self.version, await self._refresh())
        self._refreshed = asyncio.get_running_loop().time()

    async def _ask(self, http: aiohttp.ClientSession) -> int:
        try:
            async with (
                asyncio.timeout(self._ear.patience),
                http.get(
                    self._url,
                    params={"since": str(self.version)},
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None),
                ) as reply,
            ):
                if reply.status != 200:
                    raise NoticeFailed(f"status {reply.status}")
                content = b""
                while len(content) <= _LARGEST and (block := await reply.content.readany()):
                    content += block
                return _version_of(content)
        except TimeoutError as error:
            raise NoticeFailed("no sign of life") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NoticeFailed(str(error) or type(error).__name__) from error


def _version_of(content: bytes) -> int:
    try:
        members = json.loads(content) if len(content) <= _LARGEST else None
    except (ValueError, RecursionError):
        members = None
    version = (
        members.get("version") if isinstance(members, dict) and members.get("format") == FORMAT else None
    )
    if type(version) is not int or not 0 <= version <= _MAX_VERSION:
        raise NoticeFailed("the reply is no notice")
    return version
