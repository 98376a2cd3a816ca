"""Passes: what a teacher opened for a group or a device until a time. The audit log is the only place they
are kept.

Its entries ``pass-grant`` and ``pass-revoke`` are replayed at start, so that no second store can disagree
with it. It must not read the clock, and not decide what may be opened: ``check`` is handed in.

When the log is broken no pass is in force, none can be granted, and the gateway goes on without: a pass only
opens, so without passes the stricter plan holds. The proven entries before the break are not used either: a
line that took a pass back may be the one that is missing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from schoolguard.language import N_, Said
from schoolguard.node.audit import AuditLog
from schoolguard.node.audit_chain import CannotAudit, ChainBroken, read_chain
from schoolguard.node.audit_entry import Entry, NotAnEntry
from schoolguard.node.local_time import clock_text
from schoolguard.node.pass_entry import GRANT, REVOKE, fields_of, pass_of
from schoolguard.node.pass_model import Issued, Pass, PassRefused, Revocation, check_text

LONGEST = 24 * 3600
"""Seconds: a pass is for a lesson or a day. What holds longer belongs in the configuration."""

MOST_IN_FORCE = 100
"""Each group or device with passes is under a plan of its own, which starts with cold replies."""

MOST_NAMES = 1000
"""Names of one pass, those of its services among them: an entry has to fit in a line of the audit log."""

CLOCK_SLACK = 60
"""Seconds that the clock may be behind the last entry: NTP steps back by less, a dead battery by years."""

KEPT = 1000
"""Passes that are remembered; of more than these the oldest that ended are left to ``audit show``."""

_log = logging.getLogger("schoolguard.passes")

__all__ = ["Issued", "Pass", "PassBook", "PassRefused", "Revocation"]


@dataclass(frozen=True, slots=True)
class _Book:
    """What the log said so far, replaced whole, so that another thread never sees half a change."""

    issued: dict[str, Issued]
    latest: int


class PassBook:
    """All passes of one gateway; times are Unix seconds.

    ``check`` raises ``PassRefused`` for what the configuration in force does not let a pass open. ``broken``
    is why there are no passes, ``None`` as long as the log is whole; ``granted`` counts since the start.
    """

    def __init__(self, log: AuditLog, check: Callable[[Pass], None]) -> None:
        self._audit = log
        self._check = check
        self._book = _Book({}, 0)
        self.broken: Said | None = None
        self.granted = 0
        try:
            self._replay()
        except (ChainBroken, CannotAudit) as error:
            self._close(error)

    def grant(self, asked: Pass, now: float) -> Pass:
        """Put a pass in force at ``now`` and return it with its id; ``asked.id`` and ``asked.start`` are not
        read.

        Raises ``PassRefused`` for what may not be, and ``CannotAudit`` when it cannot be written down; then
        nothing was changed.
        """
        by, reason = check_text(asked.by, "--by"), check_text(asked.reason, "--reason")
        wanted = replace(asked, id="", start=int(now), until=ceil(asked.until), by=by, reason=reason)
        self._check_open()
        self._check_clock(now)
        self._check_pass(wanted, now)
        self._check(wanted)
        entry = self._append(GRANT, wanted.by, now, fields_of(wanted))
        self.granted += 1
        return self._book.issued[_id(entry)].granted

    def revoke(self, id: str, by: str, reason: str, now: float) -> Pass:
        """End a pass before its time and return it; raises ``PassRefused`` and ``CannotAudit``.

        A wrong clock does not matter: closing must always be possible.
        """
        self._check_open()
        by, reason = check_text(by, "--by"), check_text(reason, "--reason")
        issued = self._book.issued.get(id.strip().lower())
        if issued is None:
            running = ", ".join(each.id for each in self.in_force(now)) or "-"
            raise PassRefused(N_("no pass {id!r}; in force are: {known}"), id=id, known=running)
        if issued.revoked is not None:
            raise PassRefused(N_("pass {id} was revoked by {by}"), id=issued.granted.id, by=issued.revoked.by)
        if issued.granted.until <= now:
            raise PassRefused(N_("pass {id} has ended already"), id=issued.granted.id)
        self._append(REVOKE, by, now, {"pass": issued.granted.id, "reason": reason})
        return issued.granted

    def in_force(self, now: float) -> tuple[Pass, ...]:
        """Return the passes that hold at ``now``, oldest first; before its start none does."""
        return tuple(each.granted for each in self._book.issued.values() if each.holds(now))

    def next_change(self, now: float) -> float | None:
        """Return when ``in_force`` next changes by itself, ``None`` when it does not."""
        live = [each.granted for each in self._book.issued.values() if each.revoked is None]
        moments = [moment for each in live for moment in (each.start, each.until) if moment > now]
        return min(moments, default=None)

    def issued(self) -> Sequence[Issued]:
        """Return every pass that is remembered, ended and revoked ones too, oldest first."""
        return tuple(self._book.issued.values())

    def _close(self, error: Said) -> None:
        self._book = _Book({}, self._book.latest)
        self.broken = Said(
            N_(
                "{reason}. No pass is in force and none can be granted; move {path} and its .head to another"
                " folder, for whoever looks into it, and restart: a new log begins"
            ),
            reason=error,
            path=self._audit.path,
        )
        _log.error("the audit log cannot be trusted, no pass is in force", extra={"reason": str(error)})

    def _check_open(self) -> None:
        if self.broken is not None:
            raise PassRefused("{reason}", reason=self.broken)

    def _check_clock(self, now: float) -> None:
        if now < self._book.latest - CLOCK_SLACK:
            msgid = N_(
                "this machine's clock says {now}, but the last entry of the audit log is of {latest};"
                " set the clock first"
            )
            raise PassRefused(msgid, now=clock_text(now), latest=clock_text(self._book.latest))

    def _check_pass(self, wanted: Pass, now: float) -> None:
        if not wanted.names and not wanted.categories:
            raise PassRefused(N_("a pass that opens nothing; name at least one target"))
        if len(wanted.names) > MOST_NAMES:
            raise PassRefused(
                N_("a pass of {count} names, at most {most}"), count=len(wanted.names), most=MOST_NAMES
            )
        if wanted.until <= now:
            raise PassRefused(N_("a pass that ends before it begins"))
        if wanted.until - wanted.start > LONGEST + 1:
            msgid = N_("a pass of more than {hours} hours; what holds longer belongs in the configuration")
            raise PassRefused(msgid, hours=LONGEST // 3600)
        if len(self.in_force(now)) >= MOST_IN_FORCE:
            raise PassRefused(N_("{most} passes are in force; revoke one first"), most=MOST_IN_FORCE)

    def _append(self, action: str, by: str, now: float, fields: dict[str, object]) -> Entry:
        try:
            entry = self._audit.append(action, by, now, fields)
        except ChainBroken as error:
            self._close(error)
            raise PassRefused("{reason}", reason=self.broken) from error
        except NotAnEntry as error:
            raise PassRefused(
                N_("this cannot be written to the audit log: {problem}"), problem=error
            ) from error
        issued = dict(self._book.issued)
        self._take(entry, issued)
        latest = max(self._book.latest, entry.time)
        _forget(issued, latest)
        self._book = _Book(issued, latest)
        return entry

    def _replay(self) -> None:
        issued: dict[str, Issued] = {}
        latest = 0
        for entry in read_chain(self._audit.path).entries():
            latest = max(latest, entry.time)
            self._take(entry, issued)
            _forget(issued, latest)
        self._book = _Book(issued, latest)

    def _take(self, entry: Entry, issued: dict[str, Issued]) -> None:
        """Let an entry that is in the log take effect; raises ``ChainBroken`` for an unreadable pass."""
        if entry.action == GRANT:
            granted = pass_of(entry, _id(entry), self._audit.path)
            issued[granted.id] = Issued(granted)
        elif entry.action == REVOKE and (former := issued.get(str(entry.fields.get("pass")))) is not None:
            issued[former.granted.id] = former.revoked_by(entry)


def _id(entry: Entry) -> str:
    """Return a pass's id: the number of its entry, so it is short, unique, and found in the audit log."""
    return f"p{entry.number}"


def _forget(issued: dict[str, Issued], now: float) -> None:
    if len(issued) > KEPT:
        oldest = next((id for id, each in issued.items() if not each.holds(now)), None)
        if oldest is not None:
            del issued[oldest]
