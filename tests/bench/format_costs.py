"""Prints what a line of each format costs to read: ``python tests/bench/format_costs.py [FOLDER]``.

FOLDER holds ``lists/*.xz``; each list is unpacked first, so that the figure is reading alone. The best of
three runs counts.
"""

from __future__ import annotations

import lzma
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from schoolguard.lists.formats import FORMATS, read
from schoolguard.lists.model import ListSource, Report

RUNS = 3


def seconds(path: Path, report: Report) -> float:
    """Return the time one pass over a list takes."""
    start = time.perf_counter()
    for _ in read(ListSource(path.name, str(path), 3), report):
        pass
    return time.perf_counter() - start


def costs(folder: Path) -> Iterator[tuple[str, int, int, float]]:
    """Yield format, lines, entries and best seconds of each list of a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        for packed in sorted(folder.glob("*.xz")):
            path = Path(scratch) / packed.stem
            path.write_bytes(lzma.decompress(packed.read_bytes()))
            report = Report(packed.stem, "")
            best = min(seconds(path, report) for _ in range(RUNS))
            yield report.format, path.read_bytes().count(b"\n"), report.entries, best


def main() -> None:
    """Print a row per format: lines, entries, microseconds per line."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else beside
    rows = list(costs(folder / "lists"))
    print(f"{'format':10} {'lines':>9} {'entries':>9} {'us/line':>8}")
    for name in FORMATS:
        mine = [row for row in rows if row[0] == name]
        lines, entries = sum(row[1] for row in mine), sum(row[2] for row in mine)
        spent = sum(row[3] for row in mine)
        print(f"{name:10} {lines:9} {entries:9} {1e6 * spent / max(lines, 1):8.2f}")


if __name__ == "__main__":
    main()
