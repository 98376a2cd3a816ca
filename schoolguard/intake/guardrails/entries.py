"""What the entries that an update adds would do: suffixes, protected and popular names, imitations. Pure.

Entries are seen one by one and not kept; of each kind of finding only a count and some examples are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from schoolguard.intake.guardrails.alike import Originals
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.guardrails.suffixes import Suffix, Suffixes
from schoolguard.intake.guardrails.verdict import SHOWN, Action, Code, Reason
from schoolguard.intake.guardrails.well_known import Protected, Ranking
from schoolguard.lists.model import Entry, Flag, Kind
from schoolguard.lists.patterns import Pattern, Patterns, refusal_of

IMITATED_IN = frozenset({"phishing", "malware", "illegal", "takedown"})
"""Categories whose lists are there to name imitations."""


@dataclass(frozen=True, slots=True)
class WellKnown:
    """What entries are held against; made once for many lists."""

    suffixes: Suffixes
    protected: Protected
    popular: Ranking
    originals: Originals


@dataclass(frozen=True, slots=True)
class Subject:
    """The list that is updated: its id, its kind, its category, and whether that is sealed."""

    list_id: str
    kind: Kind = Kind.BLOCK
    category: str = ""
    sealed: bool = False


class Findings:
    """What was found in the entries seen so far; ``see`` each new one, then ask for ``reasons``."""

    def __init__(self, subject: Subject, known: WellKnown, limits: Limits) -> None:
        self._subject, self._known, self._limits = subject, known, limits
        self._counts: Counter[tuple[Code, Action]] = Counter()
        self._examples: dict[tuple[Code, Action], list[str]] = {}
        self._patterns: list[str] = []
        self.dropped: set[str] = set()

    def see(self, entry: Entry) -> None:
        """Look at one entry that the list did not have before."""
        if entry.flags & Flag.EXCEPTION:
            return
        if entry.pattern:
            self._patterns.append(entry.name)
            return
        below = not entry.flags & Flag.EXACT
        if suffix := self._suffix(entry.name, below):
            self._note(entry.name, *suffix)
        elif self._subject.kind is Kind.BLOCK:
            self._see_block(entry.name, below)
        self._see_imitation(entry.name)

    def reasons(self) -> Iterator[Reason]:
        """Yield everything found."""
        limits = self._limits
        for name in self._broad():
            self._note(name, Code.BROAD_PATTERN, Action.REFUSE)
        most = {Code.POPULAR: limits.max_popular, Code.POPULAR_HEAD: limits.max_head}
        for (code, action), found in self._counts.items():
            limit = most.get(code, 0)
            if found > limit:
                yield Reason(code, action, found, limit, tuple(self._examples[code, action]))
        if len(self.dropped) > limits.max_dropped:
            worst = max(self._counts, key=lambda kind: (kind[1] is Action.DROP, self._counts[kind]))
            yield Reason(worst[0], Action.REFUSE, len(self.dropped), limits.max_dropped)

    def _suffix(self, name: str, below: bool) -> tuple[Code, Action] | None:
        if name in self._limits.suffixes or not below:
            return None
        match self._known.suffixes.kind(name):
            case Suffix.TOP_LEVEL:
                return Code.TOP_LEVEL, Action.REFUSE
            case Suffix.NATIONAL:
                return Code.PUBLIC_SUFFIX, Action.REFUSE
            case Suffix.REGISTRY:
                return Code.PUBLIC_SUFFIX, self._limits.other_suffix
            case Suffix.PRIVATE:
                return Code.PRIVATE_SUFFIX, self._limits.private_suffix
            case Suffix.NONE:
                return None

    def _see_block(self, name: str, below: bool) -> None:
        limits, protected = self._limits, self._known.protected
        graver = Action.REFUSE if self._subject.sealed else Action.NOTE
        if protected.inside(name):
            self._note(name, Code.PROTECTED, max(graver, limits.protected))
            return
        if below and protected.above(name):
            self._note(name, Code.PROTECTED_BELOW, max(graver, limits.protected_below))
        rank = self._known.popular.rank(name, below=below)
        if rank:
            code = Code.POPULAR_HEAD if rank <= limits.head else Code.POPULAR
            self._note(name, code, limits.popular)

    def _see_imitation(self, name: str) -> None:
        if "xn--" not in name:
            return
        registrable = self._known.suffixes.registrable(name)
        if self._known.originals.imitated_by(registrable) is None:
            return
        wanted = self._subject.category in IMITATED_IN
        block = Action.NOTE if wanted else Action.HOLD
        self._note(name, Code.LOOK_ALIKE, block if self._subject.kind is Kind.BLOCK else Action.REFUSE)

    def _note(self, name: str, code: Code, action: Action) -> None:
        self._counts[code, action] += 1
        examples = self._examples.setdefault((code, action), [])
        if len(examples) < SHOWN:
            examples.append(name)
        if action is Action.DROP and len(self.dropped) <= self._limits.max_dropped:
            self.dropped.add(name)

    def _broad(self) -> Iterator[str]:
        """Yield the expressions that match a protected name or one of the most popular."""
        usable = [text for text in self._patterns if refusal_of(text) is None]
        patterns = Patterns(Pattern(number, text) for number, text in enumerate(usable))
        found: set[int] = set()
        popular = (name for name in self._known.popular if self._is_head(name))
        for name in (*self._known.protected.names, *popular):
            found.update(pattern.rule for pattern in patterns.match(name))
        return (usable[number] for number in sorted(found))

    def _is_head(self, name: str) -> bool:
        return self._known.popular.rank(name, below=False) <= self._limits.head
