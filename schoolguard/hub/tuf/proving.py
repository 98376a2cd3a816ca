"""Proves that gateways will believe a state of the repository, by their own checks, before anyone can see it.

It must not read or write files. The state is judged from a root as a gateway that has it would.
"""

from __future__ import annotations

from collections.abc import Mapping

from schoolguard.intake.trust.errors import Fault, Untrusted
from schoolguard.intake.trust.names import SNAPSHOT, TARGETS, TIMESTAMP
from schoolguard.intake.trust.verification import Verification
from schoolguard.language import N_

State = Mapping[str, bytes]
"""Metadata by role, without root."""


def prove(root: bytes, state: State, now: float) -> tuple[Untrusted, ...]:
    """Return which delegated roles a gateway with ``root`` would refuse; raises ``Untrusted`` if all of
    it."""
    run = Verification(root, now, carried=False)
    run.add_timestamp(state[TIMESTAMP])
    run.add_snapshot(state[SNAPSHOT])
    run.add_targets(state[TARGETS])
    refused = []
    for role, delegation in run.delegated().items():
        if run.file_of(role) is None:
            continue
        try:
            if role not in state:
                raise Untrusted(Fault.ABSENT, role, N_("{role}: its metadata is missing"), role=role)
            run.add_delegated(delegation, state[role])
        except Untrusted as error:
            refused.append(error)
    return tuple(refused)


def holds(root: bytes, state: State | None, now: float) -> bool:
    """Return whether a gateway with ``root`` would take a state, be it without some partners."""
    if state is None:
        return False
    try:
        prove(root, state, now)
    except Untrusted:
        return False
    return True
