"""The words for ranks, layers, verbs, rules and times that people read in an explanation.

It must not choose what is shown, nor in which order; ``screen`` does. All it returns is safe for a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from schoolguard.policy.decide import Rank
from schoolguard.policy.evidence import Cited, Covering, Source
from schoolguard.policy.reason import Translate, label, one_line
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.timetable import VIETNAM, day_of, midnight

_MOST_NAMES = 2
_MOST_LISTS = 3
_MOST_LETTERS = 60
"""Of a reason or an owner; the whole stands where ``place`` says."""


def title(rank: Rank, translate: Translate) -> str:
    """Return what people call a rank."""
    _ = translate
    titles = {
        Rank.SEALED: _("the law and orders"),
        Rank.SAFETY_NET: _("safety net"),
        Rank.LOCK: _("locks, highest first"),
        Rank.PASS: _("passes"),
        Rank.EXAM: _("exam mode"),
        Rank.BUDGET: _("time budgets"),
        Rank.RULE: _("rules, nearest first"),
        Rank.CATEGORY: _("categories of the group"),
        Rank.SAFE_SEARCH: _("safe search"),
        Rank.DEFAULT: _("everything else"),
    }
    return titles[rank]


def layer_title(layer: Layer, translate: Translate) -> str:
    """Return what people call a layer."""
    _ = translate
    titles = {
        Layer.PROVINCE: _("province"),
        Layer.COMMUNE: _("commune"),
        Layer.SCHOOL: _("school"),
        Layer.GROUP: _("group"),
        Layer.PASS: _("pass"),
    }
    return titles[layer]


def verb_title(verb: Verb, translate: Translate) -> str:
    """Return what people call a verb."""
    _ = translate
    titles = {
        Verb.LOCKED_BLOCK: _("locked block"),
        Verb.LOCKED_ALLOW: _("locked allow"),
        Verb.BLOCK: _("block"),
        Verb.ALLOW: _("allow"),
        Verb.ALLOW_ONLY: _("allow only"),
    }
    return titles[verb]


def rule_text(cited: Cited, translate: Translate) -> str:
    """Return ``school: block zing.vn: reason (owner), in gio-hoc, to 2027-05-31 [schools/a.yaml:12]``."""
    rule = cited.rule
    matched = printable(cited.name or (label(cited.category, translate) if cited.category else ""))
    services = _names([f"service:{each}" for each in rule.services])
    what = [verb_title(rule.verb, translate), matched, f"[{services}]" if services else ""]
    why = [_short(rule.reason), f"({_short(rule.owner)})" if rule.owner else ""]
    parts = [layer_title(rule.layer, translate), " ".join(filter(None, what)), " ".join(filter(None, why))]
    text = ": ".join(filter(None, parts))
    place = f" [{printable(rule.place)}]" if rule.place else ""
    return ", ".join([text, *_limits(rule, translate)]) + place


def budget_text(covering: Covering, translate: Translate) -> str:
    """Return ``Games: 60 minutes a day, used up (owner)``."""
    _ = translate
    text = _("{budget}: {minutes} minutes a day, time is left")
    if covering.spent:
        text = _("{budget}: {minutes} minutes a day, used up")
    budget = covering.budget
    owner = f" ({_short(budget.owner)})" if budget.owner else ""
    return text.format(budget=_short(budget.label), minutes=budget.minutes) + owner


def moment(until: float) -> str:
    """Return when something ends, in Viet Nam's time: its last day, or the moment within a day."""
    day = day_of(until)
    if until == midnight(day):
        return day_of(until - 1).isoformat()
    return f"{datetime.fromtimestamp(until, VIETNAM):%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def sources_text(sources: Sequence[Source]) -> str:
    """Return ``x.vn [list, list +2], y.vn [list] +1``."""
    lists: dict[str, list[str]] = {}
    for source in sources:
        lists.setdefault(printable(source.name), []).append(source.list_id)
    shown = [f"{name} [{_names(ids)}]" for name, ids in list(lists.items())[:_MOST_NAMES]]
    return " ".join([", ".join(shown), *more(len(lists) - _MOST_NAMES)])


def printable(name: str) -> str:
    """Return ``name`` safe for a terminal: a list's expression may hold anything."""
    return "".join(c if c.isprintable() else f"\\x{{{ord(c):x}}}" for c in name)


def more(count: int) -> list[str]:
    """Return ``+2`` for what is left out, nothing when nothing is."""
    return [f"+{count}"] if count > 0 else []


def _limits(rule: Rule, translate: Translate) -> list[str]:
    _ = translate
    limits = []
    if rule.during:
        limits.append(_("in {windows}").format(windows=_names(sorted(rule.during))))
    if rule.until is not None:
        limits.append(_("to {moment}").format(moment=moment(rule.until)))
    return limits


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(map(printable, names[:_MOST_LISTS]))
    return " ".join(filter(None, [shown, *more(len(names) - _MOST_LISTS)]))


def _short(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1].rstrip() + "…"
