"""Whether a pass may open what it names: never what the law, an order or a lock of a higher layer closes.

It must not grant anything. A pass under a lock would change nothing: whoever asks for it should hear why at
once, and not in front of the class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schoolguard.categories import SEALED, lowest
from schoolguard.dns.names import search_key
from schoolguard.language import N_
from schoolguard.lists.stack import Stack
from schoolguard.node.pass_model import Pass, PassRefused
from schoolguard.policy.decide import Decision, Rank, decide
from schoolguard.policy.model import Group, School
from schoolguard.policy.plans import Plan, plan_of
from schoolguard.policy.rule import Rule
from schoolguard.settings import Settings


def check_pass(asked: Pass, settings: Settings, stack: Stack, now: float) -> None:
    """Raise ``PassRefused`` when a lock above closes something of what ``asked`` opens.

    A pass of one device is checked for every group of the school: which one it is in may change.
    """
    refused: list[PassRefused] = []
    groups = list(_groups(asked, settings.schools))
    for school, group in groups:
        timetable = school.timetable
        known = timetable is not None and timetable.covers(now)
        windows = timetable.open_at(now) if timetable is not None and known else frozenset()
        plan = plan_of(group, settings.engines, now, windows)
        problem = next(_problems(asked, settings, plan, stack), None)
        if problem is not None:
            refused.append(problem)
    if refused and len(refused) == len(groups):
        raise refused[0]


def _groups(asked: Pass, schools: Iterable[School]) -> Iterator[tuple[School, Group]]:
    for school in schools:
        for group in school.groups:
            if school.id == asked.school and asked.group in (None, group.name):
                yield school, group


def _problems(asked: Pass, settings: Settings, plan: Plan, stack: Stack) -> Iterator[PassRefused]:
    categories = {category.bit: category for category in settings.categories}
    for locks in plan.locks:
        if closed := asked.categories & locks.blocks:
            bit = lowest(closed)
            rule = locks.of_category(bit, True)
            if rule is not None:
                yield _locked(f"category:{categories[bit].name}", rule)
    if sealed := asked.categories & SEALED:
        name = categories[lowest(sealed)].name
        yield PassRefused(N_("{what} is sealed: nobody can open it, no teacher and no school"), what=name)
    for name in sorted(asked.names):
        key = search_key(name)
        decision = decide(plan, key, stack.mask(key))
        if decision.blocked and decision.rank in (Rank.SEALED, Rank.LOCK):
            yield _closed(name, decision)


def _closed(name: str, decision: Decision) -> PassRefused:
    if decision.rule is None:
        return PassRefused(N_("{what} is sealed: nobody can open it, no teacher and no school"), what=name)
    return _locked(name, decision.rule)


def _locked(what: str, rule: Rule) -> PassRefused:
    msgid = N_("{what} is locked by {owner}, so no pass opens it: {reason}")
    return PassRefused(msgid, what=what, owner=rule.owner, reason=rule.reason)
