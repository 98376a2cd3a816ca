"""The workers as the control process sees them: started, told what to apply, replaced when they die.

It must not know configuration files or metrics; it hands on what workers report.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from schoolguard.node.sockets import NOBODY, Seat, close_to_new
from schoolguard.node.worker_process import ApplyRefused, WorkerProcess
from schoolguard.serve.link import Apply, Fact, Message

_STABLE_AFTER = 10.0
_PAUSE_FIRST, _PAUSE_MOST = 0.1, 5.0
_log = logging.getLogger("schoolguard.supervisor")


class Supervisor:
    """All workers of the gateway; ``facts`` returns what a worker must know beside the settings.

    ``ended`` is called when a worker ended that should not have.
    ``counts`` is the folder where workers keep their tallies, and their counts when nobody takes them.
    """

    def __init__(
        self,
        control: Path,
        counts: Path,
        received: Callable[[int, Message], None],
        facts: Callable[[], tuple[Fact, ...]],
        ended: Callable[[], None],
    ) -> None:
        self._control = control
        self._counts = counts
        self._received = received
        self._facts = facts
        self._ended = ended
        self._sockets: dict[Seat, socket.socket] = {}
        self._watching: dict[int, asyncio.Task[None]] = {}
        self._current: Apply | None = None
        self.workers: dict[int, WorkerProcess] = {}
        self.restarts = 0
        self.stopping = False

    @property
    def sockets(self) -> Mapping[Seat, socket.socket]:
        """The sockets now served."""
        return self._sockets

    @property
    def ready(self) -> bool:
        """Whether every worker runs under the generation last applied."""
        current = self._current
        return current is not None and all(
            w.running and w.applied == current.generation for w in self.workers.values()
        )

    async def apply(self, message: Apply) -> None:
        """Put a generation in force in every worker, or in none; raises ``ApplyRefused``.

        A worker that has just died is passed over: what takes its place starts under what is in force then.
        """
        former, workers = self._current, [w for w in self.workers.values() if w.running]
        results = await asyncio.gather(*(w.apply(message) for w in workers), return_exceptions=True)
        failed = [result for result in results if isinstance(result, BaseException)]
        if not failed:
            self._current = message
            return
        if former is not None:
            # A number of its own: a late answer to the refused generation must not count for this one.
            back = replace(former, generation=message.generation + 1)
            await asyncio.gather(*(w.apply(back) for w in workers), return_exceptions=True)
            self._current = back
        raise ApplyRefused("{reasons}", reasons=tuple(failed))

    def tell(self, message: Message) -> list[int]:
        """Send a message to every running worker and return their numbers; answers come by ``received``."""
        running = [worker for worker in self.workers.values() if worker.running]
        for worker in running:
            worker.tell(message)
        return [worker.number for worker in running]

    def tell_one(self, number: int, message: Message) -> None:
        """Send a message to the worker of a number, if it runs."""
        worker = self.workers.get(number)
        if worker is not None:
            worker.tell(message)

    async def seat(self, sockets: dict[Seat, socket.socket], hold: bool = False) -> None:
        """Serve these sockets: start workers for new ones, replace those whose sockets changed.

        ``hold`` says that the first policy follows at once: until then queries wait instead of failing.

        A new worker reads the same sockets before the old one drains, so no query is lost in between.
        """
        former, self._sockets = self._sockets, sockets
        numbers = {seat.worker for seat in sockets} - {NOBODY}
        old = {n: w for n, w in self.workers.items() if _of(former, n) != _of(sockets, n)}
        for number in sorted(numbers):
            if number not in self.workers or number in old:
                await self._start(number, hold)
        for number in old.keys() - numbers:
            self._watching.pop(number).cancel()
            del self.workers[number]
        for seat, sock in former.items():
            if seat not in sockets and seat.transport == "udp":
                close_to_new(sock)
        await asyncio.gather(*(worker.drain() for worker in old.values()))
        for seat, sock in former.items():
            if seat not in sockets:
                sock.close()

    def kill(self, number: int) -> None:
        """Kill a worker that no longer reports; another takes its place."""
        worker = self.workers.get(number)
        if worker is not None and worker.process is not None and worker.process.returncode is None:
            worker.process.kill()

    async def stop(self) -> None:
        """Drain every worker and close the sockets."""
        self.stopping = True
        for task in self._watching.values():
            task.cancel()
        await asyncio.gather(*(worker.drain() for worker in self.workers.values()))
        for sock in self._sockets.values():
            sock.close()

    async def _start(self, number: int, hold: bool = False) -> None:
        worker = WorkerProcess(number, self._received)
        await worker.start(self._control, self._counts, self._sockets, hold or self._current is not None)
        try:
            # Until it is registered a reload does not see it, so it has to catch up with one.
            while (current := self._current) is not None and worker.applied != current.generation:
                await worker.apply(replace(current, now=self._facts()))
        except ApplyRefused:
            await worker.drain()
            raise
        if number in self._watching:
            self._watching.pop(number).cancel()
        self.workers[number] = worker
        if self._current is not None:
            for fact in self._facts():  # what was told to all in the meantime did not reach this one
                worker.tell(fact)
        task = asyncio.get_running_loop().create_task(self._watch(worker), name=f"worker-{number}")
        self._watching[number] = task
        _log.info("worker started", extra={"worker": number, "pid": worker.pid})

    async def _watch(self, worker: WorkerProcess) -> None:
        """Wait for a worker's end and put another in its place; its sockets stay open meanwhile."""
        loop, pause = asyncio.get_running_loop(), _PAUSE_FIRST
        begin = loop.time()
        assert worker.process is not None  # noqa: S101 - started before it is watched
        code = await worker.process.wait()
        if not self.stopping:
            self._ended()
        while not self.stopping:
            self.restarts += 1
            _log.error("worker ended", extra={"worker": worker.number, "code": code, "again_in": pause})
            if loop.time() - begin < _STABLE_AFTER:
                await asyncio.sleep(pause)
            try:
                self._watching.pop(worker.number, None)
                await self._start(worker.number)
                return
            except (ApplyRefused, OSError) as error:
                _log.error("worker does not start", extra={"worker": worker.number, "error": str(error)})
                pause = min(_PAUSE_MOST, 2 * pause)


def _of(sockets: Mapping[Seat, socket.socket], number: int) -> dict[Seat, int]:
    return {seat: sock.fileno() for seat, sock in sockets.items() if seat.worker == number}
