"""What a delta layer tells of itself, and its JSON form. Values only.

A delta layer is a snapshot file of version 2. What it lists are the names that changed, each with *all*
entries that stand on it now, of every list: the newest layer that lists a name says everything of that name,
and a name with no entry left, combination 0, is a tombstone. Entries of other lists therefore stand in the
delta again, and taking one list's entry away cannot touch another's. Its table of lists, its rules and, where
they changed, its expressions stand for those of the whole chain; masks of the layers below are read by that
table, so that a list that moves to another category costs no entry. A list that is gone needs no tombstones
either: what the layers below say of the lists in ``dropped`` counts no more, even if a list of that id comes
back later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DeltaRow:
    """The ``state`` that a delta layer follows, and the ids of lists whose entries below it are void."""

    follows: str
    dropped: tuple[str, ...] = ()


def delta_to_json(row: DeltaRow) -> dict[str, Any]:
    """Return a row as JSON."""
    return {"follows": row.follows, "dropped": sorted(row.dropped)}


def delta_from_json(found: Mapping[str, Any]) -> DeltaRow:
    """Return the row; raises ``KeyError`` or ``TypeError`` for anything else than a row."""
    follows, dropped = found["follows"], found["dropped"]
    if not isinstance(follows, str) or not isinstance(dropped, list):
        raise TypeError("follows must be a digest, dropped a list of ids")
    return DeltaRow(follows, tuple(str(list_id) for list_id in dropped))
