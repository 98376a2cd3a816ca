"""From what is counted to what may leave: one school's counts of some time, with numbers of devices. Pure.

It must not merge or hide anything; ``feed`` does, before anything leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from schoolguard.feed import model as feed
from schoolguard.node.devices_seen import Seen
from schoolguard.resolver.meaning import Meaning
from schoolguard.store.model import Cell


@dataclass(frozen=True, slots=True)
class Acts:
    """What people did in some time, by school: passes granted, budgets that devices used up."""

    passes: Mapping[str, int] = field(default_factory=dict)
    budgets_used_up: Mapping[str, int] = field(default_factory=dict)


def counted(
    school: str, span: feed.Span, counts: Mapping[Cell, int], seen: Seen, latency: tuple[int, ...]
) -> feed.Counted:
    """Return the counts of a school's period, as ``feed`` takes them; ``latency`` is the gateway's."""
    cells = _cells(counts, seen)
    tiers = sorted({cell.tier for cell in cells})
    return feed.Counted(
        school,
        span,
        cells,
        seen.count(lambda _, __: True),
        {tier: seen.count(_of_tier(tier)) for tier in tiers},
        _by_word(counts, seen, lambda cell: cell.bypass, _bypass),
        _by_word(counts, seen, lambda cell: cell.shadow, lambda meant: meant.shadow or ""),
        latency=latency,
    )


def _cells(counts: Mapping[Cell, int], seen: Seen) -> dict[feed.Cell, feed.Number]:
    queries: dict[feed.Cell, int] = {}
    for cell, number in counts.items():
        key = feed.Cell(cell.tier, cell.outcome, cell.cause)
        queries[key] = queries.get(key, 0) + number
    return {cell: feed.Number(number, seen.count(_in_cell(cell))) for cell, number in queries.items()}


def _by_word(
    counts: Mapping[Cell, int],
    seen: Seen,
    word_of: Callable[[Cell], str],
    word_meant: Callable[[Meaning], str],
) -> dict[str, feed.Number]:
    queries: dict[str, int] = {}
    for cell, number in counts.items():
        if word := word_of(cell):
            queries[word] = queries.get(word, 0) + number
    return {
        word: feed.Number(number, seen.count(lambda _, meant, word=word: word_meant(meant) == word))  # type: ignore[misc]
        for word, number in queries.items()
    }


def _of_tier(wanted: str) -> Callable[[str, Meaning], bool]:
    return lambda tier, _: tier == wanted


def _in_cell(cell: feed.Cell) -> Callable[[str, Meaning], bool]:
    wanted = (cell.outcome, cell.cause)
    return lambda tier, meant: tier == cell.tier and (meant.outcome, meant.blocked or "") == wanted


def _bypass(meant: Meaning) -> str:
    return meant.bypass.word if meant.bypass is not None else ""


def service_finder(services: Iterable[tuple[str, Iterable[str]]]) -> Callable[[str], str | None]:
    """Return what finds the id of a name's service; each service is its id and its names (text shape)."""
    by_name = {name: service for service, names in services for name in names}

    def find(name: str) -> str | None:
        while name:
            if (service := by_name.get(name)) is not None:
                return service
            _, _, name = name.partition(".")
        return None

    return find
