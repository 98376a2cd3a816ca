"""What a worker tells: its counts each second, kept until stored, left in files when nobody hears.

It must not count, decide or wait: it reads between queries what others counted, a few clients at a time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from schoolguard.querylog.recording import Recorder
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.metering import Mark, Metering
from schoolguard.resolver.resolver import Resolver, Verdict
from schoolguard.serve.link import Asked, Counted, Link, Logged, Seen, Stored
from schoolguard.serve.tally import Tally
from schoolguard.serve.telling import Telling

HARVESTED, HARVEST_EVERY = 250, 0.005
SPILL_EVERY = 60
ASKED_EVERY = 60
"""Seconds between two reports of the names asked, so long that no report is one pupil's."""

_SHOW_AFTER = 0.05
_VERDICTS_KEPT = 1_000
_log = logging.getLogger("schoolguard.worker")


class Reports:
    """The reports of one worker, whose word is ``word`` in the folder of tallies and counts left behind.

    ``gauges`` returns the worker's own figures of the moment.
    """

    def __init__(
        self,
        folder: Path,
        word: str,
        resolver: Resolver,
        recorder: Recorder,
        counts: Counts,
        gauges: Callable[[], dict[str, float]],
    ) -> None:
        self._folder = folder
        self._telling = Telling(word)
        self._resolver = resolver
        self._recorder = recorder
        self._counts = counts
        self._gauges = gauges
        self._tally: Tally | None = None
        self._marks: set[Mark] = set()
        self._verdicts: list[Verdict] = []
        self._seconds = 0
        self._orphan = False

    def begin(self, link: Link) -> None:
        """Take the line to control, and a tally that outlives a kill."""
        self._link = link
        try:
            self._hold_tally()
        except OSError as error:
            self._counts.events["tally-missing"] += 1
            _log.error(
                "no tally: what a kill of this worker loses will not be known", extra={"problem": str(error)}
            )

    def _hold_tally(self) -> None:
        tally = Tally(self._folder / f"{self._telling.worker}.tally")
        tally.answered[0], tally.stored[0] = self._counts.answered[0], self._telling.queries_stored
        self._tally, self._counts.answered = tally, tally.answered

    def stored(self, message: Stored) -> None:
        """Let go of what control has stored; what it says of a worker that was here before is not for us."""
        if message.worker != self._telling.worker:
            return
        self._telling.stored(message.number)
        if self._tally is not None:
            self._tally.stored[0] = self._telling.queries_stored

    def take_marks(self, metering: Metering) -> None:
        """Take the use of budgets that was metered by rules of before."""
        self._marks.update(metering.take())

    def saw(self, verdict: Verdict) -> None:
        """Take a verdict for a watching terminal; those beyond a thousand at once are not shown."""
        if len(self._verdicts) < _VERDICTS_KEPT:
            self._verdicts.append(verdict)
        if len(self._verdicts) == 1:
            asyncio.get_running_loop().call_later(_SHOW_AFTER, self._show)

    def _show(self) -> None:
        self._link.send(Seen(tuple(self._verdicts)))
        self._verdicts.clear()

    def second(self) -> None:
        """Read the clients that asked, between queries, then tell what was counted; once a second."""
        self._seconds += 1
        if self._tally is None and self._seconds % SPILL_EVERY == 0:
            with suppress(OSError):  # said when the worker began
                self._hold_tally()
        self._harvest()

    def _harvest(self) -> None:
        rules = self._resolver.rules
        if rules is not None and rules.harvest_some(HARVESTED):
            asyncio.get_running_loop().call_later(HARVEST_EVERY, self._harvest)
        elif not self._link.full:
            self._tell(asked=self._seconds % ASKED_EVERY == 0)
        elif self._orphan and self._seconds % SPILL_EVERY == 0:
            self._leave()

    def orphaned(self) -> None:
        """Leave the counts to the next control, at once and again each minute."""
        self._orphan = True
        self._leave()

    def end(self) -> None:
        """Tell everything, and leave it as well: control may end before it has stored what it just took."""
        if self._resolver.rules is not None:
            self._marks.update(self._resolver.rules.harvest())
        if not self._link.full:
            self._tell(asked=True)
        self._leave()

    def _tell(self, *, asked: bool) -> None:
        rules, seen = self._resolver.rules, self._counts.seen
        if rules is not None:
            self._marks.update(rules.metering.take())
        marks, self._marks = tuple(sorted(self._marks)), set()
        devices, names = seen.take()
        told = self._telling.tell(self._counts.take(), int(time.time()) // 60)
        counted = Counted(self._telling.worker, told, self._gauges(), marks, devices, names, seen.period)
        self._link.send(counted)
        if asked and self._resolver.asked:
            self._link.send(Asked(tuple(self._resolver.asked)))
            self._resolver.asked = set()
        while not self._link.full and any(logged := self._recorder.take()):
            self._link.send(Logged(*logged))

    def _leave(self) -> None:
        """Put what was counted where the next control finds it."""
        self._telling.tell(self._counts.take(), int(time.time()) // 60)
        rules = self._resolver.rules
        categories = rules.categories if rules is not None else {}
        try:
            self._telling.spill(self._folder, {bit: category.name for bit, category in categories.items()})
        except OSError as error:
            _log.error("counts cannot be kept for the next control", extra={"problem": str(error)})
