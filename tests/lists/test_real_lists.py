"""All real lists compiled together: every one in force, and what it lists is found."""

from __future__ import annotations

from pathlib import Path

from schoolguard.dns.names import search_key
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.formats import read
from schoolguard.lists.model import Exceptions, Flag, ListSource, Report
from schoolguard.lists.rows import State
from schoolguard.lists.snapshot import Snapshot

EVERY = 499


def test_every_real_list_is_in_force_and_its_names_are_found(shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "lists").glob("*.xz"))
    assert len(paths) == 29
    sources = [
        ListSource(path.name, str(path), 2 + number, exceptions=Exceptions.OFF)
        for number, path in enumerate(paths)
    ]
    outcome = compile_lists(sources, tmp_path, None)
    assert {row.id for row in outcome.sources if row.note.state is not State.FRESH} == set()
    snapshot = Snapshot.open(outcome.path)
    for source, row in zip(sources, snapshot.sources, strict=True):
        entries = list(read(source, Report(source.id, source.format)))
        assert row.entries == len(entries) > 0
        for entry in entries[::EVERY]:
            if entry.pattern or entry.types or entry.flags & (Flag.EXCEPTION | Flag.CARVED):
                continue
            key = search_key(entry.name) + ("www." if entry.flags & Flag.BELOW else "")
            hits = snapshot.hits(key)
            assert any(hit.list_id == source.id and hit.name == entry.name for hit in hits)
            lifted = all(
                hit.lifted for hit in hits if hit.list_id == source.id and not hit.flags & Flag.EXCEPTION
            )
            assert lifted or snapshot.mask(key) & 1 << source.bit
