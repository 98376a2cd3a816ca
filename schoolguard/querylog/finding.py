"""What is looked for in ``query-log.db``, as SQL. It must not open a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schoolguard.querylog.keys import OfDay

DAYS = "SELECT s.text, e.day, count(*) FROM entry e JOIN word s ON s.id = e.school GROUP BY e.school, e.day"
_FIND = (
    "SELECT s.text, hex(e.device), e.time, n.text, v.text, c.text FROM entry e JOIN word s ON s.id = e.school"
    " JOIN name n ON n.id = e.name JOIN word v ON v.id = e.verdict JOIN word c ON c.id = e.cause"
)
_DEVICES = (
    "SELECT s.text, e.day, hex(e.device), count(*), min(e.time), max(e.time) FROM entry e"
    " JOIN word s ON s.id = e.school WHERE s.text IN ({}) GROUP BY e.school, e.day, e.device"
    " ORDER BY s.text, e.day, e.device LIMIT ?"
)
_OF_DEVICE = "(s.text = ? AND e.day = ? AND e.device = ?)"

Query = tuple[str, tuple[object, ...]]
"""A statement and its values."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: rows of these ``schools``, of these devices (by school and day) if any are named,
    of ``name`` (text shape) and all below it, of one ``day``; the newest ``most``."""

    schools: tuple[str, ...]
    devices: tuple[tuple[OfDay, bytes], ...] | None = None
    name: str | None = None
    day: int | None = None
    blocked: bool = False
    most: int = 200

    def of(self, devices: tuple[tuple[OfDay, bytes], ...]) -> Wanted:
        """Return the same of some devices only."""
        return replace(self, devices=devices)

    @property
    def nothing(self) -> bool:
        """Whether no row can be meant."""
        return not self.schools or self.devices == ()

    def query(self) -> Query:
        """Return the statement for the rows, newest first."""
        where = [f"s.text IN ({_marks(self.schools)})"]
        values: list[object] = [*self.schools]
        if self.devices is not None:
            where.append("(" + " OR ".join([_OF_DEVICE] * len(self.devices)) + ")")
            values += [value for (of, device) in self.devices for value in (*of, device)]
        if self.name is not None:
            where.append("(n.text = ? OR substr(n.text, ?) = ?)")
            values += [self.name, -len(self.name) - 1, f".{self.name}"]
        if self.day is not None:
            where.append("e.day = ?")
            values.append(self.day)
        if self.blocked:
            where.append("v.text = 'blocked'")
        text = f"{_FIND} WHERE {' AND '.join(where)} ORDER BY e.time DESC, e.rowid DESC LIMIT ?"
        return text, (*values, self.most)


def devices_of(schools: Sequence[str], most: int) -> Query:
    """Return the statement for what is held of each device on each day."""
    return _DEVICES.format(_marks(schools)), (*schools, most)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
