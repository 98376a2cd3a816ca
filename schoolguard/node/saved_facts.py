"""Passes and used-up budgets as the state folder has them, read without a running gateway.

It must not change anything. The gateway saves what was used once a minute: what is read here may be a minute
old.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from schoolguard.language import N_, Said
from schoolguard.node.audit import AuditLog, audit_path
from schoolguard.node.pass_model import Pass
from schoolguard.node.passes import PassBook
from schoolguard.node.usage import NAME
from schoolguard.node.usage_file import MAX_BYTES, UsageBroken, from_bytes
from schoolguard.policy.budgets import Budget
from schoolguard.policy.meter import Meter
from schoolguard.resolver.present import Granted


def passes_at(state: Path, moment: float, notes: list[Said]) -> tuple[Granted, ...]:
    """Return the passes that hold at a moment (Unix seconds); a broken log is added to ``notes``."""
    book = PassBook(AuditLog(audit_path(state)), _never_asked)
    if book.broken is not None:
        notes.append(book.broken)
    held = book.in_force(moment)
    return tuple(Granted(each.school, each.group, each.device, each.rule()) for each in held)


def used_up(
    state: Path, budgets: Iterable[Budget], now: float, notes: list[Said]
) -> dict[bytes, frozenset[str]]:
    """Return the ids of the budgets that each device has used up today; ``now`` is Unix seconds."""
    path = state / NAME
    try:
        with path.open("rb") as file:
            saved = from_bytes(file.read(MAX_BYTES + 1))
    except FileNotFoundError:
        return {}
    except (OSError, UsageBroken) as error:
        problem = (error.strerror if isinstance(error, OSError) else None) or error
        msgid = N_("{file} cannot be read, every time budget counts as unused: {problem}")
        notes.append(Said(msgid, file=path, problem=problem))
        return {}
    meter = Meter(now, 0.0)
    meter.set_budgets(budgets)
    meter.resume(saved.day, saved.table)
    return meter.all_used_up()


def _never_asked(_asked: Pass) -> None:
    """Check nothing: the book is only read."""
