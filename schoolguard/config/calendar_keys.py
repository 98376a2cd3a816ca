"""The keys `calendar` and `windows` of every layer: loader, schema and reference are made of this table."""

from __future__ import annotations

from schoolguard.config.calendar_days import CalendarDay, HolidayDay, LunarDay
from schoolguard.config.hours import HoursType, WindowName
from schoolguard.config.numbers import Integer
from schoolguard.config.scalars import Choice, Text
from schoolguard.config.types import Key, ListOf, Section
from schoolguard.policy.calendar import WEEK, DayKind

_NAME = Text(most=60)
_KINDS = Choice(tuple(DayKind))
_ABOVE = "the higher layer's"

WEEKDAYS = Key(
    "weekdays",
    ListOf(Choice(tuple(WEEK)), 1, 7),
    "Days of the week with lessons; the others are weekends.",
    otherwise=f"{_ABOVE}, else Monday to Friday",
)

TERM_NAME = Key("name", _NAME, "The term's name, such as Học kỳ I.")
TERM_FROM = Key("from", CalendarDay(), "Its first day.")
TERM_TO = Key("to", CalendarDay(), "Its last day.")
YEAR_NAME = Key("name", _NAME, "The school year's name, such as 2026–2027.")
TERMS = Key(
    "terms",
    ListOf(Section((TERM_NAME, TERM_FROM, TERM_TO)), 1, 6),
    "Its terms in order. The days between them, from June before to August after, are days off.",
)
YEARS = Key(
    "years",
    ListOf(Section((YEAR_NAME, TERMS)), 0, 20),
    "School years. One given here replaces those of higher layers that it overlaps.",
    otherwise=_ABOVE,
)

BEFORE = Key("before", Integer(0, 30), "Days off before the first day of the lunar year.")
AFTER = Key("after", Integer(0, 30), "Days off after that day.")
TET = Key(
    "tet",
    Section((BEFORE, AFTER)),
    "Holidays around the first day of the lunar year, which is found for every year.",
    otherwise=f"{_ABOVE}, else none",
)

HOLIDAY_NAME = Key("name", _NAME, "The holiday's name.")
HOLIDAY_FROM = Key(
    "from", HolidayDay(), "Its first day, in one year or (month and day) every year.", otherwise="none"
)
HOLIDAY_TO = Key("to", HolidayDay(), "Its last day.", otherwise="the same day")
LUNAR = Key(
    "lunar", LunarDay(), "Instead of `from`: its day in every lunar year, month first.", otherwise="none"
)
HOLIDAYS = Key(
    "holidays",
    ListOf(Section((HOLIDAY_NAME, HOLIDAY_FROM, HOLIDAY_TO, LUNAR)), 0, 200),
    "Holidays, besides those of higher layers.",
    otherwise="none",
)

EXAM_NAME = Key("name", _NAME, "The exam's name.")
EXAM_FROM = Key("from", CalendarDay(), "Its first day.")
EXAM_TO = Key("to", CalendarDay(), "Its last day.", otherwise="the same day")
EXAMS = Key(
    "exams",
    ListOf(Section((EXAM_NAME, EXAM_FROM, EXAM_TO)), 0, 200),
    "Exams, besides those of higher layers; each day written is an exam day, a Sunday too.",
    otherwise="none",
)
MAKE_UP = Key(
    "make-up",
    ListOf(CalendarDay(), 0, 200),
    "Days with lessons although they are a weekend, a holiday or outside the terms, besides higher layers'.",
    otherwise="none",
)
CALENDAR = Key(
    "calendar",
    Section((WEEKDAYS, YEARS, TET, HOLIDAYS, EXAMS, MAKE_UP)),
    "When school is held. What a lower layer says is joined to it.",
    otherwise=_ABOVE,
)

WINDOW_NAME = Key("name", WindowName(), "What rules call it under `during`; once in a school and above it.")
LABEL = Key("label", _NAME, "What people read, such as Giờ học buổi sáng.", otherwise="the name")
# Not "on": YAML 1.1 takes that word for true.
DAYS = Key("days", ListOf(_KINDS, 1), "Kinds of days on which it opens; one that fits is enough.")
EXCEPT = Key("except", ListOf(_KINDS), "Kinds of days on which it stays closed.", otherwise="none")
HOURS = Key(
    "hours",
    ListOf(HoursType(), 1, 24),
    "From when to when. 22:00-05:30 ends in the morning after and belongs to the day it begins.",
)
WINDOWS = Key(
    "windows",
    ListOf(Section((WINDOW_NAME, LABEL, DAYS, EXCEPT, HOURS)), 0, 100),
    "Named windows of time for rules, besides those of higher layers.",
    otherwise="none",
)
