"""The school years of one layer's calendar, checked against each other. It must not look at other layers."""

from __future__ import annotations

from schoolguard.config import calendar_keys as keys
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.calendar import SchoolYear, Term

_LONGEST = 366


def years_of(fields: Fields, out: Collector) -> tuple[SchoolYear, ...]:
    """Return the school years that are right, in order; the wrong ones are recorded."""
    given = fields.given(keys.YEARS)
    read = [year for section, _ in (given.value if given else ()) if (year := _year(section, out))]
    kept: list[At[SchoolYear]] = []
    for year in sorted(read, key=lambda at: at.value.terms[0].first):
        if kept and year.value.terms[0].first <= kept[-1].value.terms[-1].last:
            before = kept[-1]
            msgid = N_("this school year overlaps {name} (line {line})")
            wrong = Wrong(msgid, found=year.value.name, name=before.value.name, line=before.mark.line)
            out.error(year.mark, wrong)
        else:
            kept.append(year)
    return tuple(at.value for at in kept)


def _year(fields: Fields, out: Collector) -> At[SchoolYear] | None:
    name, given = fields.given(keys.YEAR_NAME), fields.given(keys.TERMS)
    terms: list[At[Term]] = []
    for section, mark in given.value if given else ():
        if (term := _term(section, mark, out)) and _follows(term, terms, out):
            terms.append(term)
    if not (name and terms):
        return None
    first, last = terms[0].value.first, terms[-1].value.last
    if (days := (last - first).days + 1) > _LONGEST:
        msgid = N_("this school year has {days} days, more than a year: is a date wrong?")
        out.error(fields.mark, Wrong(msgid, days=days, found=name.value))
        return None
    return At(SchoolYear(name.value, tuple(at.value for at in terms)), fields.mark)


def _term(fields: Fields, mark: Mark, out: Collector) -> At[Term] | None:
    name, first, last = (fields.given(key) for key in (keys.TERM_NAME, keys.TERM_FROM, keys.TERM_TO))
    if not (name and first and last):
        return None
    if first.value > last.value:
        msgid = N_("this term ends ({last}) before it begins ({first})")
        out.error(first.mark, Wrong(msgid, last=last.value, first=first.value, found=name.value))
        return None
    return At(Term(name.value, first.value, last.value), mark)


def _follows(term: At[Term], terms: list[At[Term]], out: Collector) -> bool:
    if not terms or term.value.first > terms[-1].value.last:
        return True
    before = terms[-1]
    msgid = N_("this term overlaps {name} (line {line})")
    if term.value.last < before.value.first:
        msgid = N_("this term lies before {name} (line {line}); write terms in order")
    out.error(term.mark, Wrong(msgid, found=term.value.name, name=before.value.name, line=before.mark.line))
    return False
