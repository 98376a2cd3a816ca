"""Search keys on their way from the lists to the tries: text files on disk, so that memory stays small.

The keys are split over *buckets* by the first character of their second label (``com.example.`` -> ``e``), so
that a look-up knows from its key which bucket it needs. A key of one label stands above all buckets and
goes to a file of its own. Lines are keys; ``#7`` says that the keys that follow are under rule 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

BUCKETS = 16
SINGLE = BUCKETS
"""Number of the file for keys of one label."""


def bucket_of(key: str) -> int:
    """Return the bucket of a search key."""
    at = key.find(".") + 1
    return ord(key[at]) % BUCKETS if at < len(key) else SINGLE


class Spool:
    """Files of keys in a folder that exists and is empty; whoever made the folder removes it."""

    def __init__(self, folder: Path) -> None:
        self._paths = [folder / f"{bucket:02}" for bucket in range(BUCKETS + 1)]
        self._files: list[IO[str]] = []
        self._rules = [-1] * (BUCKETS + 1)
        self.counts = [0] * (BUCKETS + 1)

    def __enter__(self) -> Self:
        self._files = [path.open("w", encoding="ascii", newline="\n") for path in self._paths]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the writing; only then are keys read back."""
        for file in self._files:
            file.close()

    def add(self, key: str, rule: int) -> None:
        """Append a key under a rule."""
        bucket = bucket_of(key)
        if self._rules[bucket] != rule:
            self._rules[bucket] = rule
            self._files[bucket].write(f"#{rule}\n")
        self._files[bucket].write(key + "\n")
        self.counts[bucket] += 1

    def mark(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Return the present end, for ``rewind``."""
        return tuple(file.tell() for file in self._files), tuple(self._rules), tuple(self.counts)

    def rewind(self, mark: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]) -> None:
        """Drop everything added since ``mark``: the list it came from was refused."""
        ends, rules, counts = mark
        for file, end in zip(self._files, ends, strict=True):
            file.seek(end)
            file.truncate()
        self._rules, self.counts = list(rules), list(counts)

    def keys(self, buckets: Iterable[int]) -> Iterator[str]:
        """Yield the keys of some buckets, as often as they were added."""
        for bucket in buckets:
            with self._paths[bucket].open(encoding="ascii", newline="\n") as file:
                for line in file:
                    if line[0] != "#":
                        yield line[:-1]

    def runs(self, buckets: Iterable[int]) -> Iterator[tuple[int, Iterator[str]]]:
        """Yield the rules of some buckets, each with the keys that stand under it; read them in order."""
        for bucket in buckets:
            with self._paths[bucket].open(encoding="ascii", newline="\n") as file:
                line = next(file, "")
                while line:
                    run = _Run(file)
                    yield int(line[1:]), iter(run)
                    line = run.next_rule


class _Run:
    """The keys up to the next change of rule."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.next_rule = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            if line[0] == "#":
                self.next_rule = line
                return
            yield line[:-1]


def share(counts: list[int], most: int) -> list[list[int]]:
    """Deal the buckets out to as many shards as it takes for about ``most`` keys each, one at least.

    Largest bucket first to the emptiest shard, so the same counts give the same shards.
    """
    wanted = min(BUCKETS, max(1, -(-sum(counts[:BUCKETS]) // most)))
    shards: list[list[int]] = [[] for _ in range(wanted)]
    sizes = [0] * wanted
    for bucket in sorted(range(BUCKETS), key=lambda b: (-counts[b], b)):
        emptiest = sizes.index(min(sizes))
        shards[emptiest].append(bucket)
        sizes[emptiest] += counts[bucket]
    return [sorted(shard) for shard in shards]
