"""What a delegated role speaks for: its targets, judged by name, path, length and digest.

It must not check signatures, versions or expiry; the same judgement holds at the publisher before a partner's
metadata is published, and at the gateway, which would meet what got past a publisher with stolen keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tuf.api.metadata import DelegatedRole, TargetFile, Targets

from schoolguard.intake.trust.errors import Fault, Untrusted
from schoolguard.intake.trust.limits import MAX_TARGET_BYTES, MAX_TARGETS
from schoolguard.intake.trust.names import is_target_name
from schoolguard.language import N_

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")

_TOO_MANY = N_("{role} lists {count} files; at most {limit} may be")
_FURTHER = N_("{role} delegates further, which only the publisher may")
_NAME = N_("{role}: {name!r} may not be a file's name")
_OUTSIDE = N_("{role} may not speak for {name}; its paths are {paths}")
_DIGEST = N_("{role}: {name} has no SHA-256")
_LENGTH = N_("{role}: {name} has {length} bytes; at most {limit} may be")


@dataclass(frozen=True, slots=True)
class Target:
    """A file that a role vouches for: ``path`` in the repository, ``length`` in bytes, ``sha256`` in
    hexadecimal."""

    path: str
    length: int
    sha256: str
    role: str
    custom: Mapping[str, Any] = field(default_factory=dict, compare=False)


def faults_of(delegation: DelegatedRole, signed: Targets) -> Iterator[Untrusted]:
    """Yield everything for which ``signed`` may not be taken as the word of ``delegation``."""
    role = delegation.name
    if signed.delegations is not None:
        yield Untrusted(Fault.OUTSIDE, role, _FURTHER, role=role)
    if len(signed.targets) > MAX_TARGETS:
        yield Untrusted(
            Fault.TOO_LARGE, role, _TOO_MANY, role=role, count=len(signed.targets), limit=MAX_TARGETS
        )
        return
    for name, file in signed.targets.items():
        yield from _faults_of_file(delegation, name, file)


def _faults_of_file(delegation: DelegatedRole, name: str, file: TargetFile) -> Iterator[Untrusted]:
    role = delegation.name
    if not is_target_name(name):
        yield Untrusted(Fault.BAD_NAME, role, _NAME, role=role, name=name[:200])
    elif not delegation.is_delegated_path(name):
        paths = ", ".join(delegation.paths or [])
        yield Untrusted(Fault.OUTSIDE, role, _OUTSIDE, role=role, name=name, paths=paths)
    if not _SHA256.match(file.hashes.get("sha256", "")):
        yield Untrusted(Fault.CONTENT, role, _DIGEST, role=role, name=name[:200])
    if file.length > MAX_TARGET_BYTES:
        yield Untrusted(
            Fault.TOO_LARGE,
            role,
            _LENGTH,
            role=role,
            name=name[:200],
            length=file.length,
            limit=MAX_TARGET_BYTES,
        )


def targets_of(role: str, signed: Targets) -> dict[str, Target]:
    """Return the targets of a role that had no faults, by path."""
    return {
        name: Target(name, file.length, file.hashes["sha256"], role, _custom(file))
        for name, file in signed.targets.items()
    }


def _custom(file: TargetFile) -> Mapping[str, Any]:
    return file.custom if isinstance(file.custom, dict) else {}
