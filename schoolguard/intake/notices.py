"""The gateway's ear: one request held open at the publisher, and polling when there is none to be had.

A notice is nothing but a hint to look, with files that may save asking for them. It must not believe one:
what is new is what ``refresh`` verified, and a server that cries wolf is asked less and less. A publisher
that is not there is not at fault: it is asked again after a tenth of the time that it has been away. There is
never more than one connection.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from schoolguard.intake.enclosure import MOST_PACKED, EnclosureRefused, Files, opened
from schoolguard.intake.trust.web import connector

FORMAT = "schoolguard-notice/1"

_LARGEST = 512 + MOST_PACKED
_MAX_VERSION = 2**53 - 1

_log = logging.getLogger("schoolguard.notices")

Refresh = Callable[[Files], Awaitable[int]]
"""Takes what is new and verified, and returns the timestamp's verified version; failures it keeps to itself
and returns the version in force. The files that a notice brought along are handed to it, mostly none."""


@dataclass(frozen=True, slots=True)
class Ear:
    """How one listens; times in seconds.

    ``patience``: the server gives a sign of life within 55 s, so a request that is silent for longer is dead.
    ``early``: a reply without anything new that comes sooner than the earliest sign of life is a fault.
    ``poll``: a refresh at least so often, whatever is or is not heard; it also notices a frozen server.
    ``spread``: gateways that are told at once, and not what is new, do not come at once. Waits after faults
    double from ``first`` to ``longest``; ``away`` are the shortest and the longest wait for a publisher that
    is not there.
    """

    patience: float = 75.0
    early: float = 20.0
    poll: float = 300.0
    spread: float = 0.5
    first: float = 1.0
    longest: float = 300.0
    away: tuple[float, float] = (1.0, 60.0)


class NoticeFailed(Exception):
    """The publisher gave no notice; the text says why, for the log."""


class NobodyThere(NoticeFailed):
    """The publisher could not be reached, or the line to it broke."""


@dataclass(frozen=True, slots=True)
class _Notice:
    version: int
    files: Files


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
        self._left: float | None = None
        self.version = version
        self.heard = 0
        self.problem = ""

    @property
    def listening(self) -> bool:
        """Whether the last request was answered as it should be."""
        return not self._failures

    async def run(self) -> None:
        """Listen and refresh; the first refresh is at once."""
        async with aiohttp.ClientSession(
            connector=connector(1, self._tls),
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "schoolguard"},
        ) as http:
            await self._look({})
            while True:
                await self._round(http)

    async def _round(self, http: aiohttp.ClientSession) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            told = await self._ask(http)
        except NobodyThere as error:
            await self._poll()
            return await self._settle_away(str(error))
        except NoticeFailed as error:
            await self._poll()
            return await self._settle(str(error))
        self._left = None
        fault = ""
        if told.version > self.version:
            fault = await self._follow(told)
        else:
            if clock() - began < self._ear.early:
                fault = "it answers at once though there is nothing new"
            await self._poll()
        await self._settle(fault)

    async def _follow(self, told: _Notice) -> str:
        """Take what was told of; return what is wrong with it."""
        before = self.version
        if told.files:
            await self._look(told.files)
        if self.version <= before:
            await asyncio.sleep(self._ear.spread * self._drawn())
            await self._look({})
        self.heard += 1
        return "it told of a version that could not be verified" if self.version <= before else ""

    async def _poll(self) -> None:
        if asyncio.get_running_loop().time() - self._refreshed >= self._ear.poll:
            await self._look({})

    async def _settle(self, fault: str) -> None:
        if not fault:
            self._failures, self.problem = 0, ""
            return
        self._note(fault)
        longest = min(self._ear.first * 2.0 ** min(self._failures, 20), self._ear.longest)
        await asyncio.sleep(max(self._ear.first / 2, longest * self._drawn()))

    async def _settle_away(self, fault: str) -> None:
        """Wait as long as fits the time that the publisher has been away: the longer, the more gateways wait
        for it, and the less they may all come in the same second."""
        now = asyncio.get_running_loop().time()
        if self._left is None:
            self._left = now
        self._note(fault)
        least, most = self._ear.away
        longest = min(max(least, (now - self._left) / 10), most)
        await asyncio.sleep(longest * (0.5 + self._drawn() / 2))

    def _note(self, fault: str) -> None:
        if fault != self.problem:
            _log.warning("no notices", extra={"url": self._url, "problem": fault})
        self.problem = fault
        self._failures += 1

    async def _look(self, files: Files) -> None:
        self.version = max(self.version, await self._refresh(files))
        self._refreshed = asyncio.get_running_loop().time()

    async def _ask(self, http: aiohttp.ClientSession) -> _Notice:
        try:
            async with (
                asyncio.timeout(self._ear.patience),
                http.get(
                    self._url,
                    params={"since": str(self.version), "with": "files"},
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None),
                ) as reply,
            ):
                if reply.status != 200:
                    raise NoticeFailed(f"status {reply.status}")
                content = b""
                while len(content) <= _LARGEST and (block := await reply.content.readany()):
                    content += block
                return _notice_of(content)
        except TimeoutError as error:
            raise NobodyThere("no sign of life") from error
        except aiohttp.ClientResponseError as error:
            raise NoticeFailed(str(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise NobodyThere(str(error) or type(error).__name__) from error


def _notice_of(content: bytes) -> _Notice:
    try:
        members = json.loads(content) if len(content) <= _LARGEST else None
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict) or members.get("format") != FORMAT:
        raise NoticeFailed("the reply is no notice")
    version, files = members.get("version"), members.get("files")
    if type(version) is not int or not 0 <= version <= _MAX_VERSION:
        raise NoticeFailed("the reply is no notice")
    try:
        return _Notice(version, {} if files is None else opened(files))
    except EnclosureRefused as error:
        raise NoticeFailed(f"the reply is no notice: {error}") from error
