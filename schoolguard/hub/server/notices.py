"""Requests that are held open until the repository changes, or until it is time for a sign of life.

A notice says which version the timestamp has, and to who asks ``with=files`` it brings the files along that
changed; who hears it verifies everything. It must not read the repository: the enclosure is handed in.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path

from aiohttp import web

from schoolguard.hub.server.limits import ServerLimits

FORMAT = "schoolguard-notice/1"
MAX_VERSION = 2**53 - 1

_BATCH = 200
"""Waiters woken in one turn of the loop: between turns others are served."""
_LARGEST = 1 << 16

_log = logging.getLogger("schoolguard.notices")

Enclose = Callable[[], tuple[int, str] | None]
"""Returns the timestamp's version and the enclosure that goes with it; called in a thread."""


class Notices:
    """Who waits, and the version that they wait for to be passed; ``drawn`` gives numbers from 0 to 1."""

    def __init__(
        self,
        limits: ServerLimits,
        drawn: Callable[[], float],
        version: int = 0,
        enclose: Enclose | None = None,
    ) -> None:
        self._limits = limits
        self._drawn = drawn
        self._enclose = enclose
        self._enclosing = asyncio.Lock()
        self._held: dict[asyncio.Future[None], int] = {}
        self._waking: set[asyncio.Task[None]] = set()
        self._coming = version
        self._plain = self._full = notice(version)
        self.version = version
        self.told = 0

    @property
    def held(self) -> int:
        """How many requests are held now."""
        return len(self._held)

    def announce(self, version: int) -> None:
        """Tell all who wait that the timestamp has this version; an older one is told to nobody."""
        if version <= max(self.version, self._coming):
            return
        self._coming = version
        if self._enclose is None:
            self._tell(version, None)
        else:
            self._begin(self._tell_enclosed(self._enclose))

    async def _tell_enclosed(self, enclose: Enclose) -> None:
        async with self._enclosing:
            if self._coming <= self.version:
                return  # the one before read the newer timestamp already
            made = await asyncio.to_thread(enclose)
            version, files = made if made is not None else (self._coming, None)
            if version > self.version:
                self._tell(version, files)

    def _tell(self, version: int, files: str | None) -> None:
        self.version = version
        self._plain, self._full = notice(version), notice(version, files)
        self._begin(self._wake([waiter for waiter, since in self._held.items() if since < version]))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="notices")
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Hold a request ``?since=N`` open and answer it."""
        since = request.query.get("since", "0")
        if not (since.isascii() and since.isdigit() and len(since) < 17):
            return web.Response(status=400, text="since must be a version\n")
        if self.version <= int(since):
            if self.held >= self._limits.held:
                return self._busy()
            await self._hold(int(since))
        self.told += 1
        return web.Response(
            body=self._full if request.query.get("with") == "files" else self._plain,
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    async def _hold(self, since: int) -> None:
        loop = asyncio.get_running_loop()
        least, most = self._limits.heartbeat
        waiter: asyncio.Future[None] = loop.create_future()
        alarm = loop.call_later(least + (most - least) * self._drawn(), _wake, waiter)
        self._held[waiter] = since
        try:
            await waiter
        finally:
            alarm.cancel()
            self._held.pop(waiter, None)

    async def _wake(self, waiters: list[asyncio.Future[None]]) -> None:
        for start in range(0, len(waiters), _BATCH):
            for waiter in waiters[start : start + _BATCH]:
                _wake(waiter)
            await asyncio.sleep(0)

    def _busy(self) -> web.Response:
        least, most = self._limits.busy_wait
        wait = int(least + (most - least) * self._drawn())
        return web.Response(status=503, headers={"Retry-After": str(wait)})


def notice(version: int, files: str | None = None) -> bytes:
    """Return the document of a notice, in canonical form; ``files`` is an enclosure."""
    members = {"format": FORMAT, "version": version} | ({} if files is None else {"files": files})
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


def timestamp_version(content: bytes) -> int | None:
    """Return the version in a TUF timestamp, None when there is none; nothing is verified."""
    try:
        version = json.loads(content)["signed"]["version"] if len(content) <= _LARGEST else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return version if type(version) is int and 0 < version <= MAX_VERSION else None


async def watch(timestamp: Path, notices: Notices, every: float = 0.2) -> None:
    """Announce each new version of a timestamp file until cancelled.

    A publisher in another process replaces the file; looking at it costs one system call.
    """
    seen: tuple[int, int, int] | None = None
    while True:
        try:
            state = await asyncio.to_thread(timestamp.stat)
            mark = (state.st_ino, state.st_mtime_ns, state.st_size)
            if mark != seen:
                version = timestamp_version(await asyncio.to_thread(timestamp.read_bytes))
                if version is None:
                    _log.error("timestamp cannot be read", extra={"path": str(timestamp)})
                else:
                    notices.announce(version)
                seen = mark
        except FileNotFoundError:
            seen = None
        except OSError as error:
            _log.error("timestamp cannot be read", extra={"path": str(timestamp), "problem": str(error)})
        await asyncio.sleep(every)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
