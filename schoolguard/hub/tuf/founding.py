"""The founding of a repository: its first root and its first targets, as drafts for the offline keys to sign.

It must not see a private key. The first root says which keys every role has and how many must sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tuf.api.metadata import DelegatedRole, Delegations, Root, Targets

from schoolguard.hub.tuf.drafts import put_unsigned
from schoolguard.hub.tuf.keys import PublicKey
from schoolguard.hub.tuf.lifetimes import LIFETIMES
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed
from schoolguard.intake.trust.moments import moment
from schoolguard.intake.trust.names import COMPILED, ROOT, SNAPSHOT, TARGETS, TIMESTAMP, TOP_LEVEL
from schoolguard.language import N_

COMPILED_PATHS = ("layers/*",)

_FOUNDED = N_("{folder}: was founded before; keys are changed with: schoolguard hub keys rotate")
_THRESHOLD = N_("{role}: {threshold} of {count} different keys cannot sign")
_SHARED = N_(
    "{name} is a key of {role} and of {other}; an offline key must not lie on the publisher's machine"
)

OFFLINE, ONLINE = (ROOT, TARGETS), (SNAPSHOT, TIMESTAMP, COMPILED)


@dataclass(frozen=True, slots=True)
class Signers:
    """The keys of a role and how many of them must sign."""

    keys: Sequence[PublicKey]
    threshold: int = 1

    def check(self, role: str) -> None:
        """Raise ``RepositoryFailed`` when the threshold cannot be met, or is none."""
        count = len({key.keyid for key in self.keys})
        if not 1 <= self.threshold <= count or count != len(self.keys):
            raise RepositoryFailed(_THRESHOLD, role=role, threshold=self.threshold, count=count)


def check_offline(repository: Repository, roles: Mapping[str, Signers]) -> None:
    """Raise ``RepositoryFailed`` for what would make ``found`` fail, before any online key is made."""
    for role in OFFLINE:
        roles[role].check(role)
    if repository.roots():
        raise RepositoryFailed(_FOUNDED, folder=repository.folder)


def found(
    repository: Repository,
    roles: Mapping[str, Signers],
    now: float,
    *,
    compiled_paths: Sequence[str] = COMPILED_PATHS,
) -> None:
    """Draft root 1 and targets 1; ``roles`` has root, targets, snapshot, timestamp and compiled.

    Raises ``RepositoryFailed``, also for an offline role's key that is an online role's as well.
    """
    for role in (*TOP_LEVEL, COMPILED):
        roles[role].check(role)
    _check_apart(roles)
    with repository.locked():
        if repository.roots():
            raise RepositoryFailed(_FOUNDED, folder=repository.folder)
        put_unsigned(repository, ROOT, _root(roles, now))
        put_unsigned(repository, TARGETS, _targets(roles[COMPILED], compiled_paths, now))


def _check_apart(roles: Mapping[str, Signers]) -> None:
    for role in OFFLINE:
        for other in ONLINE:
            online = {key.keyid for key in roles[other].keys}
            for key in roles[role].keys:
                if key.keyid in online:
                    raise RepositoryFailed(_SHARED, name=key.name, role=role, other=other)


def _root(roles: Mapping[str, Signers], now: float) -> Root:
    root = Root(version=1, expires=moment(now) + timedelta(seconds=LIFETIMES[ROOT]), consistent_snapshot=True)
    for role in TOP_LEVEL:
        for key in roles[role].keys:
            root.add_key(key.key, role)
        root.roles[role].threshold = roles[role].threshold
    return root


def _targets(compiled: Signers, paths: Sequence[str], now: float) -> Targets:
    targets = Targets(version=1, expires=moment(now) + timedelta(seconds=LIFETIMES[TARGETS]))
    targets.delegations = Delegations({}, {COMPILED: delegation(COMPILED, compiled, paths)})
    for key in compiled.keys:
        targets.add_key(key.key, COMPILED)
    return targets


def delegation(role: str, signers: Signers, paths: Sequence[str]) -> DelegatedRole:
    """Return a delegation without keys yet; terminating, so that no other role is asked for its paths."""
    return DelegatedRole(role, [], signers.threshold, terminating=True, paths=list(paths))
