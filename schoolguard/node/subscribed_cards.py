"""``schoolguard lists cards``: the report card of each list, gathered and printed. It changes nothing.

Unblock requests are not known yet: nobody can ask for one before there are pages to ask on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from schoolguard.intake.subscriptions.cards import Card, cards
from schoolguard.intake.subscriptions.model import Subscription, SubscriptionState
from schoolguard.language import Translate
from schoolguard.lists.archive import Archive
from schoolguard.lists.find import in_force
from schoolguard.lists.rows import SourceRow
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from schoolguard.node.asked import asked_names
from schoolguard.node.compiling import Compiler
from schoolguard.node.province_layers import province_paths
from schoolguard.node.subscribed_hits import Counts, Hits, hits_of
from schoolguard.node.subscribed_screen import age_words, standing_members, standing_of
from schoolguard.settings import Settings


@dataclass(frozen=True, slots=True)
class ReportCard:
    """One list: what is in it, what of the names asked it catches (``None``: not known), how old it is.

    Of a list of the publisher's only the entries are known, its ``card`` is ``None``.
    """

    id: str
    entries: int
    card: Card | None
    hits: int | None
    alone: int | None
    fetched: tuple[Subscription, SubscriptionState] | None = None


@dataclass(frozen=True, slots=True)
class Cards:
    """All lists, and of how many names asked the hits are; ``None`` when there are none to count."""

    rows: tuple[ReportCard, ...]
    names: int | None


def cards_of(settings: Settings) -> Cards:
    """Return the card of each list of a configuration, then of the publisher's, in order.

    Raises ``OSError``, ``SnapshotBroken``.
    """
    compiler = Compiler(settings.paths.state)
    sources = in_force(settings.lists, Archive(compiler.archive))
    ready = compiler.ready()
    own = Stack([Snapshot.open(Path(path)) for path in (ready.paths if ready else ())])
    province = Stack([Snapshot.open(path) for path in province_paths(settings)])
    hits = None
    names = sorted(asked_names(settings.paths.state)) if settings.keep_names_asked else []
    if names and (ready or province.layers):
        hits = hits_of(own, province, names)
    with TemporaryDirectory(prefix="schoolguard-") as scratch:
        found = cards(sources, Path(scratch))
    rows = (*_own(settings, found, own, hits), *_of_province(province, hits))
    return Cards(rows, None if hits is None else hits.names)


def _own(settings: Settings, found: Sequence[Card], own: Stack, hits: Hits | None) -> Iterator[ReportCard]:
    standing, compiled = standing_of(settings), {row.id for row in _rows(own)}
    for card in found:
        counted = _counted(hits.own if hits and card.id in compiled else None, card.id)
        yield ReportCard(card.id, card.entries, card, *counted, standing.get(card.id))


def _of_province(province: Stack, hits: Hits | None) -> Iterator[ReportCard]:
    for row in _rows(province):
        yield ReportCard(row.id, row.entries, None, *_counted(hits.province if hits else None, row.id))


def _rows(stack: Stack) -> Iterator[SourceRow]:
    for layer in stack.layers:
        yield from layer.sources


def _counted(counts: Counts | None, list_id: str) -> tuple[int | None, int | None]:
    return (counts.caught.get(list_id, 0), counts.alone.get(list_id, 0)) if counts else (None, None)


def card_lines(found: Cards, now: float, translate: Translate) -> Iterator[str]:
    """Yield the report cards as a table, and what the hits are of."""
    _ = translate
    heads = (
        _("list"),
        _("entries"),
        _("only here"),
        _("shares most with"),
        _("hits"),
        _("only it"),
        _("age"),
    )
    yield from table_lines([heads, *(_cells(row, now, translate) for row in found.rows)])
    if found.names is not None:
        told = _("hits: of the {count} names that were asked in the days that are kept")
        yield told.format(count=found.names)
    else:
        yield _("no hits: no names that were asked are kept, or no list is compiled yet")
    yield unknown_requests(translate)


def unknown_requests(translate: Translate) -> str:
    """Return what is to be said of unblock requests."""
    _ = translate
    return _("unblock requests: not known, there is no page yet to make one on")


def table_lines(table: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield the lines of a table, its columns below each other."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _cells(row: ReportCard, now: float, translate: Translate) -> tuple[str, ...]:
    hits, alone = ("-" if each is None else str(each) for each in (row.hits, row.alone))
    if row.card is None:
        return row.id, str(row.entries), "-", "-", hits, alone, "-"
    age = _age(row, now, translate)
    if row.card.refused:
        return row.id, row.card.refused, "-", "-", hits, alone, age
    shares = ", ".join(f"{other} {count}" for other, count in row.card.overlaps) or "-"
    unique = f"{row.card.unique} ({row.card.share_unique:.0%})"
    return row.id, str(row.entries), unique, shares, hits, alone, age


def _age(row: ReportCard, now: float, translate: Translate) -> str:
    _ = translate
    if row.fetched is None:
        return "-"
    wanted, state = row.fetched
    age = state.age(now)
    shown = _("never came") if age is None else age_words(age, translate)
    return _("{age}, TOO OLD").format(age=shown) if state.alarmed(wanted, now) else shown


def card_members(found: Cards, now: float) -> list[dict[str, Any]]:
    """Return one dict a list for JSON; ``null`` is what is not known."""
    return [_members(row, found.names, now) for row in found.rows]


def _members(row: ReportCard, names: int | None, now: float) -> dict[str, Any]:
    card: dict[str, Any] = {"unique": None, "overlaps": None, "refused": ""}
    if row.card is not None:
        card = {**asdict(row.card), "overlaps": dict(row.card.overlaps)}
    standing = {} if row.fetched is None else {row.id: row.fetched}
    return {
        **card,
        "id": row.id,
        "from": "province" if row.card is None else "own",
        "entries": row.entries,
        "hits": row.hits,
        "only": row.alone,
        "names_asked": names,
        "unblock_requests": None,
        "fetched": standing_members(standing, row.id, now),
    }
