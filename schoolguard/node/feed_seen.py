"""What a school sends, for people to look at: the documents that wait and those that were delivered last.

Every document is shown as it was signed. It must not change or send any.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schoolguard.feed.sent import SentLog
from schoolguard.feed.view import lines
from schoolguard.language import N_, Translate
from schoolguard.node.feed_outbox import waiting_in
from schoolguard.node.local_time import clock_text
from schoolguard.store.kept import Waiting

STORE = "store.db"

_KINDS = {
    "schoolguard-summary": N_("counts of one period"),
    "schoolguard-day": N_("what was blocked most in one day"),
    "schoolguard-standing": N_("software, policy and lists in force"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A document; ``delivered`` is when the receiver had it (Unix seconds), ``None`` when it waits."""

    school: str
    sequence: int
    document: bytes
    delivered: int | None

    @property
    def members(self) -> Mapping[str, Any]:
        """What was signed."""
        found: Mapping[str, Any] = json.loads(self.document)["document"]
        return found

    @property
    def kind(self) -> str:
        """The format without its version."""
        return str(self.members["format"]).partition("/")[0]


def documents(state: Path) -> list[Shown]:
    """Return what waits and what was delivered lately, newest first; ``OutboxUnreadable``, ``OSError``."""
    waiting = [Shown(each.school, each.sequence, each.document, None) for each in _waiting(state)]
    sent = [Shown(each.school, each.sequence, each.document, each.time) for each in SentLog(state).all()]
    return [*reversed(waiting), *sent]


def _waiting(state: Path) -> Iterable[Waiting]:
    store = state / STORE
    return waiting_in(store) if store.is_file() else ()


def newest(found: Iterable[Shown]) -> list[Shown]:
    """Return the first of each school and kind, by school."""
    first: dict[tuple[str, str], Shown] = {}
    for each in found:
        first.setdefault((each.school, each.kind), each)
    order = list(_KINDS)
    return sorted(first.values(), key=lambda each: (each.school, order.index(each.kind)))


def page(found: Iterable[Shown], translate: Translate, *, vietnamese: bool) -> Iterator[str]:
    """Yield the lines of documents, each member in the reader's language."""
    for each in found:
        yield ""
        yield _title(each, translate)
        yield from (f"  {line}" for line in lines(each.members, vietnamese=vietnamese))


def _title(each: Shown, translate: Translate) -> str:
    _ = translate
    if each.delivered is None:
        text = _("{school}, document {sequence}: {kind}; it waits to be sent")
    else:
        text = _("{school}, document {sequence}: {kind}; delivered {time}")
    time = "" if each.delivered is None else clock_text(each.delivered)
    return text.format(school=each.school, sequence=each.sequence, kind=_(_KINDS[each.kind]), time=time)


INTRODUCTION = (
    N_(
        "This is all that the province is told of what was asked here: counts, nothing else."
        " No child is in it."
    ),
    N_("no device, no address, no name of a person or a device, no single query and not its time;"),
    N_("what fewer than k devices asked for is not told by itself: it is merged, or left out;"),
    N_("a name or service stands in it only when at least k devices asked for it on that day."),
)
"""What stands before documents that are shown."""


def introduction(translate: Translate) -> Iterator[str]:
    """Yield what a document is, and what is not in it."""
    first, *points = map(translate, INTRODUCTION)
    yield first
    yield from (f"  - {point}" for point in points)
