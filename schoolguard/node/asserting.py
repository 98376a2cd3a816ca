"""Whether a policy keeps what its configuration asserts (``must-block``, ``must-allow``), on compiled lists.

It must not put anything in force. An assertion without a time holds outside all windows: so a reload at night
and one in a lesson have the same outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from schoolguard.dns.names import search_key
from schoolguard.language import N_, Said
from schoolguard.policy.assertions import Assertion
from schoolguard.policy.decide import Decision, decide
from schoolguard.policy.model import Group, School
from schoolguard.policy.plans import NOTHING, plan_of
from schoolguard.settings import Settings

MOST_TOLD = 20
Masks = Callable[[str], int]
"""Search key -> what the lists say of it."""


class AssertionsBroken(Said):
    """A policy does not do what its own configuration asserts of it; the former one stays."""


def check_assertions(settings: Settings, masks: Masks, now: float) -> None:
    """Raise ``AssertionsBroken`` with every assertion that does not hold, by group.

    ``now`` is Unix seconds.
    """
    broken = tuple(_broken(settings, masks, now))
    if broken:
        more = len(broken) - MOST_TOLD
        rest = (Said(N_("and {count} more"), count=more),) if more > 0 else ()
        raise AssertionsBroken("{reasons}", reasons=broken[:MOST_TOLD] + rest)


def _broken(settings: Settings, masks: Masks, now: float) -> Iterator[Said]:
    for assertion in settings.assertions:
        mask = masks(search_key(assertion.name))
        for school, group in _groups(assertion, settings):
            decision = _decision(assertion, school, group, settings, mask, now)
            if decision.blocked != assertion.blocked:
                yield _told(assertion, school, group, decision)


def _groups(assertion: Assertion, settings: Settings) -> Iterator[tuple[School, Group]]:
    for school in settings.schools:
        if assertion.school not in (None, school.id):
            continue
        for group in school.groups:
            of_tier = not assertion.tiers or group.tier.name in assertion.tiers
            if of_tier and (not assertion.groups or group.name in assertion.groups):
                yield school, group


def _decision(
    assertion: Assertion, school: School, group: Group, settings: Settings, mask: int, now: float
) -> Decision:
    windows: frozenset[str] | None = NOTHING
    timetable = school.timetable
    if assertion.at is not None and timetable is not None:
        windows = timetable.open_at(assertion.at) if timetable.covers(assertion.at) else None
    plan = plan_of(group, settings.engines, now if assertion.at is None else assertion.at, windows)
    return decide(plan, search_key(assertion.name), mask)


def _told(assertion: Assertion, school: School, group: Group, decision: Decision) -> Said:
    if assertion.blocked:
        msgid = N_("{place}: {name} must be blocked for {group} ({school}), but rank {rank} opens it")
    else:
        msgid = N_("{place}: {name} must be open for {group} ({school}), but rank {rank} blocks it")
    return Said(
        msgid,
        place=assertion.place,
        name=assertion.name,
        group=group.name,
        school=school.id,
        rank=int(decision.rank),
    )
