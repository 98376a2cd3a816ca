"""The exporting process: ``python -m schoolguard.node.export_child``, its request on standard input.

Writes what tiers block as the zones that are served. Prints one JSON line, the zones, and exits with 0; or
says on stderr why not, and exits with 1. It gives way to the processes that answer queries, and whoever
started it may kill it at any moment. It must not know who takes a zone: no secret comes here.
"""

from __future__ import annotations

import sys

from schoolguard.priority import give_way


def main() -> int:
    """Do what the request asks for; return the exit code."""
    give_way()
    # Only now: loading all this takes a quarter of a second of the core.
    from schoolguard.lists.delta_part import ChainBroken
    from schoolguard.lists.folder import CompileBusy
    from schoolguard.lists.layout import SnapshotBroken
    from schoolguard.node.exporting import done_to_json, publish, request_from_json

    try:
        print(done_to_json(publish(request_from_json(sys.stdin.read()))))
    except (OSError, ValueError, SnapshotBroken, ChainBroken, CompileBusy) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
