"""The judging process: ``python -m schoolguard.intake.subscriptions.judge_child``.

It is given a ``Case`` on standard input, prints one JSON line, the verdict or why it is no list, and exits
with 0; or says on stderr why it could not judge, and exits with 1. Names that must be left out are taken out
of the new copy. It may be killed at any moment.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from schoolguard.priority import give_way

if TYPE_CHECKING:
    from schoolguard.intake.subscriptions.judging import Case


def main() -> int:
    """Judge what is asked on standard input; return the exit code."""
    give_way()
    # Only now: loading the parts takes a quarter of a second of the core.
    from schoolguard.intake.subscriptions.judging import case_from_json
    from schoolguard.lists.layout import SnapshotBroken

    try:
        print(_answer(case_from_json(sys.stdin.read())))
    except (OSError, ValueError, SnapshotBroken) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _answer(case: Case) -> str:
    from schoolguard.intake.guardrails.verdict import Action
    from schoolguard.intake.subscriptions.judging import verdict_to_json
    from schoolguard.intake.subscriptions.leaving_out import leave_out
    from schoolguard.intake.subscriptions.standard import CannotJudge, judge_copy
    from schoolguard.lists.formats import ListRefused

    try:
        verdict = judge_copy(case)
        # Of what is held as well: who agrees to a list does not agree to these.
        if verdict.action < Action.REFUSE and verdict.dropped:
            leave_out(case.source, verdict.dropped)
    except CannotJudge as error:
        raise ValueError(str(error)) from error
    except ListRefused as error:
        why = str(error).replace(case.source.path, case.source.id)
        return json.dumps({"refused": [error.reason, why]})
    return verdict_to_json(verdict)


if __name__ == "__main__":
    sys.exit(main())
