"""What new lists would change for those who asked: names newly blocked, newly open, and who would miss them.

A preview, nothing is put in force. Names come as a stream and are not kept, but for some examples; of askers
it knows only how many schools asked, and a count that was held back for being too small is 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from schoolguard.categories import lowest
from schoolguard.dns.names import from_key, search_key
from schoolguard.intake.guardrails.closed import EVERY, closed
from schoolguard.intake.guardrails.learning import Learning
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

SHOWN = 50
"""Examples kept."""


class Asked(NamedTuple):
    """A name (text shape) that was asked, how often, in how many schools; 0 where a count is held back."""

    name: str
    times: int = 0
    schools: int = 0


class Example(NamedTuple):
    """A name asked that would be blocked, by which category, and whether it looks like a learning site."""

    asked: Asked
    bit: int
    learning: bool


@dataclass(slots=True)
class Impact:
    """What changes, by the gravest category's bit, once for names of the lists and once for names asked.

    ``schools`` is the largest count of schools that any one newly blocked name was asked in, so at least so
    many are met; ``times`` is how often newly blocked names were asked. ``learning`` is how many newly
    blocked names of the lists look like places to learn at, ``learning_asked`` how many of those asked.
    ``examples`` are newly blocked names asked, learning ones first, then most schools first.
    """

    blocked: Counter[int] = field(default_factory=Counter)
    opened: Counter[int] = field(default_factory=Counter)
    blocked_asked: Counter[int] = field(default_factory=Counter)
    opened_asked: Counter[int] = field(default_factory=Counter)
    compared: int = 0
    schools: int = 0
    times: int = 0
    learning: int = 0
    learning_asked: int = 0
    examples: list[Example] = field(default_factory=list)

    def to_json(self, names: Mapping[int, str]) -> dict[str, object]:
        """Return the preview for a receipt; ``names`` are the categories' by bit."""
        counters = {
            "blocked": self.blocked,
            "opened": self.opened,
            "blocked-asked": self.blocked_asked,
            "opened-asked": self.opened_asked,
        }
        return {
            **{word: {names[bit]: count for bit, count in sorted(c.items())} for word, c in counters.items()},
            "compared": self.compared,
            "schools": self.schools,
            "times": self.times,
            "learning": self.learning,
            "learning-asked": self.learning_asked,
            "examples": [
                {**each.asked._asdict(), "learning": each.learning, "category": names[each.bit]}
                for each in self.examples
            ],
        }


def impact(
    old: Stack,
    new: Stack,
    changed: Iterable[str],
    asked: Iterable[Asked],
    learning: Learning,
    blocked: int = EVERY,
) -> Impact:
    """Compare two stacks for names whose entries changed (text shape) and for names that were asked.

    ``blocked`` are the categories that anybody's tier closes. For one delta, ``changed`` is
    ``names_of(layer)``. Takes some 5 us a name.
    """
    found = Impact()
    for name in changed:
        change = _change(old, new, name, blocked)
        found.compared += 1
        found.blocked.update(change.blocked)
        found.opened.update(change.opened)
        found.learning += bool(change.blocked) and learning.is_like(name, change.former)
    for each in asked:
        change = _change(old, new, each.name, blocked)
        found.compared += 1
        found.opened_asked.update(change.opened)
        if change.blocked:
            _miss(found, each, change.blocked[0], learning.is_like(each.name, change.former))
    found.examples.sort(key=_weight)
    del found.examples[SHOWN:]
    return found


def names_of(layer: Snapshot) -> Iterator[str]:
    """Yield the names of a layer in text shape; of a delta layer, those whose entries changed."""
    return (from_key(key) for key, _ in layer.items())


class _Change(NamedTuple):
    """The former mask, and the gravest category that closes or opens a name, if one does."""

    former: int
    blocked: tuple[int, ...] = ()
    opened: tuple[int, ...] = ()


def _change(old: Stack, new: Stack, name: str, blocked: int) -> _Change:
    key = search_key(name)
    former = old.mask(key)
    before, after = closed(former, blocked), closed(new.mask(key), blocked)
    if after and not before:
        return _Change(former, blocked=(lowest(after),))
    if before and not after:
        return _Change(former, opened=(lowest(before),))
    return _Change(former)


def _miss(found: Impact, each: Asked, bit: int, learning: bool) -> None:
    """Count a name asked that would be blocked; of millions at most twice ``SHOWN`` are kept."""
    found.blocked_asked[bit] += 1
    found.schools, found.times = max(found.schools, each.schools), found.times + each.times
    found.learning_asked += learning
    found.examples.append(Example(each, bit, learning))
    if len(found.examples) >= 2 * SHOWN:
        found.examples.sort(key=_weight)
        del found.examples[SHOWN:]


def _weight(example: Example) -> tuple[bool, int, int, str]:
    asked = example.asked
    return not example.learning, -asked.schools, -asked.times, asked.name
