"""What a state that is not enforced here would do to the names that were asked here: counts, and for the
school's own eyes some names. Pure.

Names come as a stream; only examples are kept, and they do not leave with the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from schoolguard.categories import lowest
from schoolguard.dns.names import search_key
from schoolguard.intake.guardrails.closed import EVERY, closed
from schoolguard.intake.guardrails.learning import Learning
from schoolguard.intake.rollout.report import MOST_LISTS, ListCount, Preview
from schoolguard.lists.stack import Stack

SHOWN = 200
"""Names kept for the school to look at, learning sites first."""


class Closed(NamedTuple):
    """A name asked that would newly be blocked: by which category's bit and lists; is it for learning?"""

    name: str
    bit: int
    lists: tuple[str, ...]
    learning: bool


@dataclass(slots=True)
class Judged:
    """Counts so far, and the examples."""

    asked: int = 0
    opened: int = 0
    blocked: int = 0
    learning: int = 0
    by_list: Counter[str] = field(default_factory=Counter)
    learning_by_list: Counter[str] = field(default_factory=Counter)
    names: list[Closed] = field(default_factory=list)

    def preview(self, state: str, former: str) -> Preview:
        """Return the counts alone."""
        lists = [ListCount(id, count, self.learning_by_list[id]) for id, count in self.by_list.most_common()]
        counts = (self.asked, self.blocked, self.opened, self.learning)
        return Preview(state, former, *counts, tuple(lists[:MOST_LISTS]))


def judged(old: Stack, new: Stack, names: Iterable[str], learning: Learning, blocked: int = EVERY) -> Judged:
    """Compare two stacks for names asked (text shape); ``blocked`` are categories closed for anybody here.

    Takes some 5 us a name, and 20 us more for one that would newly be blocked.
    """
    found = Judged()
    for name in names:
        key = search_key(name)
        former = old.mask(key)
        before, after = closed(former, blocked), closed(new.mask(key), blocked)
        found.asked += 1
        if before and not after:
            found.opened += 1
        elif after and not before:
            _miss(found, name, former, after, new, learning)
    found.names.sort(key=lambda each: (not each.learning, each.name))
    del found.names[SHOWN:]
    return found


def _miss(found: Judged, name: str, former: int, after: int, new: Stack, learning: Learning) -> None:
    like, lists = learning.is_like(name, former), tuple(sorted(set(_blocking(new, name, after))))
    found.blocked += 1
    found.learning += like
    found.by_list.update(lists)
    if like:
        found.learning_by_list.update(lists)
    if like or len(found.names) < 2 * SHOWN:
        found.names.append(Closed(name, lowest(after), lists, like))


def _blocking(stack: Stack, name: str, after: int) -> Iterator[str]:
    return (hit.list_id for hit in stack.hits(search_key(name)) if hit.mask & after and not hit.lifted)
