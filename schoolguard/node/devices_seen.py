"""Distinct devices behind counts, as sets of tokens in this process' memory: numbers come out, tokens never.

It must not be saved or sent. A token is a keyed hash whose key is drawn anew each day and at each start, so
what was seen before a restart does not count after it: a number may be too low, never too high.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from schoolguard.categories import Category
from schoolguard.dns.names import InvalidName, text_of_wire
from schoolguard.feed.model import Asked
from schoolguard.resolver.meaning import Meaning, meaning
from schoolguard.resolver.sightings import At, Blocked

MAX_NAMES = 20_000
MAX_PAIRS = 200_000
"""Names blocked in a day, and pairs of name and device: some 20 MB at most. What is over is not noted."""

MAX_SEEN = 300_000
"""Devices of all schools in a period, and in a day, each once for each outcome: some 25 MB at most, which
only who forges addresses reaches. What is over is not counted."""

MAX_KNOWN = 50_000
"""Addresses whose device is known."""

_Crowd = dict[tuple[str, Meaning], set[int]]


@dataclass(slots=True)
class Seen:
    """Devices of one school over some time; ``known`` has the device's token for those of its addresses."""

    crowd: _Crowd = field(default_factory=dict)
    known: Mapping[int, int] = field(default_factory=dict)

    def add(self, tier: str, meant: Meaning, tokens: Iterable[int]) -> int:
        """Take devices that were answered like that; return how many are new there."""
        crowd = self.crowd.setdefault((tier, meant), set())
        before = len(crowd)
        crowd.update(tokens)
        return len(crowd) - before

    def count(self, which: Callable[[str, Meaning], bool]) -> int:
        """Return how many distinct devices were seen at what ``which`` is true of."""
        found = set().union(*(tokens for at, tokens in self.crowd.items() if which(*at)))
        return len({self.known.get(token, token) for token in found})


@dataclass(slots=True)
class _Noted:
    queries: int = 0
    tokens: set[int] = field(default_factory=set)


class DevicesSeen:
    """What all workers saw: in the open period and today, by school."""

    def __init__(self) -> None:
        self._period: dict[str, Seen] = {}
        self._day: dict[str, Seen] = {}
        self._names: dict[tuple[str, str, str], _Noted] = {}
        self._pairs = 0
        self._in_period = self._in_day = 0
        self._known: dict[int, int] = {}
        self.not_noted = 0

    def know(self, address: int, device: int) -> None:
        """Take that a device's address is known to be its (tokens): what asked before is no other device."""
        if len(self._known) < MAX_KNOWN or address in self._known:
            self._known[address] = device

    def add(
        self,
        devices: Iterable[tuple[At, tuple[int, ...]]],
        names: Iterable[Blocked],
        categories: Mapping[int, Category],
        *,
        period: bool = True,
    ) -> None:
        """Take what a worker saw; ``categories`` is the table in force, by bit.

        Without ``period`` it counts for the day only: the open period is just being closed.
        """
        for (school, tier, outcome), tokens in devices:
            meant = meaning(outcome, categories)
            if period and self._in_period < MAX_SEEN:
                self._in_period += self._of(self._period, school).add(tier, meant, tokens)
            if self._in_day < MAX_SEEN:
                self._in_day += self._of(self._day, school).add(tier, meant, tokens)
        for blocked in names:
            self._note(blocked, meaning(blocked.at.outcome, categories).blocked or "")

    def _of(self, seen: dict[str, Seen], school: str) -> Seen:
        return seen.setdefault(school, Seen(known=self._known))

    def _distinct(self, noted: _Noted) -> int:
        return len({self._known.get(token, token) for token in noted.tokens})

    def _note(self, blocked: Blocked, cause: str) -> None:
        try:
            key = (blocked.at.school, text_of_wire(blocked.name), cause)
        except InvalidName:
            return  # bytes that no list and no rule can name
        noted = self._names.get(key)
        if noted is None:
            if len(self._names) >= MAX_NAMES:
                self.not_noted += blocked.queries
                return
            noted = self._names[key] = _Noted()
        noted.queries += blocked.queries
        before = len(noted.tokens)
        if self._pairs < MAX_PAIRS:
            noted.tokens.update(blocked.tokens)
        self._pairs += len(noted.tokens) - before

    def period(self, school: str) -> Seen:
        """Return the devices of the open period."""
        return self._period.get(school, Seen())

    def day(self, school: str) -> Seen:
        """Return the devices of today."""
        return self._day.get(school, Seen())

    def names(self, school: str, least: int) -> tuple[Asked, ...]:
        """Return the blocked names that at least ``least`` devices asked for today, most devices first."""
        found = (
            Asked(name, cause, noted.queries, devices)
            for (of, name, cause), noted in self._names.items()
            if of == school and (devices := self._distinct(noted)) >= least
        )
        return tuple(sorted(found, key=lambda each: (-each.devices, -each.queries, each.what)))

    def services(self, school: str, least: int, service_of: Callable[[str], str | None]) -> tuple[Asked, ...]:
        """Return the same by service; ``service_of`` returns the id of a name's service."""
        noted: dict[tuple[str, str], _Noted] = {}
        for (of, name, cause), each in self._names.items():
            service = service_of(name) if of == school else None
            if service is not None:
                sums = noted.setdefault((service, cause), _Noted())
                sums.queries += each.queries
                sums.tokens |= each.tokens
        found = (Asked(*key, each.queries, self._distinct(each)) for key, each in noted.items())
        enough = (each for each in found if each.devices >= least)
        return tuple(sorted(enough, key=lambda each: (-each.devices, -each.queries, each.what)))

    def end_period(self) -> None:
        """Begin the next period with nobody."""
        self._period.clear()
        self._in_period = 0

    def end_day(self) -> None:
        """Begin the next day with nobody, and no name."""
        self._day.clear()
        self._names.clear()
        self._known.clear()
        self._pairs = self._in_day = 0
