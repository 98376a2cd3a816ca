"""The figures of a run as one Markdown table, and the numbers that several rounds come down to."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

GATEWAY, UNBOUND, DNSMASQ = "SchoolGuard", "Unbound", "dnsmasq"
_COLUMNS = (GATEWAY, UNBOUND, DNSMASQ)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: its name, each server's value, the gateway's over Unbound's, the aim, if it is met."""

    figure: str
    values: Mapping[str, str]
    ratio: float | None = None
    aim: str = ""
    met: bool | None = None


@dataclass(slots=True)
class Rounds:
    """The same figure measured several times for each server, in turns, since the machine drifts."""

    by_server: dict[str, list[float]] = field(default_factory=dict)

    def add(self, server: str, value: float) -> None:
        """Keep one round's value."""
        self.by_server.setdefault(server, []).append(value)

    def median(self, server: str) -> float:
        """Return the middle one of a server's rounds."""
        return statistics.median(self.by_server[server])

    def ratio(self, server: str = GATEWAY, to: str = UNBOUND) -> float | None:
        """Return the quotient of two servers' medians, if both were measured."""
        if server in self.by_server and to in self.by_server and self.median(to) > 0:
            return self.median(server) / self.median(to)
        return None

    def spread(self, server: str, form: str) -> str:
        """Return the lowest and the highest round."""
        values = self.by_server[server]
        return f"{min(values):{form}}-{max(values):{form}}"


def markdown(rows: Iterable[Row]) -> str:
    """Return the table."""
    lines = [
        ("figure", *_COLUMNS, "SchoolGuard/Unbound", "aim", "met"),
        *(_cells(row) for row in rows),
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(line, widths) for line in (lines[0], rule, *lines[1:]))


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    met = {None: "", True: "yes", False: "**no**"}[row.met]
    return (row.figure, *(row.values.get(name, "-") for name in _COLUMNS), ratio, row.aim, met)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"
