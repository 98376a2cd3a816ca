"""The compiling process: ``python -m schoolguard.lists.child REQUEST.json``, or ``-`` for standard input.

Prints one JSON line, the outcome, and exits with 0; or says on stderr why not, and exits with 1. It gives
way to the processes that answer queries, and whoever started it may kill it at any moment.
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
    from schoolguard.lists.compile import CompileFailed, compile_lists
    from schoolguard.lists.folder import CompileBusy
    from schoolguard.lists.layout import SnapshotBroken
    from schoolguard.lists.request import outcome_to_json, request_from_json

    try:
        given = sys.argv[1]
        text = sys.stdin.read() if given == "-" else Path(given).read_text(encoding="utf-8")
        request = request_from_json(text)
        outcome = compile_lists(
            request.sources,
            request.target,
            request.previous,
            archive=request.archive,
            now=request.now,
            times=request.times,
        )
    except (OSError, ValueError, CompileFailed, CompileBusy, ArchiveBroken, SnapshotBroken) as error:
        print(error, file=sys.stderr)
        return 1
    print(outcome_to_json(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main())
