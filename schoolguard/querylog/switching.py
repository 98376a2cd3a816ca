"""Which schools' query logs are on, since when, and why one ended: each written down before it is so.

It must not know rows. A log is on only once its start stands in the audit log; one that ends is off whether
that can be written down or not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from schoolguard.language import Said
from schoolguard.querylog import standing as standing_file
from schoolguard.querylog.model import Terms, day_of, day_text
from schoolguard.querylog.standing import Standing
from schoolguard.querylog.trouble import Trouble

ITSELF = "schoolguard"
"""Who the audit log says it was when nobody did it: a date that passed, a changed configuration."""

ON, CHANGED, OFF, LOST = "query-log-on", "query-log-changed", "query-log-off", "query-log-lost"
_log = logging.getLogger("schoolguard.querylog")

Audit = Callable[[str, str, float, Mapping[str, Any]], object]
"""Writes an entry (action, who, Unix seconds, fields) and returns when it is on the disk; raises ``Said``."""


class Switching:
    """The terms that are configured, and those that are on; ``path`` is where that is kept over a restart."""

    def __init__(self, path: Path, audit: Audit, trouble: Trouble) -> None:
        self._path = path
        self._audit = audit
        self._trouble = trouble
        self._terms: tuple[Terms, ...] = ()
        self._unsaved = False
        self._standing, self._distrusted = self._read()

    @property
    def on(self) -> tuple[Terms, ...]:
        """The terms that are on."""
        return tuple(self._standing.on.values())

    def configured(self, terms: Sequence[Terms]) -> None:
        """Take the terms of the configuration in force, at most one a school."""
        self._terms = tuple(terms)
        if self._distrusted:
            # Which of them were ended by hand is not known any more: none goes on by itself.
            self._distrusted, self._unsaved = False, True
            for each in self._terms:
                self._standing.end(each, by_hand=True)

    async def end_what_is_over(self, now: float) -> None:
        """Turn off what its date or the configuration ended."""
        for terms in self.on:
            if (why := self._over(terms, now)) is not None:
                await self._end(terms, now, why)

    async def begin_what_is_due(self, now: float) -> None:
        """Turn on, or change, what the configuration has and its dates allow."""
        for terms in self._terms:
            due = terms.holds(now, self._standing.ended_at(terms))
            if due and self._standing.on.get(terms.school) != terms:
                await self._begin(terms, now)
        if self._unsaved:
            self._save()

    async def end_by_hand(self, terms: Terms, by: str, now: float, fields: Mapping[str, Any]) -> None:
        """Turn a log off until it is configured anew; raises ``Said`` when that cannot be written down."""
        await asyncio.to_thread(self._audit, OFF, by, now, {**told(terms), **fields})
        self._standing.end(terms, by_hand=True)
        self._standing.on.pop(terms.school, None)
        self._save()

    def lost(self, why: str, now: float) -> None:
        """Write down that a damaged file was removed."""
        _log.error("the query log was damaged and begins anew", extra={"problem": why})
        try:
            self._audit(LOST, ITSELF, now, {"why": why})
        except Said as error:
            self._trouble.tell("the loss of the query log cannot be written down", error)

    def days(self) -> dict[str, int]:
        """Return how many days each school's rows are kept; a shorter time holds from when it is wished."""
        kept = {school: terms.days for school, terms in self._standing.on.items()}
        for each in self._terms:
            if each.school in kept:
                kept[each.school] = min(kept[each.school], each.days)
        return kept

    def holding(self, now: float) -> dict[str, frozenset[str]]:
        """Return the groups, by school, that stand in the audit log and are still in the configuration."""
        on = self._standing.on
        holding = [each for each in self._terms if each.school in on and each.holds(now)]
        return {each.school: _both(each.groups, on[each.school].groups) for each in holding}

    def _over(self, terms: Terms, now: float) -> str | None:
        """Return why a log that is on must end; one whose clock went back before its first day waits."""
        same = [each for each in self._terms if each.identity == terms.identity]
        if any(now < each.ends and self._standing.ended_at(each) < each.ends for each in same):
            return None
        return "its last day is over" if now >= terms.ends else "the configuration has it no more"

    async def _begin(self, terms: Terms, now: float) -> None:
        action = ON if terms.school not in self._standing.on else CHANGED
        try:
            await asyncio.to_thread(self._audit, action, terms.requested_by, now, told(terms))
        except Said as error:
            self._trouble.tell("a query log does not start: it cannot be written down", error)
            return
        self._standing.on[terms.school] = terms
        self._save()
        _log.warning("query log", extra={"action": action, "school": terms.school})

    async def _end(self, terms: Terms, now: float, why: str) -> None:
        del self._standing.on[terms.school]
        if now >= terms.ends:
            self._standing.end(terms, by_hand=False)
        try:
            await asyncio.to_thread(self._audit, OFF, ITSELF, now, {**told(terms), "why": why})
        except Said as error:
            self._trouble.tell("the end of a query log cannot be written down", error)
        self._save()
        _log.warning("query log", extra={"action": OFF, "school": terms.school, "why": why})

    def _read(self) -> tuple[Standing, bool]:
        """Return what was on when the gateway ended, and whether that cannot be known."""
        try:
            return standing_file.read(self._path), False
        except (OSError, ValueError) as error:
            self._trouble.tell("what is known of the query log cannot be read, it stays off", error)
            return Standing(), True

    def _save(self) -> None:
        """Put it on the disk; what cannot be written now is tried again when next the logs are looked at."""
        try:
            standing_file.write(self._path, self._standing)
            self._unsaved = False
        except OSError as error:
            self._unsaved = True
            self._trouble.tell("what is known of the query log cannot be saved", error)


def told(terms: Terms) -> dict[str, Any]:
    """Return terms as the audit log has them."""
    fields: dict[str, Any] = {
        "school": terms.school,
        "reason": terms.reason,
        "requested-by": terms.requested_by,
        "groups": list(terms.groups),
        "first-day": day_text(day_of(terms.begins)),
        "last-day": day_text(day_of(terms.ends - 1)),
        "days": terms.days,
    }
    return fields if terms.readers is None else fields | {"readers": terms.readers}


def _both(some: Iterable[str], others: Iterable[str]) -> frozenset[str]:
    return frozenset(some) & frozenset(others)
