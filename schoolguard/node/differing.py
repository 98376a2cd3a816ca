"""What would be answered otherwise under another configuration: which names, for which groups, and when.

It puts nothing in force, and how it is shown stands in ``differing_screen``. Compared is what policy says of
a name; passes and used-up budgets are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from schoolguard.language import Said
from schoolguard.lists.stack import Stack
from schoolguard.node.alike import Alike, alike, alike_for, covering_keys
from schoolguard.node.asserting import AssertionsBroken, check_assertions
from schoolguard.node.coming import Standing, State, Windows, coming_states
from schoolguard.node.difference import Change, Differences, Verdict
from schoolguard.policy.decide import decide
from schoolguard.policy.model import Group
from schoolguard.policy.plans import Plan
from schoolguard.resolver.special import special_answer
from schoolguard.settings import Settings

MOST_NAMES = 100_000
"""Names compared at once: some seconds for a week of 30 groups."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two configurations, with its lists."""

    settings: Settings
    stack: Stack


def differences(former: Side, new: Side, names: Sequence[str], start: float, until: float) -> Differences:
    """Return what is different for ``names`` (text shape) in a span of time (Unix seconds)."""
    kinds = alike(names, (former.settings, new.settings), (former.stack, new.stack))
    before, after = _groups(former.settings), _groups(new.settings)
    both = [title for title in before if title in after]
    engines = former.settings.engines, new.settings.engines
    zones = frozenset(chain.from_iterable(each.zones for each in engines))
    comparison = _Comparison(kinds, zones, engines[0] == engines[1])
    changes = [
        change for title in both for change in comparison.changes(before[title], after[title], start, until)
    ]
    return Differences(
        tuple(changes),
        len(names),
        len(both),
        start if start == until else None,
        len(comparison.other_causes),
        tuple(title for title in after if title not in before),
        tuple(title for title in before if title not in after),
        tuple(title for title in both if _members(before[title].group) != _members(after[title].group)),
        tuple(_broken(new, start)),
    )


def _groups(settings: Settings) -> dict[str, Standing]:
    return {
        f"{school.id}/{group.name}": Standing(school, group, settings.engines)
        for school in settings.schools
        for group in school.groups
    }


def _members(group: Group) -> tuple[object, ...]:
    return frozenset(group.networks), group.devices, group.listeners


def _broken(new: Side, now: float) -> Iterable[Said]:
    try:
        check_assertions(new.settings, new.stack.mask, now)
    except AssertionsBroken as error:
        reasons = error.values["reasons"]
        assert isinstance(reasons, tuple)  # noqa: S101 - whoever raises it gives a tuple of them
        return reasons
    return ()


class _Comparison:
    """Judges kinds of names under two plans, each kind under each plan once."""

    def __init__(self, kinds: Sequence[Alike], zones: frozenset[str], same_engines: bool) -> None:
        self._kinds = kinds
        self._zones = zones
        self._same_engines = same_engines
        self.other_causes: set[str] = set()

    def changes(self, before: Standing, after: Standing, start: float, until: float) -> Iterator[Change]:
        """Yield what is different for one group."""
        states = coming_states(before, after, start, until)
        kinds = alike_for(self._kinds, self._zones.union(covering_keys(before.group, after.group)))
        relisted = [kind for kind in kinds if kind.relisted]
        judged: dict[tuple[int, int, int], Verdict] = {}
        found: dict[tuple[int, Verdict, Verdict], list[State]] = {}
        by_id = {id(kind): kind for kind in kinds}
        for state in states:
            same = self._same_engines and state.former == state.new
            for kind in relisted if same else kinds:
                verdicts = (
                    _judged(judged, kind, 0, state.former),
                    _judged(judged, kind, 1, state.new),
                )
                if verdicts[0].seen != verdicts[1].seen:
                    found.setdefault((id(kind), *verdicts), []).append(state)
                elif _cause(verdicts[0]) != _cause(verdicts[1]):
                    self.other_causes.update(kind.names)
        for (kind_id, former, new), of in found.items():
            yield _change(after, by_id[kind_id], former, new, of, states)


def _judged(judged: dict[tuple[int, int, int], Verdict], kind: Alike, side: int, plan: Plan) -> Verdict:
    place = (id(kind), side, id(plan))
    verdict = judged.get(place)
    if verdict is None:
        decision = decide(plan, kind.key, kind.masks[side])
        local = bool(kind.question) and special_answer(kind.key, kind.question, plan.blocked) is not None
        verdict = judged[place] = Verdict(decision, local)
    return verdict


def _cause(verdict: Verdict) -> tuple[object, ...]:
    decision = verdict.decision
    rule = decision.rule
    return decision.rank, decision.bit, rule.layer if rule else None, rule.reason if rule else None


def _change(
    after: Standing, kind: Alike, former: Verdict, new: Verdict, of: Sequence[State], states: Sequence[State]
) -> Change:
    others = {windows for state in states if state not in of for windows in state.windows}
    here = {windows for state in of for windows in state.windows}
    windows = tuple(sorted(here, key=lambda each: sorted(each or ()))) if len(of) < len(states) else ()
    return Change(
        after.school.id,
        after.group.name,
        tuple(kind.names),
        former,
        new,
        windows,
        _only(here, others),
        _only(others, here),
        min(state.first for state in of),
    )


def _only(here: set[Windows], others: set[Windows]) -> str | None:
    """Return a window that is open all of one time and none of another."""
    if not here or None in here:
        return None
    common = frozenset.intersection(*[each for each in here if each is not None])
    elsewhere = {name for each in others for name in each or ()}
    return min(common - elsewhere, default=None)
