"""``schoolguard lists fetch`` and the report cards: what is done and printed. It parses no arguments."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schoolguard.intake.subscriptions.cards import Card, cards
from schoolguard.intake.subscriptions.download import Line
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import FetchRefused, Subscription, SubscriptionState
from schoolguard.intake.subscriptions.runner import Subscriptions
from schoolguard.language import N_, Said, Translate
from schoolguard.lists.model import ListSource

_UNKNOWN = N_("no list with the id {id} is fetched; these are: {ids}")
_NONE = N_("no list is fetched; give one a url in lists.yaml")

_HOUR, _DAY = 3_600, 86_400


class NoSuchSubscription(Said):
    """A list was named that is not fetched."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one round did to a list: how it stands now, whether it changed, why it was refused."""

    id: str
    state: SubscriptionState
    changed: bool
    refusal: FetchRefused | None


def fetch_lists(
    wanted: Sequence[Subscription],
    folder: Path,
    only: str | None = None,
    *,
    line: Line | None = None,
    clock: Callable[[], float] = time.time,
) -> tuple[Fetched, ...]:
    """Fetch the lists, or the one named, now; ``folder`` is where they are kept.

    Raises ``NoSuchSubscription``, and ``OSError`` when the folder cannot be made.
    """
    chosen = [each for each in wanted if only in (None, each.id)]
    if not chosen:
        raise (
            NoSuchSubscription(_UNKNOWN, id=only, ids=", ".join(each.id for each in wanted) or "-")
            if (only is not None)
            else NoSuchSubscription(_NONE)
        )
    return asyncio.run(_fetch(chosen, KeptLists(folder), line, clock))


async def _fetch(
    chosen: Sequence[Subscription], kept: KeptLists, line: Line | None, clock: Callable[[], float]
) -> tuple[Fetched, ...]:
    changed: list[str] = []
    runner = Subscriptions(
        chosen, kept, changed.extend, clock=clock, drawn=random.SystemRandom().random, line=line
    )
    await asyncio.to_thread(runner.prepare)
    refusals = await runner.fetch([each.id for each in chosen])
    return tuple(
        Fetched(each.id, runner.states[each.id], each.id in changed, refusals[each.id]) for each in chosen
    )


def fetched_lines(rounds: Sequence[Fetched], now: float, translate: Translate) -> Iterator[str]:
    """Yield one line a list: what came, or why nothing did and what is in force instead."""
    _ = translate
    for each in rounds:
        if each.refusal is None:
            told = _("{id}: new content, {size} KiB") if each.changed else _("{id}: unchanged")
            yield told.format(id=each.id, size=-(-each.state.size // 1024))
            continue
        age = each.state.age(now)
        stays = (
            _("there is no copy of it")
            if age is None
            else _("the copy confirmed {age} ago stays").format(age=age_words(age, translate))
        )
        yield _("{id}: NOT FETCHED: {why}; {stays}").format(
            id=each.id, why=each.refusal.say(translate), stays=stays
        )


def fetched_dicts(rounds: Sequence[Fetched], now: float) -> list[dict[str, Any]]:
    """Return one dict a list for JSON."""
    return [
        {"id": each.id, "new": each.changed, "age": each.state.age(now), **asdict(each.state)}
        for each in rounds
    ]


def card_rows(
    sources: Sequence[ListSource], wanted: Sequence[Subscription], folder: Path, scratch: Path
) -> list[tuple[Card, Subscription | None, SubscriptionState]]:
    """Return each list's report card and, when it is fetched, how it stands; raises ``OSError``."""
    kept, by_id = KeptLists(folder), {each.id: each for each in wanted}
    return [(card, by_id.get(card.id), kept.state(card.id)) for card in cards(sources, scratch)]


def card_lines(
    rows: Sequence[tuple[Card, Subscription | None, SubscriptionState]], now: float, translate: Translate
) -> Iterator[str]:
    """Yield the report cards as a table."""
    _ = translate
    heads = (_("list"), _("entries"), _("only here"), _("shares most with"), _("age"))
    table = [heads, *(_cells(row, now, translate) for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(heads))]
    for line in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _cells(
    row: tuple[Card, Subscription | None, SubscriptionState], now: float, translate: Translate
) -> tuple[str, ...]:
    _ = translate
    card, wanted, state = row
    shares = ", ".join(f"{other} {count}" for other, count in card.overlaps) or "-"
    age = state.age(now) if wanted else None
    shown = "-" if age is None else age_words(age, translate)
    if wanted is not None and state.alarmed(wanted, now):
        shown = _("{age}, TOO OLD").format(age=shown)
    if card.refused:
        return card.id, card.refused, "-", "-", shown
    return card.id, str(card.entries), f"{card.unique} ({card.share_unique:.0%})", shares, shown


def age_words(seconds: float, translate: Translate) -> str:
    """Return a span of time in words, in its largest whole unit."""
    _ = translate
    if seconds >= 2 * _DAY:
        return _("{count} days").format(count=int(seconds // _DAY))
    if seconds >= 2 * _HOUR:
        return _("{count} hours").format(count=int(seconds // _HOUR))
    return _("{count} minutes").format(count=int(seconds // 60))
