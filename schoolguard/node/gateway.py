"""The control process of one gateway: the place where configuration, lists, workers and status meet.

It must not resolve: queries are answered by workers, which go on when this process is busy or gone.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from schoolguard.config import ConfigError, load
from schoolguard.language import N_, Said
from schoolguard.node.asserting import AssertionsBroken
from schoolguard.node.commands import CommandServer
from schoolguard.node.compiling import CompileFailed, Compiler, Layers
from schoolguard.node.in_force import ListsUnreadable
from schoolguard.node.loading import load_nicely
from schoolguard.node.notify import Notify
from schoolguard.node.parts import Parts, Renewal
from schoolguard.node.sockets import CannotListen, open_sockets, seats
from schoolguard.node.starting import CannotStart, Overrides, control_path, only_one
from schoolguard.node.worker_process import ApplyRefused
from schoolguard.resolver.meaning import joined
from schoolguard.resolver.resolver import Verdict
from schoolguard.serve.link import Apply, Counted, Message, Seen
from schoolguard.settings import Settings

SILENT_SECONDS = 20.0
"""A worker that reported nothing for so long hangs, and is replaced."""

_log = logging.getLogger("schoolguard.gateway")


_REFUSALS = (CompileFailed, CannotListen, ApplyRefused, AssertionsBroken, ListsUnreadable, CannotStart)
"""Why a reload may be refused, beside a wrong configuration."""


class Gateway:
    """One running gateway; ``watch`` is called with each verdict when given, on this machine only."""

    def __init__(
        self,
        folder: Path,
        overrides: Overrides,
        notify: Notify,
        watch: Callable[[Verdict], None] | None = None,
    ) -> None:
        self._folder = folder
        self._overrides = overrides
        self._notify = notify
        self._watch = watch
        self._renewal = Renewal(self._recompile, self._renewed, self._install, lambda: self._layers)
        self._stopping = asyncio.Event()
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._heard: dict[int, float] = {}
        self._generation = 0
        self._layers: Layers | None = None

    async def run(self, started: Callable[[Settings], None]) -> None:
        """Serve until SIGTERM or SIGINT; ``started`` is called once, when the first policy is in force.

        Raises ``ConfigError``, ``CannotListen`` and ``CannotStart`` before anything is served.
        """
        loaded = load(self._folder)
        settings = self._overrides.on(loaded.settings)
        for finding in loaded.warnings:
            _log.warning("configuration", extra={"finding": str(finding)})
        with only_one(settings.paths.state):
            self._parts = Parts(settings, self._renewal, self._receive)
            self._compiler = Compiler(settings.paths.state)
            try:
                await self._parts.counting.open(settings.store)
                ready = self._compiler.ready()
                sockets = open_sockets(seats(settings.listeners, settings.workers), {})
                await self._parts.supervisor.seat(sockets, hold=ready is not None)
                self._parts.serve_status(settings)
                await self._serve(settings, ready, started)
            finally:
                await self._stop()

    async def _serve(
        self, settings: Settings, ready: Layers | None, started: Callable[[Settings], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self.reload(), "reload"))
        for ending in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(ending, self._stopping.set)
        self._spawn(self._watch_over(), "watch-over")
        for work, name in self._parts.work():
            self._spawn(work, name)
        await self._parts.ordering.configured(settings)
        await self._first_policy(settings, ready)
        if self._stopping.is_set():
            return
        commands = CommandServer(control_path(settings), {"reload": self.reload, **self._parts.commands()})
        try:
            await commands.start()
        except OSError as error:
            msgid = N_("{path}: {reason}; set paths.state to another folder, of at most 90 bytes")
            raise CannotStart(msgid, path=control_path(settings), reason=error.strerror or error) from error
        self._notify.send("READY=1")
        started(settings)
        await self._stopping.wait()
        self._notify.send("STOPPING=1")
        await commands.close()

    async def _first_policy(self, settings: Settings, ready: Layers | None) -> None:
        """Put the last good snapshot in force at once, then the lists as they are now."""
        if ready is not None:
            try:
                await self._apply(settings, ready)
            except AssertionsBroken as error:
                raise CannotStart("{reason}", reason=error) from error
            except (ApplyRefused, ListsUnreadable) as error:
                _log.error("the last snapshot cannot be used, compiling anew", extra={"error": str(error)})
            else:
                self._spawn(self._recompile(), "compile")
                return
        _log.info("compiling the lists for the first time; until then every query gets SERVFAIL (EDE 14)")
        first = self._parts.transferring.before(
            lambda: self._parts.subscribing.before(lambda: self._compiler.compile(settings))
        )
        compiling = asyncio.create_task(first, name="compile")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        await asyncio.wait((compiling, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not compiling.done():
            compiling.cancel()
            await asyncio.gather(compiling, return_exceptions=True)
            return
        try:
            await self._apply(settings, compiling.result())
        except (CompileFailed, ApplyRefused, ListsUnreadable) as error:
            msgid = N_("no lists to filter by, so nothing is answered: {reason}")
            raise CannotStart(msgid, reason=error) from error
        except AssertionsBroken as error:
            raise CannotStart("{reason}", reason=error) from error

    async def _recompile(self) -> bool:
        return await self._renewed() is None

    async def _renewed(self) -> Said | None:
        """Put the lists as they are now in force, or return why that could not be done."""
        async with self._changing:
            try:
                layers = await self._compiler.compile(self._parts.in_force.settings)
                if self._layers is None or layers.paths != self._layers.paths:
                    await self._apply(self._parts.in_force.settings, layers)
            except (CompileFailed, ApplyRefused, AssertionsBroken, ListsUnreadable) as error:
                self._parts.reporting.state.compiles_failed += 1
                _log.error("lists not renewed, the last good ones stay", extra={"error": str(error)})
                return error
            return None

    async def _install(self, paths: tuple[str, ...]) -> None:
        """Put the publisher's layers in force below the gateway's own; raises what ``_REFUSALS`` names."""
        async with self._changing:
            former, self._parts.province.paths = self._parts.province.paths, paths
            try:
                if self._layers is not None:
                    await self._apply(self._parts.in_force.settings, self._layers)
            except BaseException:
                self._parts.province.paths = former
                raise

    async def reload(self) -> dict[str, Any]:
        """Read everything anew and put it in force, or keep all as it was; return what happened."""
        async with self._changing:
            self._notify.reloading()
            try:
                layers = await self._reloaded()
            except ConfigError as error:
                return self._refused([str(finding) for finding in error.findings])
            except _REFUSALS as error:
                return self._refused([error])
            finally:
                self._notify.send("READY=1")
            self._parts.reporting.state.reloads += 1
            _log.info("reloaded", extra={"generation": self._generation, "names": layers.names})
            return {"ok": True, "generation": self._generation, "names": layers.names, "lists": layers.told()}

    def _refused(self, reasons: Sequence[str | Said]) -> dict[str, Any]:
        self._parts.reporting.state.reloads_refused += 1
        _log.error(
            "reload refused, the former state stays", extra={"reasons": [str(reason) for reason in reasons]}
        )
        return {"ok": False, "errors": reasons}

    async def _reloaded(self) -> Layers:
        loaded = await asyncio.to_thread(load_nicely, self._folder)
        settings = self._overrides.on(loaded.settings)
        if settings.paths.state != self._parts.in_force.settings.paths.state:
            msgid = N_("paths.state cannot change while running; restart to use another folder")
            raise CannotStart(msgid)
        layers = await self._compiler.compile(settings)
        former = self._parts.supervisor.sockets
        sockets = open_sockets(seats(settings.listeners, settings.workers), former)
        try:
            self._parts.serve_status(settings)
            await self._apply(settings, layers)
        except (ApplyRefused, CannotListen):
            for seat, sock in sockets.items():
                if seat not in former:
                    sock.close()
            self._parts.serve_status(self._parts.in_force.settings)
            raise
        if sockets.keys() != former.keys():
            await self._parts.supervisor.seat(sockets)
        return layers

    async def _apply(self, settings: Settings, layers: Layers) -> None:
        paths = (*self._parts.province.below(settings), *layers.paths)
        await asyncio.to_thread(self._parts.in_force.check_assertions, settings, paths)
        self._generation += 2  # the number between is the way back, see Supervisor.apply
        message = Apply(
            self._generation,
            settings.for_workers(),
            paths,
            self._watch is not None,
            self._parts.now(),
            self._parts.facts.floor,
        )
        state = self._parts.reporting.state
        # One worker may count under the new categories while another one does not yet.
        state.categories = joined({each.bit: each for each in settings.categories}, state.categories.values())
        await self._parts.supervisor.apply(message)
        state.categories = joined(state.categories, settings.categories)
        self._layers = layers
        await self._parts.configured(settings, paths, layers)
        for row in layers.troubled:
            _log.error(
                "list not in force as it is",
                extra={"list": row.id, "state": row.note.state.value, "reason": row.note.message},
            )
        state.generation, state.reloaded = self._generation, time.time()
        layers.show(state)

    def _receive(self, worker: int, message: Message) -> None:
        match message:
            case Seen():
                if self._watch is not None:
                    for verdict in message.verdicts:
                        self._watch(verdict)
            case Counted():
                self._heard[worker] = asyncio.get_running_loop().time()
        self._parts.receive(worker, message)

    async def _watch_over(self) -> None:
        """Replace workers that hang, and tell systemd that all is well."""
        every = min(5.0, self._notify.watchdog_seconds / 3 or 5.0)
        while True:
            await asyncio.sleep(every)
            now = asyncio.get_running_loop().time()
            workers = self._parts.supervisor.workers
            for number in list(workers):
                if now - self._heard.setdefault(number, now) > SILENT_SECONDS:
                    _log.error("worker hangs, replacing it", extra={"worker": number})
                    self._heard.pop(number)
                    self._parts.supervisor.kill(number)
            self._parts.totals.forget(set(workers))
            self._notify.send("WATCHDOG=1")

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self._parts.close()

    def _spawn(self, work: Any, name: str) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("task %s failed", task.get_name(), exc_info=error)
