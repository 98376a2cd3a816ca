"""One compiled set of lists, mapped read-only: the mask of a name in about a microsecond.

It must not write, and must not copy what is mapped: all workers share the pages. Look-ups are by search key
(``vn.example.www.``), so that the tries return a name and all its listed parents in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import marisa_trie

from schoolguard.dns.names import from_key
from schoolguard.lists.combinations import UNSETTLED
from schoolguard.lists.folder import current_in
from schoolguard.lists.layout import Mapped, SnapshotBroken, open_mapped
from schoolguard.lists.model import Flag, Kind
from schoolguard.lists.patterns import Pattern, Patterns
from schoolguard.lists.rows import SourceRow, note_from_json, row_from_json
from schoolguard.lists.rules import Found, Origin, Rule, covers, is_lifted, settle

_FIRST_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_"
Prefixes = Callable[[str], Iterable[tuple[str, int]]]


class Hit(NamedTuple):
    """One entry that covers a name: where it stands, whose it is, and whether an exception lifts it.

    ``name`` is the listed name in text shape, or the expression when ``pattern`` is true. ``mask`` is the bit
    that the entry would set; an exception (``Flag.EXCEPTION``) sets none, it lifts.
    """

    name: str
    list_id: str
    kind: Kind
    mask: int
    flags: Flag
    lifted: bool = False
    types: tuple[int, ...] = ()
    pattern: bool = False


class Covering(NamedTuple):
    """One entry that covers a name, before exceptions are applied; ``at`` is a listed name or expression."""

    at: str
    found: Found
    rule: Rule
    pattern: bool


class Snapshot:
    """An immutable set of compiled lists; make it with ``open``."""

    __slots__ = (
        "_above", "_ends", "_members", "_origins", "_own", "_patterns", "_rules", "_shards", "_spare",
        "_tries", "digest", "names", "path", "sources",
    )  # fmt: skip

    def __init__(self, mapped: Mapped) -> None:
        main, views = mapped.main, mapped.sections
        self.path, self.digest, self.names = mapped.path, mapped.digest, int(main["names"])
        self.sources: tuple[SourceRow, ...] = tuple(
            row_from_json(row, note_from_json(note))
            for row, note in zip(main["sources"], mapped.notes["sources"], strict=True)
        )
        self._origins = [Origin(row.id, row.kind, row.mask, row.exceptions) for row in self.sources]
        self._rules = [Rule(source, flags, tuple(types)) for source, flags, types in main["rules"]]
        self._patterns = Patterns(Pattern(rule, text) for rule, text in main["patterns"])
        self._own: Sequence[int] = views["masks-own"].cast("Q").tolist()
        self._above: Sequence[int] = views["masks-above"].cast("Q").tolist()
        self._ends = views["combination-ends"].cast("I")
        self._members = views["combination-rules"].cast("I")
        self._tries = []
        self._shards: dict[str, tuple[Prefixes, memoryview]] = {}
        for number, shard in enumerate(main["shards"]):
            trie = marisa_trie.Trie().map(views[f"trie-{number}"])
            # The trie keeps only a pointer into the mapping: the view beside it keeps the mapping alive.
            self._tries.append((trie, views[f"trie-{number}"]))
            part = (trie.iter_prefixes_with_ids, views[f"ids-{number}"].cast(shard["typecode"]))
            for first in _FIRST_CHARACTERS:
                if ord(first) % main["buckets"] in shard["buckets"]:
                    self._shards[first] = part
            if number == 0:
                self._spare = part

    @classmethod
    def open(cls, folder_or_file: Path) -> Snapshot:
        """Map a snapshot file, or a folder's current one; raises ``SnapshotBroken``."""
        path = current_in(folder_or_file) if folder_or_file.is_dir() else folder_or_file
        mapped = open_mapped(path)
        try:
            return cls(mapped)
        except (KeyError, TypeError, ValueError, RuntimeError, IndexError, AttributeError) as error:
            raise SnapshotBroken(f"{path}: its description is wrong: {error!r}") from error

    def quick(self, key: str) -> int:
        """Return the mask of a search key, patterns apart, or ``UNSETTLED``: exceptions or types matter."""
        at = key.find(".") + 1
        prefixes, ids = self._shards.get(key[at : at + 1], self._spare)
        mask = 0
        size = len(key)
        for prefix, number in prefixes(key):
            mask |= (self._own if len(prefix) == size else self._above)[ids[number]]
        return mask

    def mask(self, key: str, qtype: int = 0) -> int:
        """Return the categories of a search key and its listed parents, exceptions applied.

        ``qtype`` decides on entries with a condition on the query type; for 0 they count as absent.
        """
        mask = self.quick(key)
        if mask == UNSETTLED or (self._patterns and self.matches(key)):
            return settle(covering.found for covering in self.covering(key, qtype))
        return mask

    def hits(self, key: str, qtype: int = 0) -> tuple[Hit, ...]:
        """Return every entry that covers a search key, also what exceptions lift, parents first."""
        return told(list(self.covering(key, qtype)))

    def matches(self, key: str) -> bool:
        """Return whether an expression matches; the expressions' types and exceptions are not looked at."""
        return any(True for _ in self._patterns.match(from_key(key)))

    @property
    def has_patterns(self) -> bool:
        """Whether there is a second stage to ask at all."""
        return len(self._patterns) > 0

    def covering(self, key: str, qtype: int) -> Iterator[Covering]:
        """Yield every entry that covers a search key, parents first, expressions last. Slow."""
        at = key.find(".") + 1
        prefixes, ids = self._shards.get(key[at : at + 1], self._spare)
        for prefix, number in prefixes(key):
            for rule in self._combination(ids[number]):
                if covers(rule, len(prefix) == len(key), qtype):
                    yield self._covering(from_key(prefix), rule, pattern=False)
        if self._patterns:
            for pattern in self._patterns.match(from_key(key)):
                rule = self._rules[pattern.rule]
                if covers(rule, True, qtype):
                    yield self._covering(pattern.text, rule, pattern=True)

    def _covering(self, at: str, rule: Rule, *, pattern: bool) -> Covering:
        return Covering(at, Found(self._origins[rule.source], rule.flags), rule, pattern)

    def _combination(self, number: int) -> Iterator[Rule]:
        start = self._ends[number - 1] if number else 0
        return (self._rules[rule] for rule in self._members[start : self._ends[number]])


def told(covering: Sequence[Covering]) -> tuple[Hit, ...]:
    """Return entries as hits, each with the word whether one of the others lifts it."""
    found = [one.found for one in covering]
    return tuple(
        Hit(
            name=one.at,
            list_id=one.found.origin.id,
            kind=one.found.origin.kind,
            mask=0 if one.rule.flags & Flag.EXCEPTION else one.found.origin.mask,
            flags=Flag(one.rule.flags),
            lifted=not one.rule.flags & Flag.EXCEPTION and is_lifted(one.found, found),
            types=one.rule.types,
            pattern=one.pattern,
        )
        for one in covering
    )
