"""The terms of a school's query log and the rows in it, as values. They know no clock and no file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import NamedTuple

DAYS, MOST_DAYS = 3, 30
"""Days that rows are kept, today among them, unless the school says otherwise; and at most."""

LONGEST = 90
"""Days from the first to the last one of a log: no reason holds for longer without a new look at it."""

_ZONE, _DAY = 7 * 3_600, 86_400
_EPOCH = date(1970, 1, 1).toordinal()


def day_of(now: float) -> int:
    """Return the civil day in Viet Nam (UTC+7) of an instant (Unix seconds), counted from 1970-01-01."""
    return int((now + _ZONE) // _DAY)


def day_text(day: int) -> str:
    """Return a day as ``2026-11-24``."""
    return date.fromordinal(day + _EPOCH).isoformat()


def day_number(text: str) -> int:
    """Return the day of ``2026-11-24``; raises ``ValueError``."""
    return date.fromisoformat(text).toordinal() - _EPOCH


@dataclass(frozen=True, slots=True)
class Terms:
    """Why, for whom, by whose wish and until when a school keeps a query log.

    ``school`` is its id, ``groups`` the names of the groups whose queries are kept. It holds from ``begins``
    to just before ``ends`` (Unix seconds). Rows are kept ``days`` civil days, that of the query among them.
    ``readers`` is the Unix group whose members may search it, beside the gateway's own user and root.
    """

    school: str
    groups: tuple[str, ...]
    reason: str
    requested_by: str
    begins: float
    ends: float
    days: int = DAYS
    readers: str | None = None

    @property
    def identity(self) -> str:
        """What makes it this log and no other: a new reason is a new log, a later end is not."""
        written = [self.school, self.reason, self.requested_by, self.begins]
        return hashlib.sha256(json.dumps(written, ensure_ascii=False).encode()).hexdigest()[:32]

    def holds(self, now: float, ended: float = -inf) -> bool:
        """Return whether it is on at ``now``; ``ended`` is the end up to which it was ended already."""
        return self.begins <= now < self.ends and ended < self.ends


class Row(NamedTuple):
    """One query as a worker tells it: the day of the key that made ``device`` (8 bytes), Unix seconds, the
    name in lower-case wire shape, and the number of its outcome."""

    day: int
    school: str
    device: bytes
    time: int
    name: bytes
    outcome: int


class Entry(NamedTuple):
    """One query as the log holds it, for people; ``device`` is hexadecimal."""

    school: str
    device: str
    time: int
    name: str
    verdict: str
    cause: str


class DeviceDay(NamedTuple):
    """What a log holds of one device on one day: its pseudonym, rows, and first and last moment."""

    school: str
    day: str
    device: str
    queries: int
    first: int
    last: int
