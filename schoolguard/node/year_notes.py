"""The notes below a school's tables: why something is open or closed, and who decided. Each stands once.

It must not decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schoolguard.language import N_, Translate
from schoolguard.node.probes import State, Verdict
from schoolguard.node.year_words import Words
from schoolguard.policy.budgets import Budget
from schoolguard.policy.decide import Rank
from schoolguard.policy.model import School, Tier
from schoolguard.policy.reason import label, one_line
from schoolguard.policy.rule import Rule
from schoolguard.policy.wording import layer_title, moment, printable, verb_title
from schoolguard.settings import Settings

_MOST_TARGETS = 4

_OF_RANKS = {
    Rank.SEALED: N_("the law or an order; nobody can open it"),
    Rank.SAFETY_NET: N_("safety net; nobody can close it, not even in an exam"),
    Rank.SAFE_SEARCH: N_("a search engine that cannot be made safe"),
}
_OF_TIER = N_("the tier {tier} closes such sites (tiers.yaml)")

Note = Rule | Budget | Tier | Rank


class Notes:
    """Numbers the notes of one school in the order in which they are first asked for."""

    def __init__(self, settings: Settings, school: School) -> None:
        self._services = settings.services
        self._categories = settings.categories
        self._school = school.name
        timetable = school.timetable
        self._labels = {window.name: window.label for window in timetable.windows} if timetable else {}
        self._numbers: dict[Note, int] = {}

    def numbers(self, verdicts: Iterable[Verdict], tier: Tier) -> list[int]:
        """Return the numbers of the notes on what was found of one probe for a group of a tier."""
        notes = {note for verdict in verdicts for note in _notes(verdict, tier)}
        return [self._numbers.setdefault(note, len(self._numbers) + 1) for note in sorted(notes, key=_order)]

    def lines(self, words: Words) -> Iterator[str]:
        """Yield each note as an item of a numbered list: in Vietnamese with its reason, and in English."""
        for note, number in self._numbers.items():
            text = self._head(note, words.vi) + self._tail(note, words.vi)
            yield f"{number}. {text}. *{self._head(note, words.en)}*"

    def _head(self, note: Note, translate: Translate) -> str:
        _ = translate
        match note:
            case Rule():
                layer, verb = layer_title(note.layer, translate), verb_title(note.verb, translate)
                return f"{layer}, {verb}: {self._targets(note, translate)}"
            case Budget():
                text = _("{layer}, time budget of {minutes} minutes a day: {name}")
                layer, name = layer_title(note.layer, translate), one_line(note.label)
                return text.format(layer=layer, minutes=note.minutes, name=name)
            case Tier():
                tier = note.label_vi if _("label_en") == "label_vi" else note.label_en
                return _(_OF_TIER).format(tier=tier)
            case _:
                return _(_OF_RANKS[note])

    def _tail(self, note: Note, translate: Translate) -> str:
        """Return why, as its author wrote it, whose word it is, and when it holds."""
        _ = translate
        if not isinstance(note, Rule | Budget):
            return ""
        text = f". “{one_line(note.reason)}”"
        if note.owner != self._school:
            text += f" ({one_line(note.owner)})"
        if isinstance(note, Rule) and note.during:
            windows = "; ".join(one_line(self._labels.get(name, name)) for name in sorted(note.during))
            text += ", " + _("only in: {windows}").format(windows=windows)
        if isinstance(note, Rule) and note.until is not None:
            text += ", " + _("to {moment}").format(moment=moment(note.until))
        return text

    def _targets(self, rule: Rule, translate: Translate) -> str:
        services = [self._services[each] for each in rule.services if each in self._services]
        of_services = {name for each in services for name in each.names | each.needs}
        categories = [each for each in self._categories if each.mask & rule.categories]
        targets = [label(each, translate) for each in categories] + [each.name for each in services]
        targets += sorted(printable(name) for name in rule.names - of_services)
        more = [f"+{len(targets) - _MOST_TARGETS}"] if len(targets) > _MOST_TARGETS else []
        return ", ".join([*targets[:_MOST_TARGETS], *more])


def _notes(verdict: Verdict, tier: Tier) -> Iterator[Note]:
    if verdict.budget is not None:
        yield verdict.budget
    rank = verdict.decision.rank
    if verdict.rule is not None:
        yield verdict.rule
    elif rank in _OF_RANKS:
        yield rank
    elif verdict.state is State.CLOSED:
        yield tier


def _order(note: Note) -> tuple[int, tuple[object, ...]]:
    """Return what notes of one cell are numbered by: ranks, rules from the highest layer, budgets, tiers."""
    match note:
        case Rule():
            return 1, note.order
        case Budget():
            return 2, (note.layer, note.id)
        case Tier():
            return 3, (note.name,)
        case _:
            return 0, (note,)
