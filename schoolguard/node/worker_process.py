"""One worker as the control process sees it: its process, and the line to it.

It must not know what the others do, nor start another in its place.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from schoolguard.language import N_, Said
from schoolguard.node.sockets import Seat
from schoolguard.serve.link import Applied, Apply, Drain, Link, Message, connect

APPLY_SECONDS = 30.0
DRAIN_SECONDS = 8.0
_log = logging.getLogger("schoolguard.supervisor")


class ApplyRefused(Said):
    """A worker could not put a generation in force; the former one stays everywhere."""


class WorkerProcess:
    """One running worker and the line to it."""

    def __init__(self, number: int, received: Callable[[int, Message], None]) -> None:
        self.number = number
        self.applied = 0
        self.process: asyncio.subprocess.Process | None = None
        self._received = received
        self._link: Link | None = None
        self._waiting: dict[int, asyncio.Future[Applied]] = {}

    async def start(
        self, control: Path, counts: Path, sockets: Mapping[Seat, socket.socket], hold: bool
    ) -> None:
        """Start the process with its inherited sockets; returns when the line stands.

        With ``hold`` it reads no query before its first policy is in force.
        """
        ours, theirs = socket.socketpair()
        mine = {seat: sock for seat, sock in sockets.items() if seat.worker == self.number}
        inherited = [(sock.fileno(), seat.transport, seat.wildcard) for seat, sock in sorted(mine.items())]
        with theirs:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "schoolguard.serve.worker"),
                *("--link", str(theirs.fileno()), "--control", str(control), "--counts", str(counts)),
                *("--sockets", json.dumps(inherited), *(["--hold"] if hold else [])),
                pass_fds=[theirs.fileno(), *(fileno for fileno, _, _ in inherited)],
                stdin=asyncio.subprocess.DEVNULL,
            )
        self._link = await connect(ours, self._receive, self._closed)

    @property
    def pid(self) -> int:
        """The process ID, 0 before the start."""
        return self.process.pid if self.process else 0

    @property
    def running(self) -> bool:
        """Whether the line to the process stands."""
        return self._link is not None

    def tell(self, message: Message) -> None:
        """Send a message that has no answer; a worker that has just died is told anew when it is back."""
        if self._link is not None:
            self._link.send(message)

    async def apply(self, message: Apply) -> None:
        """Put a generation in force; raises ``ApplyRefused``."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[message.generation] = waiting
        try:
            if self._link is None:
                raise ApplyRefused(N_("worker {number} is not running"), number=self.number)
            self._link.send(message)
            async with asyncio.timeout(APPLY_SECONDS):
                answer = await waiting
        except TimeoutError as error:
            msgid = N_("worker {number} did not answer in {seconds} s")
            raise ApplyRefused(msgid, number=self.number, seconds=round(APPLY_SECONDS)) from error
        finally:
            self._waiting.pop(message.generation, None)
        if answer.error:
            raise ApplyRefused(N_("worker {number}: {problem}"), number=self.number, problem=answer.error)
        self.applied = message.generation

    async def drain(self) -> None:
        """Let the worker finish what is in flight and end; kill it when it does not."""
        if self.process is None:
            return
        if self._link is not None:
            self._link.send(Drain())
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self.process.wait()
        except TimeoutError:
            _log.error("worker did not end, killing it", extra={"worker": self.number})
            self.process.kill()
            await self.process.wait()

    def _receive(self, message: Message) -> None:
        if isinstance(message, Applied):
            waiting = self._waiting.get(message.generation)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
            return
        self._received(self.number, message)

    def _closed(self) -> None:
        self._link = None
        for generation, waiting in self._waiting.items():
            if not waiting.done():
                waiting.set_result(Applied(generation, "the worker ended"))
