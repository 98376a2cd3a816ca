"""Partners: their roles, keys and thresholds, as edits of the top-level targets.

It must not publish: an edit is a draft that the offline keys of ``targets`` sign. A partner speaks for the
names under its own folders and no others, so that two partners can never contradict each other about a
file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tuf.api.metadata import DelegatedRole, Delegations, Targets

from schoolguard.hub.tuf.drafts import drop_draft, next_targets, put_unsigned
from schoolguard.hub.tuf.founding import Signers, delegation
from schoolguard.hub.tuf.keys import PublicKey
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed
from schoolguard.intake.trust.names import TARGETS, is_partner_id, partner_paths, partner_role
from schoolguard.language import N_

_BAD_ID = N_("{partner!r} is no name for a partner: 1 to 32 small letters, digits and inner hyphens")
_KEPT = N_("{partner!r} is kept for the lists that the publisher itself fetches")
_KNOWN = N_("{role} is there already")
_UNKNOWN = N_("{role} is no role that is delegated; known are: {known}")
_THRESHOLD = N_("{role}: {threshold} of {count} keys cannot sign; add a key or lower the threshold")
_NOT_ITS_KEY = N_("{role} has no key {keyid}")

FETCHED = "subscriptions"
"""Stands where a partner's name stands, in the names of lists that the publisher itself fetches."""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """How a role's keys change: new ones, ids that go, and the new threshold, None for the one that it
    has."""

    add: Sequence[PublicKey] = ()
    remove: Sequence[str] = ()
    threshold: int | None = None


def add_partner(repository: Repository, partner: str, signers: Signers, now: float) -> str:
    """Draft a delegation to a partner; returns its role. Raises ``RepositoryFailed``."""
    if not is_partner_id(partner):
        raise RepositoryFailed(_BAD_ID, partner=partner)
    if partner == FETCHED:
        raise RepositoryFailed(_KEPT, partner=partner)
    role = partner_role(partner)
    signers.check(role)
    with _editing(repository, now) as (targets, roles):
        if role in roles:
            raise RepositoryFailed(_KNOWN, role=role)
        roles[role] = delegation(role, signers, partner_paths(partner))
        for key in signers.keys:
            targets.add_key(key.key, role)
    return role


def remove_partner(repository: Repository, partner: str, now: float) -> None:
    """Draft the end of a partner: gateways drop all of its lists and orders with the next refresh."""
    role = partner_role(partner)
    with _editing(repository, now) as (targets, roles):
        for keyid in list(_role(roles, role).keyids):
            targets.revoke_key(keyid, role)
        del roles[role]
        drop_draft(repository, role)


def change_delegated_keys(repository: Repository, role: str, change: KeyChange, now: float) -> None:
    """Draft other keys for a partner or for ``compiled``; raises ``RepositoryFailed``."""
    with _editing(repository, now) as (targets, roles):
        change_keys(targets, _role(roles, role), role, change)


def change_keys(delegator: Targets, which: DelegatedRole, role: str, change: KeyChange) -> None:
    """Change a delegated role's keys in ``delegator``; raises ``RepositoryFailed``."""
    for keyid in change.remove:
        if keyid not in which.keyids:
            raise RepositoryFailed(_NOT_ITS_KEY, role=role, keyid=keyid)
        delegator.revoke_key(keyid, role)
    for key in change.add:
        delegator.add_key(key.key, role)
    threshold = change.threshold if change.threshold is not None else which.threshold
    if not 1 <= threshold <= len(which.keyids):
        count = len(which.keyids)
        raise RepositoryFailed(_THRESHOLD, role=role, threshold=threshold, count=count)
    which.threshold = threshold


def renew_targets(repository: Repository, now: float) -> None:
    """Draft the top-level targets anew as they are, before they expire."""
    with _editing(repository, now):
        pass


@contextmanager
def _editing(repository: Repository, now: float) -> Iterator[tuple[Targets, dict[str, DelegatedRole]]]:
    with repository.locked():
        targets = next_targets(repository, now)
        if targets.delegations is None:
            targets.delegations = Delegations({}, {})
        roles = targets.delegations.roles
        yield targets, roles if roles is not None else {}
        put_unsigned(repository, TARGETS, targets)


def _role(roles: dict[str, DelegatedRole], role: str) -> DelegatedRole:
    if role not in roles:
        raise RepositoryFailed(_UNKNOWN, role=role, known=", ".join(roles))
    return roles[role]
