"""Which days of a query log are over. It knows no clock and no file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schoolguard.querylog.keys import OfDay


def days_over(found: Iterable[OfDay], kept: Mapping[str, int], today: int) -> set[OfDay]:
    """Return which of the days ``found`` must go: those of schools without a log, and the old ones.

    ``kept`` is how many days a school keeps, today among them. Nor are more days than that kept, whatever
    days a wrong clock once made.
    """
    by_school: dict[str, list[int]] = {}
    for school, day in found:
        by_school.setdefault(school, []).append(day)
    over: set[OfDay] = set()
    for school, days in by_school.items():
        most = kept.get(school, 0)
        newest = sorted(day for day in days if day > today - most)[-most:] if most else []
        over |= {(school, day) for day in days if day not in newest}
    return over
