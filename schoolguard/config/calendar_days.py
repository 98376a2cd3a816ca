"""Types of days in a school's calendar: of one year, of every year, of every lunar year. They know no key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.nodes import Node
from schoolguard.config.plain import scalar_of
from schoolguard.config.types import Schema, Type
from schoolguard.language import N_
from schoolguard.policy.holidays import MonthDay

FIRST_YEAR, LAST_YEAR = 2000, 2099

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,2})")
# How people in Viet Nam write a date: the day first.
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})(?:[-/. ]([0-9]{4}))?")

# No "type": readers of YAML 1.1 make a date of 2026-09-05, which is none of JSON's types.
_NO_DAY: Schema = {"not": {"type": ["number", "boolean", "array", "object", "null"]}}
_YEAR_SCHEMA = "20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_DAY_SCHEMA = "(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"


@dataclass(frozen=True, slots=True)
class CalendarDay(Type[date]):
    """A day written ``YYYY-MM-DD``, quoted or not, from 2000 to 2099."""

    @property
    def label(self) -> str:
        """``YYYY-MM-DD``."""
        return "YYYY-MM-DD"

    def read(self, node: Node, out: Collector) -> date:
        """Return the day."""
        text = scalar_of(node).text
        if (match := _DATE.fullmatch(text)) is None:
            msgid = N_("a date belongs here: year, month, day")
            raise Wrong(msgid, found=text, accepted="2026-09-05", suggestion=_date_meant(text))
        if (day := _day(*match.groups())) is None:
            raise Wrong(N_("there is no such day"), found=text, suggestion=_date_meant(text))
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise Wrong(N_("this year is out of range"), found=text, accepted=f"{FIRST_YEAR}–{LAST_YEAR}")
        return day

    def schema(self) -> Schema:
        """Return the pattern; whatever is no text but a date passes."""
        return {"pattern": f"^{_YEAR_SCHEMA}$"} | _NO_DAY


@dataclass(frozen=True, slots=True)
class HolidayDay(Type[date | MonthDay]):
    """A day of one year, ``YYYY-MM-DD``, or of every year, ``MM-DD``."""

    @property
    def label(self) -> str:
        """Both."""
        return "YYYY-MM-DD or MM-DD"

    def read(self, node: Node, out: Collector) -> date | MonthDay:
        """Return the day."""
        text = scalar_of(node).text
        if (match := _MONTH_DAY.fullmatch(text)) is None:
            if _DATE.fullmatch(text):
                return CalendarDay().read(node, out)
            msgid = N_("a date belongs here: year, month, day; or month and day for every year")
            raise Wrong(msgid, found=text, accepted="2026-09-05, 09-05", suggestion=_holiday_meant(text))
        if _day("2000", *match.groups()) is None:  # a leap year
            raise Wrong(N_("there is no such day"), found=text, suggestion=_month_day_meant(text))
        return MonthDay(int(match[1]), int(match[2]))

    def schema(self) -> Schema:
        """Return the pattern of either; whatever is no text but a date passes."""
        return {"pattern": f"^(?:{_YEAR_SCHEMA}|{_DAY_SCHEMA})$"} | _NO_DAY


@dataclass(frozen=True, slots=True)
class LunarDay(Type[MonthDay]):
    """A day of every lunar year, ``MM-DD``: the month 01 to 12, the day 01 to 30."""

    @property
    def label(self) -> str:
        """``MM-DD``, lunar."""
        return "lunar MM-DD"

    def read(self, node: Node, out: Collector) -> MonthDay:
        """Return the month and the day."""
        text = scalar_of(node).text
        match = _MONTH_DAY.fullmatch(text)
        if match is None or not (1 <= int(match[1]) <= 12 and 1 <= int(match[2]) <= 30):
            msgid = N_("a day of the lunar year belongs here: month, then day")
            raise Wrong(msgid, found=text, accepted="03-10", suggestion=_month_day_meant(text))
        return MonthDay(int(match[1]), int(match[2]))

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "pattern": "^(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|30)$"}


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _date_meant(text: str) -> str | None:
    if match := _YEAR_FIRST.fullmatch(text):
        year, second, third = match.groups()
        found = _day(year, second, third) or _day(year, third, second)
    elif (match := _DAY_FIRST.fullmatch(text)) and match[3]:
        found = _day(match[3], match[2], match[1]) or _day(match[3], match[1], match[2])
    else:
        return None
    return str(found) if found else None


def _month_day_meant(text: str) -> str | None:
    match = _DAY_FIRST.fullmatch(text)
    if match is None or match[3]:
        return None
    found = _day("2000", match[2], match[1]) or _day("2000", match[1], match[2])
    return f"{found.month:02}-{found.day:02}" if found else None


def _holiday_meant(text: str) -> str | None:
    return _date_meant(text) or _month_day_meant(text)
