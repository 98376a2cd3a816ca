"""The orders of one gateway: what came, what holds, what became of each. The journal is the only place they
are kept.

It is replayed at start. It must not read the clock, and not know lists, workers or the network: what came was
verified by whoever fetched it, and the time, the schools and the safety net are handed in. What holds is
worked out anew from all orders each time, so that neither the order of arrival nor a clock that was wrong for
an hour leaves anything.

When the journal was changed, what is whole in itself goes on closing names, but a line behind the break opens
none: it lifts nothing and takes no earlier version's place, for the line that is missing may be the one that
closed the name again. The repository still has every order: one whose line is unproven is not known
(``knows``), so it is fetched again, and then it counts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from schoolguard.intake.orders.checks import Checks, Refused
from schoolguard.intake.orders.entry import Entry
from schoolguard.intake.orders.fate import ORDER, REFUSED, Arrived, Kept, Turned, entry_of, kept_of, turned_of
from schoolguard.intake.orders.holding import Clock, Held, held, next_change
from schoolguard.intake.orders.journal import Journal
from schoolguard.intake.orders.order import Target, digest_of
from schoolguard.intake.orders.outbox import Outbox
from schoolguard.intake.orders.overlay import Overlay, overlay_of
from schoolguard.intake.orders.reading import OrderRefused
from schoolguard.intake.orders.scope import Served
from schoolguard.intake.orders.shelf import MOST_TARGETS, Shelf

_log = logging.getLogger("schoolguard.orders")


class OrderBook:
    """All orders of a gateway; raises ``CannotKeep`` when ``journal`` cannot be read.

    ``broken`` says where the journal had been changed when it was opened, ``None`` when it was whole.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.outbox = Outbox(journal)
        self._shelf = Shelf()
        self._judged: tuple[Checks | None, dict[Target, Refused | None]] = (None, {})
        opened = journal.take_opened()
        self.broken = opened.broken
        for entry in opened.entries:
            self._replay(entry)

    def accept(self, arrivals: Sequence[Arrived], time: float, clock: Clock) -> list[Kept | Turned]:
        """Return the fates of documents that came at ``time`` (Unix seconds), when they are on the disk.

        One that is known already has the fate it had. Raises ``CannotKeep``, and then nothing was changed. It
        may run beside readers in another thread, not beside another writer.
        """
        shelf = self._shelf.copy()
        room = MOST_TARGETS - shelf.names(clock)
        fates, entries = [], []
        for arrived in arrivals:
            digest = digest_of(arrived.document)
            fate = shelf.known(arrived.path, digest)
            if fate is None:
                fate = shelf.judge(arrived, int(time), clock, room)
                if isinstance(fate, Kept) or (arrived.path, digest) not in shelf.turned:
                    entries.append(entry_of(fate, arrived))
                room -= shelf.growth(fate, clock)
                shelf.put(fate)
            fates.append(fate)
        if entries:
            self._journal.append_all(time, entries)
        self._shelf = shelf
        return fates

    def knows(self, path: str, digest: str) -> bool:
        """Return whether a target of the repository need not be fetched: its fate is in the book."""
        return self._shelf.known(path, digest) is not None

    def latest(self) -> list[Kept]:
        """Return the latest version of each order, ended ones too."""
        return list(self._shelf.latest.values())

    def versions(self) -> list[Kept]:
        """Return every version of every order, in the order of arrival."""
        return list(self._shelf.kept.values())

    def turned(self) -> list[Turned]:
        """Return the documents that were refused whole."""
        return list(self._shelf.turned.values())

    def holding(self, clock: Clock) -> list[Held]:
        """Return the orders that hold, with those of their names that are not lifted."""
        return held(self._shelf.closing(), self._shelf.lifting(), clock)

    def overlay(self, clock: Clock, schools: Sequence[Served], checks: Checks) -> Overlay:
        """Return what is closed for the schools of this gateway; the safety net of now is asked each time."""
        return overlay_of(self.holding(clock), schools, self._refusal(checks))

    def next_change(self, now: float) -> float | None:
        """Return when the overlay may next change by itself after ``now`` (Unix seconds)."""
        return next_change(self._shelf.closing(), now)

    def _refusal(self, checks: Checks) -> Callable[[Target], Refused | None]:
        """Return the judgement of single names, each asked once for as long as ``checks`` are the same."""
        if self._judged[0] is not checks:
            self._judged = (checks, {})
        judged = self._judged[1]

        def refusal(target: Target) -> Refused | None:
            if target not in judged:
                judged[target] = checks.refusal(target)
            return judged[target]

        return refusal

    def _replay(self, entry: Entry) -> None:
        try:
            if entry.kind == ORDER:
                self._shelf.put(kept_of(entry))
            elif entry.kind == REFUSED:
                self._shelf.put(turned_of(entry))
            else:
                self.outbox.take(entry)
        except (OrderRefused, KeyError, TypeError, ValueError) as error:
            # Of another version of this program. It is not known, so it is fetched, judged and told anew.
            _log.error("an entry cannot be read", extra={"entry": entry.number, "problem": str(error)})
