"""The document of one period: queries by tier, outcome and cause, and what else a province may count.

Only ``queries`` is exact, of what at least k devices asked: its parts do not overlap (``merging``).
Everything that overlaps them is coarse (``coarse``): rounded down in steps, told of at least k devices
only. It must not hold a name, a group or the time of a single query.
"""

from __future__ import annotations

from collections.abc import Mapping

from schoolguard.feed.head import deciding, head, overlapping, told_devices
from schoolguard.feed.merging import BLOCKED, partition, queries
from schoolguard.feed.model import Cell, Counted, Number, Standing
from schoolguard.feed.noise import Bits
from schoolguard.feed.rules import Disclosure, Rules

FORMAT = "schoolguard-summary/1"
OVERLAPPING = ("alias",)
"""Kinds of bypass that are told apart. Every other kind is the cause of its own blocks and stands among
them: told again as a sum over tiers it would betray a tier whose number is too small."""

UNSTATED = "unstated"
"""The cause of a block that none is known of."""

Queries = dict[str, dict[str, dict[str, int]]]
"""By tier, then ``blocked`` by cause and ``outcomes`` by outcome: everything that was not blocked."""


def document(
    counted: Counted, standing: Standing, rules: Rules, bits: Bits | None = None
) -> dict[str, object]:
    """Return the members of a period's document; ``bits`` is needed when the rules ask for noise.

    Raises ``ValueError`` when they do and there are none. A member that would be empty is left out: it says
    "fewer than k devices, or nothing".
    """
    disclosure = Disclosure(rules, bits)
    devices, by_tier = deciding(counted, disclosure)
    members: dict[str, object] = {
        "devices": told_devices(devices, by_tier, disclosure),
        "bypass": overlapping(
            {kind: counted.bypass[kind] for kind in counted.bypass if kind in OVERLAPPING}, disclosure
        ),
        "shadow": overlapping(counted.shadow, disclosure),
        "latency": disclosure.shares(counted.latency) if devices else [],
        "queries": _queries(_cells(counted.cells), devices, by_tier, disclosure),
    }
    return {
        "format": FORMAT,
        **head(counted, standing, rules),
        **{name: value for name, value in members.items() if value},
    }


def _cells(counted: Mapping[Cell, Number]) -> dict[Cell, Number]:
    """Return the cells with the words that are published: a cause for what was blocked only."""
    cells: dict[Cell, Number] = {}
    for (tier, outcome, cause), number in counted.items():
        cell = Cell(tier, outcome, (cause or UNSTATED) if outcome == BLOCKED else "")
        before = cells.get(cell, Number(0, 0))
        cells[cell] = Number(before.queries + number.queries, max(before.devices, number.devices))
    return {cell: number for cell, number in cells.items() if number.queries}


def _queries(
    cells: Mapping[Cell, Number], devices: int, by_tier: Mapping[str, int], disclosure: Disclosure
) -> Queries:
    decided = {cell: disclosure.deciding(number.devices) for cell, number in sorted(cells.items())}
    found: Queries = {}
    parts = partition(decided, by_tier, devices, disclosure.k)
    for (tier, outcome, cause), number in sorted(queries(parts, cells, disclosure.most_of_small).items()):
        kind, word = (BLOCKED, cause) if outcome == BLOCKED else ("outcomes", outcome)
        found.setdefault(tier, {}).setdefault(kind, {})[word] = disclosure.exact(number)
    return found
