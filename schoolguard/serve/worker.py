"""A worker process: sockets, resolver, and the line to the control process.

It holds all it needs to resolve; when control dies it goes on, until a new control answers on the control
socket. It must not read configuration files, speak to anything but upstreams and clients, or write files but
its tally and what it counted.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import random
import resource
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NamedTuple

from schoolguard.language import LANGUAGES, translator
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.lists.stack import Stack
from schoolguard.log import start_log
from schoolguard.policy.clock import WallClock
from schoolguard.querylog.recording import Recorder
from schoolguard.querylog.undumped import never_dump
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.front import Front
from schoolguard.resolver.lookup import Lookup
from schoolguard.resolver.present import Present
from schoolguard.resolver.resolver import Resolver
from schoolguard.resolver.rules import Rules
from schoolguard.serve.link import (
    Applied,
    Apply,
    Devices,
    Drain,
    Fact,
    Keep,
    Message,
    Orders,
    Overlaid,
    Passes,
    Period,
    Spent,
    Stored,
    connect,
)
from schoolguard.serve.reports import Reports
from schoolguard.serve.tasks import Tasks
from schoolguard.serve.tcp import TcpListener
from schoolguard.serve.udp import UdpListener
from schoolguard.settings import Limits, Settings

REPORT_EVERY = 1.0
DRAIN_SECONDS = 5.0
FILES = 16_384
RELEASED, RELEASE_EVERY = 250, 0.005
_FULL_COLLECTION_EVERY = 300
_log = logging.getLogger("schoolguard.worker")


class Inherited(NamedTuple):
    """A bound socket from the control process: file number, ``udp`` or ``tcp``, bound to any address."""

    fileno: int
    transport: str
    wildcard: bool


class Worker:
    """One process' worth of DNS service."""

    def __init__(self, control_socket: Path, counts: Path, word: str) -> None:
        """``counts`` is the folder of tallies and counts left behind, ``word`` this worker's name there."""
        self._control_socket = control_socket
        self._loop = asyncio.get_running_loop()
        self._counts = Counts()
        self._tasks = Tasks()
        self._lookup: Lookup | None = None
        self._resolver = Resolver(self._counts, self._loop.time)
        self._tcp = TcpListener(self._resolver, self._counts, self._tasks, self._limits)
        self._udp: list[UdpListener] = []
        self._unread: list[Inherited] = []
        self._present = Present()
        self._recorder = Recorder(time.time)
        self._resolver.recorder = self._recorder.record
        self._orders = Orders(0, {}, {}, {})
        self._clock = WallClock()
        self._translators = {language: translator(language) for language in LANGUAGES}
        self._ended = asyncio.Event()
        self._ticks = 0
        self._reports = Reports(counts, word, self._resolver, self._recorder, self._counts, self._gauges)

    def _gauges(self) -> dict[str, float]:
        rules, lookup = self._resolver.rules, self._lookup
        return {
            "tcp-connections": float(len(self._tcp.open)),
            "queries-in-flight": float(len(self._tasks)),
            "answers-cached": float(len(lookup.cache)) if lookup else 0.0,
            "replies-cached": float(len(rules.front)) if rules else 0.0,
            "answers-bytes": float(lookup.cache.size) if lookup else 0.0,
            "replies-bytes": float(rules.front.size) if rules else 0.0,
            "clients": float(rules.count_clients()) if rules else 0.0,
            "clock-believed": float(self._present.now is not None),
        }

    def _limits(self) -> Limits:
        rules = self._resolver.rules
        return rules.settings.limits if rules is not None else Limits()

    async def run(self, link: socket.socket, sockets: list[Inherited], hold: bool) -> None:
        """Serve until drained; with ``hold``, queries wait in the kernel until the first policy is here."""
        self._link = await connect(link, self._receive, self._orphaned)
        self._reports.begin(self._link)
        self._unread = sockets
        if not hold:
            await self._listen()
        self._loop.add_signal_handler(signal.SIGTERM, self._drain)
        # Ctrl-C and a terminal's hang-up go to the whole group: control says when to end.
        for ignored in (signal.SIGINT, signal.SIGHUP):
            self._loop.add_signal_handler(ignored, lambda: None)
        gc.freeze()
        gc.disable()  # a full collection would stall the loop; see _tick
        self._loop.call_later(REPORT_EVERY, self._tick)
        await self._ended.wait()

    async def _listen(self) -> None:
        sockets, self._unread = self._unread, []
        for each in sockets:
            sock = socket.socket(fileno=each.fileno)
            sock.setblocking(False)
            if each.transport == "udp":
                self._udp.append(UdpListener(sock, self._resolver, self._counts, self._tasks, each.wildcard))
            else:
                await self._tcp.listen(sock)

    def _receive(self, message: Message) -> None:
        match message:
            case Apply():
                self._tasks.spawn(self._apply(message), "apply")
            case Drain():
                self._drain()
            case Orders():
                self._overlay(message)
            case Passes() | Spent() | Devices() | Period() | Keep():
                self._learn(message)
            case Stored():
                self._reports.stored(message)
            case _:
                raise TypeError(f"not for a worker: {type(message).__name__}")

    async def _apply(self, message: Apply) -> None:
        self._link.send(await self._put_in_force(message))
        await self._listen()

    async def _put_in_force(self, message: Apply) -> Applied:
        settings, rules = message.settings, self._resolver.rules
        former = rules.stack if rules is not None else None
        try:
            # In a thread: every byte of a snapshot is checked once, which takes tens of milliseconds.
            stack = await asyncio.to_thread(Stack.open, [Path(path) for path in message.layers], former)
        except (SnapshotBroken, OSError) as error:
            return Applied(message.generation, str(error))
        for fact in message.now:
            self._learn(fact)
        self._clock.raise_floor(message.floor)
        self._present.now = self._clock.read(time.time(), self._loop.time())
        self._replace(settings, stack)
        self._resolver.watcher = self._reports.saw if message.watch else None
        return Applied(message.generation)

    def _replace(self, settings: Settings, stack: Stack) -> None:
        """Judge every reply anew from here on: by these settings, these lists and the orders in force."""
        former, orders = self._resolver.rules, self._orders
        self._present.orders = orders.schools
        stack = stack.with_overlay(orders.below, orders.exact)
        rules = Rules(settings, stack, self._counts, self._translators, self._present)
        self._resolver.apply(rules, self._lookup_for(rules))
        if former is not None:
            former.retire()
            self._reports.take_marks(former.metering)
            self._release(former.front)

    def _overlay(self, orders: Orders) -> None:
        """Put orders in force, for kept replies too; a worker without a policy answers nothing yet."""
        if orders.number > self._orders.number:
            self._orders, rules = orders, self._resolver.rules
            if rules is not None:
                self._replace(rules.settings, rules.stack)
        self._link.send(Overlaid(self._orders.number))

    def _learn(self, fact: Fact) -> None:
        """Take news of the present moment, and bring those whom it concerns under their plans of now."""
        present, rules = self._present, self._resolver.rules
        match fact:
            case Passes():
                present.passes = fact.granted
                if rules is not None:
                    rules.turn(self._loop.time())
            case Spent():
                changed = {
                    device
                    for device in present.spent.keys() | fact.spent.keys()
                    if present.spent.get(device) != fact.spent.get(device)
                }
                present.spent = fact.spent
                if rules is not None:
                    rules.seat_again(changed)
            case Orders():
                if fact.number > self._orders.number:
                    self._orders = fact
            case Keep():
                self._recorder.keep(fact.day, fact.keys)
                former, present.logged = present.logged, fact.groups
                if rules is not None and former != fact.groups:
                    rules.log_again()
            case Period():
                self._counts.seen.begin(fact.key, fact.number, fact.names)
            case Devices():
                moved = present.learn(fact.found, fact.gone)
                if rules is not None:
                    rules.forget(moved)

    def _release(self, former: Front) -> None:
        """Free former replies a few at a time, between queries."""
        if former.entries.release(RELEASED):
            self._loop.call_later(RELEASE_EVERY, self._release, former)

    def _lookup_for(self, rules: Rules) -> Lookup:
        """Return a lookup that keeps the answers as long as the same upstreams are asked."""
        settings, former = rules.settings, self._resolver.rules
        same = (
            former is not None
            and former.settings.upstreams.servers == settings.upstreams.servers
            and former.settings.caches == settings.caches
        )
        if self._lookup is None or not same:
            self._lookup = Lookup(settings, self._counts, self._loop.time, random.SystemRandom().random)
        else:
            self._lookup.configure(settings)
        return self._lookup

    def _tick(self) -> None:
        """Once a second: refill the clients, report the counts, collect young garbage."""
        self._loop.call_later(REPORT_EVERY, self._tick)
        self._ticks += 1
        rules = self._resolver.rules
        if rules is not None:
            rules.refill()
            self._look_at_the_clock(rules)
        self._reports.second()
        gc.collect(2 if self._ticks % _FULL_COLLECTION_EVERY == 0 else 1)

    def _look_at_the_clock(self, rules: Rules) -> None:
        """Turn the plans when that is due, and when the time becomes believable or unbelievable."""
        steady, former = self._loop.time(), self._present.now
        now = self._present.now = self._clock.read(time.time(), steady)
        if (now is None) != (former is None):
            told = "believed again" if former is None else "not believed; the strictest plan holds"
            _log.warning("the clock is %s", told, extra={"clock": time.time()})
            rules.turn(steady)
        elif steady >= rules.due:
            rules.turn(steady)

        while rules.former_fronts:
            self._release(rules.former_fronts.pop())

    def _drain(self) -> None:
        for listener in self._udp:
            listener.close()
        self._udp.clear()
        self._tcp.stop()
        self._loop.create_task(self._end(), name="drain")

    async def _end(self) -> None:
        await self._tasks.drain(DRAIN_SECONDS)
        self._reports.end()
        self._link.close()
        self._ended.set()

    def _orphaned(self) -> None:
        if self._resolver.rules is None:
            self._drain()  # without a policy there is nothing to go on with
        elif not self._ended.is_set():
            self._reports.orphaned()
            self._tasks.spawn(self._await_successor(), "orphaned")

    async def _await_successor(self) -> None:
        """Serve on without control until another control process listens; it has workers of its own."""
        while True:
            await asyncio.sleep(REPORT_EVERY)
            try:
                _, writer = await asyncio.open_unix_connection(self._control_socket)
            except OSError:
                continue
            writer.close()
            self._drain()
            return


def main() -> None:
    """Run a worker: ``python -m schoolguard.serve.worker --link FD --control PATH --sockets JSON``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--link", type=int, required=True)
    parser.add_argument("--control", type=Path, required=True)
    parser.add_argument("--sockets", type=json.loads, required=True)
    parser.add_argument("--counts", type=Path, required=True)
    parser.add_argument("--hold", action="store_true")
    arguments = parser.parse_args()
    never_dump()
    start_log(f"worker-{os.getpid()}")
    _raise_file_limit()
    # The thread that opens a snapshot may hold the interpreter for so long; the default is ten times that.
    sys.setswitchinterval(0.0005)
    sockets = [Inherited(*each) for each in arguments.sockets]
    asyncio.run(_run(arguments.control, arguments.counts, arguments.link, sockets, arguments.hold))


def _raise_file_limit() -> None:
    """Take the files that the hard limit grants: every question in flight needs a socket of its own."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _run(control: Path, counts: Path, link: int, sockets: list[Inherited], hold: bool) -> None:
    await Worker(control, counts, secrets.token_hex(8)).run(socket.socket(fileno=link), sockets, hold)


if __name__ == "__main__":
    main()
