"""The compiling process: ``python -m schoolguard.lists.child REQUEST.json``, or ``-`` for standard input.

It compiles lists, or lays layers together. Prints one JSON line, the outcome, and exits with 0; or says on
stderr why not, and exits with 1. It gives way to the processes that answer queries, and whoever started it
may kill it at any moment.
"""

from __future__ import annotations

import sys
from pathlib import Path

from schoolguard.priority import give_way


def main() -> int:
    """Do what the request file given as the only argument asks for; return the exit code."""
    if len(sys.argv) != 2:
        print("usage: python -m schoolguard.lists.child REQUEST.json", file=sys.stderr)
        return 1
    give_way()
    # Only now: loading the compiler alone takes a tenth of a second of the core.
    from schoolguard.lists.archive import ArchiveBroken
    from schoolguard.lists.compile import CompileFailed
    from schoolguard.lists.delta import DeltaTooLarge
    from schoolguard.lists.folder import CompileBusy
    from schoolguard.lists.layout import SnapshotBroken

    try:
        given = sys.argv[1]
        text = sys.stdin.read() if given == "-" else Path(given).read_text(encoding="utf-8")
        print(_answer(text))
    except (
        *(OSError, ValueError, CompileFailed, CompileBusy),
        *(ArchiveBroken, SnapshotBroken, DeltaTooLarge),
    ) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _answer(text: str) -> str:
    from schoolguard.lists.compile import compile_lists
    from schoolguard.lists.delta import compact
    from schoolguard.lists.request import Joining, asked_from_json, outcome_to_json, written_to_json
    from schoolguard.lists.snapshot import Snapshot

    asked = asked_from_json(text)
    if isinstance(asked, Joining):
        return written_to_json(compact([Snapshot.open(path) for path in asked.layers], asked.target))
    outcome = compile_lists(
        asked.sources,
        asked.target,
        asked.previous,
        archive=asked.archive,
        now=asked.now,
        times=asked.times,
    )
    return outcome_to_json(outcome)


if __name__ == "__main__":
    sys.exit(main())
