"""The process that judges layers on the names asked here: ``python -m schoolguard.node.rollout_child``.

It reads one JSON object from standard input and prints one; nothing else knows the names. It gives way to
whoever answers queries.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from schoolguard.priority import give_way


def main() -> int:
    """Judge what standard input asks for; return the exit code."""
    give_way()
    from schoolguard.lists.layout import SnapshotBroken

    try:
        print(json.dumps(_judged(json.load(sys.stdin))))
    except (OSError, SnapshotBroken, ValueError, KeyError, TypeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _judged(asked: dict[str, Any]) -> dict[str, Any]:
    from schoolguard.intake.guardrails.learning import Learning
    from schoolguard.intake.rollout.judging import judged
    from schoolguard.lists.stack import Stack
    from schoolguard.node.asked import asked_names

    former, new, own = ([Path(path) for path in asked[word]] for word in ("former", "new", "own"))
    old, coming = Stack.open([*former, *own]), Stack.open([*new, *own])
    found = judged(old, coming, asked_names(Path(asked["state"])), Learning(()), asked["blocked"])
    preview = found.preview("", "")
    lists = [[each.list_id, each.blocked, each.learning] for each in preview.lists]
    return {
        "asked": preview.asked,
        "blocked": preview.blocked,
        "opened": preview.opened,
        "learning": preview.learning,
        "lists": lists,
        "names": [[each.name, each.bit, list(each.lists), each.learning] for each in found.names],
    }


if __name__ == "__main__":
    sys.exit(main())
