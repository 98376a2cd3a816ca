"""Prints what compiling and looking up cost: ``python tests/bench/compile_costs.py [LISTS_FOLDER]``.

Compiles the real category lists, 1 million names and 3.5 million, each in a child process as ``serve`` does,
and measures look-ups of popular names and of listed ones.
"""

from __future__ import annotations

import lzma
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from schoolguard.dns.names import from_key, search_key
from schoolguard.lists.model import ListSource
from schoolguard.lists.request import Request, outcome_from_json, request_to_json
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

MILLION = ("adult", "gambling", "games", "doh", "vpn-bypass", "drugs")
LOOKUPS = 100_000
RUNS = 5


def main() -> None:
    """Measure both sizes and print a table each."""
    folder = (
        Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[3] / "shared" / "data"
    )
    popular = lzma.decompress((folder / "popular" / "umbrella-top-100k.txt.xz").read_bytes()).decode().split()
    with tempfile.TemporaryDirectory() as work:
        plain = [_unpacked(path, Path(work)) for path in sorted((folder / "categories").glob("*.txt.xz"))]
        _measure("1 million", [p for p in plain if p.stem in MILLION], Path(work), popular)
        _measure("3.5 million", plain, Path(work), popular)


def _unpacked(path: Path, work: Path) -> Path:
    target = work / path.stem
    target.write_bytes(lzma.decompress(path.read_bytes()))
    return target


def _measure(title: str, files: Sequence[Path], work: Path, popular: Sequence[str]) -> None:
    sources = tuple(ListSource(file.stem, str(file), 2 + n) for n, file in enumerate(files))
    target = work / title.replace(" ", "-")
    request = Request(sources, target, None, target / "archive", 0)
    asked = work / "request.json"
    asked.write_text(request_to_json(request))
    began = time.perf_counter()
    command = [sys.executable, "-m", "schoolguard.lists.child", str(asked)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    # The peak over all children so far: sizes are measured in ascending order.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    outcome = outcome_from_json(done.stdout)
    size = outcome.path.stat().st_size
    print(f"{title}: {outcome.names} names from {len(files)} lists")
    print(
        f"  compile {seconds:.1f} s, peak RSS {peak:.0f} MB, snapshot {size / outcome.names:.1f} bytes a name"
    )
    began = time.perf_counter()
    snapshot = Snapshot.open(outcome.path)
    print(f"  open, every byte checked: {(time.perf_counter() - began) * 1000:.0f} ms")
    _look_up(snapshot, files, popular)


def _look_up(snapshot: Snapshot, files: Sequence[Path], popular: Sequence[str]) -> None:
    draw = random.Random(1)
    names = [name for file in files for name in file.read_text().split()]
    listed = [search_key(name) for name in draw.choices(names, k=LOOKUPS)]
    keys = [search_key(name) for name in popular]
    unlisted = [key for key in keys if not snapshot.mask(key)]
    for what, asked in (("popular names", keys), ("those that miss", unlisted), ("listed names", listed)):
        single, stacked = _micros(snapshot.mask, asked), _micros(Stack([snapshot]).mask, asked)
        print(f"  {what}: Snapshot.mask {single:.2f} us, Stack.mask {stacked:.2f} us")
    assert all(snapshot.mask(key) for key in listed), from_key(listed[0])


def _micros(mask: Callable[[str], int], keys: Sequence[str]) -> float:
    best = float("inf")
    for _ in range(RUNS):
        began = time.perf_counter()
        for key in keys:
            mask(key)
        best = min(best, time.perf_counter() - began)
    return best / len(keys) * 1e6


if __name__ == "__main__":
    main()
