"""The names a run asks for, and the lists of them in each server's own form.

It must not know how they are asked. Third-party data is read where it lies and written to the run's folder
only.
"""

from __future__ import annotations

import itertools
import lzma
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ALLOWED, BLOCKED = 80_000, 20_000
"""Names of each kind in the mix, 100,000 in all; one query in five is for a blocked name."""

LINES = 500_000
"""Questions in a drawn file; dnsperf starts over at its end."""

_NAME = re.compile(r"(?=.{1,240}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{1,63}")


_ELSEWHERE = frozenset(
    {"arpa", "local", "localhost", "invalid", "test", "onion", "internal", "lan", "home", "corp"}
)
"""Top-level names that servers answer by rules of their own (RFC 6761 and the like)."""

_SIGNALS = frozenset(
    {"use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com", "mask.apple-dns.net"}
)
"""Names by which a browser or a phone asks whether a filter stands here; SchoolGuard says yes."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many names are blocked: a label, the categories' files that hold them, the share that is taken."""

    label: str
    categories: tuple[str, ...]
    share: float = 1.0

    def takes(self, name: str) -> bool:
        """Return whether the name is in the share; equal for every run and server."""
        return zlib.crc32(name.encode("ascii")) < self.share * (1 << 32)


# The six categories hold 1,354,344 names.
MILLION = Size("1 M", ("adult", "gambling", "games", "doh", "vpn-bypass", "drugs"), 1_000_000 / 1_354_344)
ALL = Size(
    "3.5 M",
    (
        *MILLION.categories,
        "ads",
        "threat",
        "social",
        "piracy",
        "dating",
        "chat",
        "shortvideo",
        "ai",
        "manga",
        "violence",
    ),
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The names of the mix, the most asked first."""

    allowed: tuple[str, ...]
    blocked: tuple[str, ...]


def category(shared: Path, name: str, size: Size = ALL) -> Iterator[str]:
    """Yield a category's names, without the few that not every server takes."""
    with lzma.open(shared / "categories" / f"{name}.txt.xz", "rt", encoding="utf-8") as file:
        for line in file:
            found = line.strip()
            if _NAME.fullmatch(found) and size.takes(found):
                yield found


def load(shared: Path, chance: random.Random) -> Corpus:
    """Return names that resolve whatever size of list is loaded, and names that every size blocks.

    Too few popular names are on no list, so the most popular ones come a second time with ``www.``.
    """
    listed = {name for part in ALL.categories for name in category(shared, part)}
    with lzma.open(shared / "popular" / "umbrella-top-100k.txt.xz", "rt", encoding="utf-8") as file:
        popular = [name for line in file if _NAME.fullmatch(name := line.strip())]
    free = [name for name in popular if _ordinary(name) and not _covered(name, listed)]
    beside = (f"www.{name}" for name in free if not name.startswith("www."))
    allowed = dict.fromkeys(itertools.chain(free, beside))
    blocked = sorted({name for part in MILLION.categories for name in category(shared, part, MILLION)})
    return Corpus(tuple(allowed)[:ALLOWED], tuple(chance.sample(blocked, BLOCKED)))


def _ordinary(name: str) -> bool:
    return name not in _SIGNALS and name.rpartition(".")[2] not in _ELSEWHERE


def _covered(name: str, listed: set[str]) -> bool:
    while name:
        if name in listed:
            return True
        name = name.partition(".")[2]
    return False


def write_every(corpus: Corpus, path: Path) -> None:
    """Write one question for each name, to warm a cache with."""
    path.write_text("".join(f"{name} A\n" for name in (*corpus.allowed, *corpus.blocked)))


def write_flat(corpus: Corpus, path: Path, chance: random.Random) -> None:
    """Write questions drawn evenly: the most that a cache can be asked to hold."""
    names = [*corpus.allowed, *corpus.blocked]
    path.write_text("".join(f"{name} A\n" for name in chance.choices(names, k=LINES)))


def write_zipf(corpus: Corpus, path: Path, chance: random.Random) -> None:
    """Write questions drawn with Zipf's law (exponent 1) over each kind's ranks."""
    blocked = LINES * BLOCKED // (ALLOWED + BLOCKED)
    drawn = zipf(corpus.allowed, LINES - blocked, chance) + zipf(corpus.blocked, blocked, chance)
    chance.shuffle(drawn)
    path.write_text("".join(f"{name} A\n" for name in drawn))


def zipf(names: Sequence[str], count: int, chance: random.Random) -> list[str]:
    """Return ``count`` names drawn with Zipf's law over their ranks."""
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(names) + 1)))
    return chance.choices(names, cum_weights=weights, k=count)


def write_unique(corpus: Corpus, path: Path, mark: str, count: int) -> None:
    """Write ``count`` questions that nobody has asked yet; ``mark`` differs from run to run."""
    allowed = itertools.islice(itertools.cycle(corpus.allowed), count)
    path.write_text("".join(f"{mark}{i}.{name} A\n" for i, name in enumerate(allowed)))
