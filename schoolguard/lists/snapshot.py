"""One compiled set of lists, or one delta layer, mapped read-only: the mask of a name in about a microsecond.

A delta layer alone says what changed; ``delta_chain`` puts it above the snapshot that it follows. It must not
write, and must not copy what is mapped: all workers share the pages. Look-ups are by search key
(``vn.example.www.``), so that the tries return a name and all its listed parents in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import marisa_trie

from schoolguard.dns.names import from_key
from schoolguard.lists.combinations import UNSETTLED
from schoolguard.lists.delta_row import DeltaRow, delta_from_json
from schoolguard.lists.folder import current_in
from schoolguard.lists.layout import DELTA, Mapped, SnapshotBroken, open_mapped
from schoolguard.lists.model import Flag, Kind
from schoolguard.lists.patterns import Pattern, Patterns
from schoolguard.lists.rows import SourceRow, note_from_json, row_from_json
from schoolguard.lists.rules import Found, Origin, Rule, covers, is_lifted, settle

_FIRST_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_"
ABSENT = -1
"""In place of a combination's number: the name is not listed. (Listed under none is a tombstone.)"""

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
    """An immutable set of compiled lists, or a delta layer (``delta`` is set); make it with ``open``.

    ``state`` is the digest of the snapshot, compiled whole, that this one says the same as (a delta layer:
    once it lies on what it follows), ``input`` the fingerprint of the lists that it was compiled from.
    ``patterns`` is ``None`` in a delta layer that leaves the expressions below as they are.
    """

    __slots__ = (
        "_ends", "_members", "_patterns", "_shards", "_spare", "_tries", "above", "delta", "digest",
        "input", "names", "origins", "own", "path", "patterns", "rules", "sources", "state",
    )  # fmt: skip

    def __init__(self, mapped: Mapped) -> None:
        main, views = mapped.main, mapped.sections
        self.path, self.digest, self.names = mapped.path, mapped.digest, int(main["names"])
        self.input: str = main.get("input", "")
        self.delta: DeltaRow | None = delta_from_json(main["delta"]) if mapped.version == DELTA else None
        self.state: str = main.get("state", mapped.digest)
        self.sources: tuple[SourceRow, ...] = tuple(
            row_from_json(row, note_from_json(note))
            for row, note in zip(main["sources"], mapped.notes["sources"], strict=True)
        )
        self.origins = [Origin(row.id, row.kind, row.mask, row.exceptions) for row in self.sources]
        self.rules = [Rule(source, flags, tuple(types)) for source, flags, types in main["rules"]]
        stated = main["patterns"]
        self.patterns = None if stated is None else tuple(Pattern(rule, text) for rule, text in stated)
        self._patterns = Patterns(self.patterns or ())
        self.own: Sequence[int] = views["masks-own"].cast("Q").tolist()
        self.above: Sequence[int] = views["masks-above"].cast("Q").tolist()
        self._ends = views["combination-ends"].cast("I")
        self._members = views["combination-rules"].cast("I")
        self._tries = []
        self._shards: dict[str, tuple[Prefixes, memoryview, Callable[[str, int], int]]] = {}
        for number, shard in enumerate(main["shards"]):
            trie = marisa_trie.Trie().map(views[f"trie-{number}"])
            # The trie keeps only a pointer into the mapping: the view beside it keeps the mapping alive.
            ids = views[f"ids-{number}"].cast(shard["typecode"])
            self._tries.append((trie, ids, views[f"trie-{number}"]))
            part = (trie.iter_prefixes_with_ids, ids, trie.get)
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
        prefixes, ids, _ = self._shards.get(key[at : at + 1], self._spare)
        mask = 0
        size = len(key)
        for prefix, number in prefixes(key):
            mask |= (self.own if len(prefix) == size else self.above)[ids[number]]
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
        return any(True for _ in self.matching(key))

    def matching(self, key: str) -> Iterator[Pattern]:
        """Yield the expressions that match a search key, whatever they say."""
        return self._patterns.match(from_key(key))

    @property
    def has_patterns(self) -> bool:
        """Whether there is a second stage to ask at all."""
        return len(self._patterns) > 0

    def covering(self, key: str, qtype: int) -> Iterator[Covering]:
        """Yield every entry that covers a search key, parents first, expressions last. Slow."""
        for prefix, number in self.listed(key):
            for rule in self.combination(number):
                if covers(self.rules[rule], len(prefix) == len(key), qtype):
                    yield covering_of(self.origins, from_key(prefix), self.rules[rule], pattern=False)
        if self._patterns:
            for pattern in self.matching(key):
                rule = pattern.rule
                if covers(self.rules[rule], True, qtype):
                    yield covering_of(self.origins, pattern.text, self.rules[rule], pattern=True)

    def listed(self, key: str) -> Iterator[tuple[str, int]]:
        """Yield a search key's listed parents and itself if listed, each with its combination's number."""
        at = key.find(".") + 1
        prefixes, ids, _ = self._shards.get(key[at : at + 1], self._spare)
        for prefix, number in prefixes(key):
            yield prefix, ids[number]

    def prefixes_if_one(self) -> Callable[[str], list[str]]:
        """Return the look-up of listed keys above a search key; raises ``ValueError`` for several tries."""
        ((trie, _, _),) = self._tries
        found: Callable[[str], list[str]] = trie.prefixes
        return found

    def items(self) -> Iterator[tuple[str, int]]:
        """Yield every listed search key with its combination's number, in no order to rely on."""
        for shard, (trie, ids, _) in enumerate(self._tries):
            for key, number in trie.iteritems():
                # Keys of one label stand in every shard.
                if not shard or key.find(".") < len(key) - 1:
                    yield key, ids[number]

    def number_of(self, key: str) -> int:
        """Return the number of the combination on this very search key, ``ABSENT`` if it is not listed."""
        at = key.find(".") + 1
        _, ids, get = self._shards.get(key[at : at + 1], self._spare)
        number = get(key, ABSENT)
        return ABSENT if number == ABSENT else int(ids[number])

    def combinations(self) -> list[tuple[int, ...]]:
        """Return the rules' numbers of every combination."""
        return [tuple(self.combination(number)) for number in range(len(self._ends))]

    def combination(self, number: int) -> Sequence[int]:
        """Return the rules' numbers of a combination."""
        start = self._ends[number - 1] if number else 0
        return self._members[start : self._ends[number]]


def covering_of(origins: Sequence[Origin], at: str, rule: Rule, *, pattern: bool) -> Covering:
    """Return what a rule on a listed name, or with an expression, says."""
    return Covering(at, Found(origins[rule.source], rule.flags), rule, pattern)


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
