"""What is different between two configurations, for people and for machines. It compares nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from schoolguard.categories import Category
from schoolguard.language import N_, Translate
from schoolguard.node.coming import Windows
from schoolguard.node.difference import Change, Differences, Verdict
from schoolguard.node.local_time import VIET_NAM, clock_text
from schoolguard.policy.decide import Rank
from schoolguard.policy.evidence import Cited
from schoolguard.policy.explained import slug
from schoolguard.policy.reason import label
from schoolguard.policy.wording import rule_text, title
from schoolguard.settings import Settings

MOST_SHOWN = 50
"""Lines under one heading; ``--json`` has all."""

_MOST_GROUPS, _MOST_STATES = 3, 3
_HEADINGS = (
    (N_("Newly blocked ({count}):"), lambda change: change.closes),
    (N_("Newly open ({count}):"), lambda change: change.opens),
    (N_("Answered otherwise ({count}):"), lambda change: not change.closes and not change.opens),
)
Tables = tuple[Mapping[int, Category], Mapping[int, Category]]


def tables_of(former: Settings, new: Settings) -> Tables:
    """Return the categories of two configurations by bit."""
    first, second = ({each.bit: each for each in side.categories} for side in (former, new))
    return first, second


def differing_lines(found: Differences, tables: Tables, translate: Translate) -> Iterator[str]:
    """Yield what is different: newly blocked first, then newly open, then the rest, and a count of all."""
    _ = translate
    for reason in found.broken:
        yield _("A test of the new configuration fails: {reason}").format(reason=reason.say(translate))
    for heading, belongs in _HEADINGS:
        rows = _rows([each for each in found.changes if belongs(each)], found.at, tables, translate)
        if rows:
            yield _(heading).format(count=len(rows))
            yield from (f"  {row}" for row in rows[:MOST_SHOWN])
            if len(rows) > MOST_SHOWN:
                yield "  " + _("and {count} more: --json has them all").format(count=len(rows) - MOST_SHOWN)
    groups = (
        (N_("Only the new configuration has these groups: {groups}"), found.came),
        (N_("Only the former configuration has these groups: {groups}"), found.went),
        (N_("These groups hold other clients than before: {groups}"), found.moved),
    )
    for text, titles in groups:
        if titles:
            yield _(text).format(groups=", ".join(titles))
    yield _summary(found, translate)


def differing_dict(found: Differences, tables: Tables) -> dict[str, Any]:
    """Return the same, all of it, as plain values; a change is one name for one group."""
    return {
        "names": found.names,
        "groups": found.groups,
        "changes": [
            {
                "name": name,
                "school": change.school,
                "group": change.group,
                "former": _verdict_dict(change.former, tables[0]),
                "new": _verdict_dict(change.new, tables[1]),
                "always": not change.windows and found.at is None,
                "windows": [None if each is None else sorted(each) for each in change.windows],
                "first": datetime.fromtimestamp(change.first, VIET_NAM).isoformat(timespec="minutes"),
            }
            for change in sorted(found.changes, key=lambda each: (not each.closes, not each.opens))
            for name in change.names
        ],
        "other_causes": found.other_causes,
        "groups_new": list(found.came),
        "groups_gone": list(found.went),
        "groups_moved": list(found.moved),
        "broken_tests": [str(reason) for reason in found.broken],
    }


def _summary(found: Differences, translate: Translate) -> str:
    _ = translate
    closed = {name for change in found.changes if change.closes for name in change.names}
    opened = {name for change in found.changes if change.opens for name in change.names}
    changed = {name for change in found.changes for name in change.names}
    text = _(
        "{changed} of {names} names would be answered otherwise in some of {groups} groups: {closed} newly"
        " blocked, {opened} newly open; {causes} only for another reason"
    )
    return text.format(
        changed=len(changed),
        names=found.names,
        groups=found.groups,
        closed=len(closed),
        opened=len(opened),
        causes=found.other_causes,
    )


def _rows(changes: Iterable[Change], at: float | None, tables: Tables, translate: Translate) -> list[str]:
    """Return one row for each name and change of it, with all groups that it is the same for."""
    groups: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        former = _verdict(change.former, tables[0], translate)
        what = f"{former} -> {_verdict(change.new, tables[1], translate)}; {_when(change, at, translate)}"
        for name in change.names:
            groups.setdefault((name, what), []).append(f"{change.group} ({change.school})")
    rows = []
    for (name, what), of in sorted(groups.items()):
        more = f" +{len(of) - _MOST_GROUPS}" if len(of) > _MOST_GROUPS else ""
        rows.append(f"{name}  {', '.join(of[:_MOST_GROUPS])}{more}: {what}")
    return rows


def _verdict(verdict: Verdict, categories: Mapping[int, Category], translate: Translate) -> str:
    _ = translate
    decision = verdict.decision
    if verdict.local:
        return _("answered by this gateway itself")
    if not decision.blocked and decision.redirect:
        return _("open as {name}").format(name=decision.redirect)
    verb = _("blocked") if decision.blocked else _("open")
    return f"{verb} [{_cause(verdict, categories, translate)}]"


def _cause(verdict: Verdict, categories: Mapping[int, Category], translate: Translate) -> str:
    decision = verdict.decision
    category = categories.get(decision.bit)
    if decision.rule is not None:
        return rule_text(Cited(decision.rule, decision.name, category), translate)
    if category is not None:
        return label(category, translate)
    return decision.engine or title(decision.rank, translate)


def _when(change: Change, at: float | None, translate: Translate) -> str:
    _ = translate
    first = clock_text(change.first)
    if at is not None:
        return _("at {time}").format(time=clock_text(at))
    if not change.windows:
        return _("always")
    if change.only is not None:
        return _("in {windows}, first {time}").format(windows=change.only, time=first)
    if change.but is not None:
        return _("except in {windows}, first {time}").format(windows=change.but, time=first)
    states = [_state(each, translate) for each in change.windows]
    more = f" +{len(states) - _MOST_STATES}" if len(states) > _MOST_STATES else ""
    return _("in {windows}, first {time}").format(
        windows=" / ".join(states[:_MOST_STATES]) + more, time=first
    )


def _state(windows: Windows, translate: Translate) -> str:
    _ = translate
    if windows is None:
        return _("days that the calendar does not know")
    return " + ".join(sorted(windows)) or _("no window")


def _verdict_dict(verdict: Verdict, categories: Mapping[int, Category]) -> dict[str, Any]:
    decision = verdict.decision
    category, rule, rank = categories.get(decision.bit), decision.rule, Rank(decision.rank)
    return {
        "blocked": decision.blocked,
        "local": verdict.local,
        "rank": {"number": int(rank), "name": slug(rank)},
        "category": category.name if category else None,
        "rule": {"layer": rule.layer.name.lower(), "reason": rule.reason, "place": rule.place}
        if rule
        else None,
        "engine": decision.engine or None,
        "redirect": decision.redirect or None,
    }
