"""Changing the keys of the top-level roles, and taking a lost or stolen key out of every role that has it.

It must not publish: the edits are drafts of a new root, and of new targets where partners are concerned.
Every root that ever was stays in the repository, so that a gateway that was off for years finds its way.
"""

from __future__ import annotations

from tuf.api.metadata import Root

from schoolguard.hub.tuf.delegations import KeyChange, change_delegated_keys
from schoolguard.hub.tuf.drafts import coming_targets, next_root, put_unsigned
from schoolguard.hub.tuf.keys import name_of
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed
from schoolguard.intake.trust.names import ROOT, TOP_LEVEL
from schoolguard.language import N_

_THRESHOLD = N_("{role}: {threshold} of {count} keys cannot sign; add a key or lower the threshold")
_NOT_ITS_KEY = N_("{role} has no key {keyid}")
_NOBODYS = N_("no role has the key {keyid}")


def change_role_keys(repository: Repository, role: str, change: KeyChange, now: float) -> None:
    """Draft other keys for any role: a new root for a top-level one, new targets for a delegated one.

    Raises ``RepositoryFailed``. A new root needs signatures of the old root's keys and of its own.
    """
    if role not in TOP_LEVEL:
        change_delegated_keys(repository, role, change, now)
        return
    with repository.locked():
        root = next_root(repository, now)
        _change(root, role, change)
        put_unsigned(repository, ROOT, root)


def renew_root(repository: Repository, now: float) -> None:
    """Draft the root anew as it is, before it expires."""
    with repository.locked():
        put_unsigned(repository, ROOT, next_root(repository, now))


def find_keys(repository: Repository, *, role: str | None = None) -> list[tuple[str, str]]:
    """Return name and id of every key, or of a role's, now or in targets that are signed and wait."""
    root, delegations = repository.root(), coming_targets(repository).delegations
    tables = [(root.signed.roles, root.signed.keys)] if root is not None else []
    rows = [(name, which.keyids, table) for roles, table in tables for name, which in roles.items()]
    if delegations is not None:
        rows += [(name, which.keyids, delegations.keys) for name, which in (delegations.roles or {}).items()]
    found = {
        keyid: name_of(keys[keyid]) for name, keyids, keys in rows if role in {None, name} for keyid in keyids
    }
    return sorted((name, keyid) for keyid, name in found.items())


def roles_of_key(repository: Repository, keyid: str) -> list[str]:
    """Return the roles that have a key, now or in a draft."""
    root, targets = repository.root(), coming_targets(repository)
    top = [role for role in TOP_LEVEL if root is not None and keyid in root.signed.roles[role].keyids]
    delegated = targets.delegations.roles or {} if targets.delegations is not None else {}
    return [*top, *(role for role, which in delegated.items() if keyid in which.keyids)]


def revoke_key(repository: Repository, keyid: str, now: float, *, threshold: int | None = None) -> list[str]:
    """Draft a key's removal from every role; returns them. Raises ``RepositoryFailed``.

    A role that has too few keys left needs a new one first: ``change_role_keys``.
    """
    roles = roles_of_key(repository, keyid)
    if not roles:
        raise RepositoryFailed(_NOBODYS, keyid=keyid)
    for role in roles:
        change_role_keys(repository, role, KeyChange(remove=(keyid,), threshold=threshold), now)
    return roles


def _change(root: Root, role: str, change: KeyChange) -> None:
    which = root.roles[role]
    for keyid in change.remove:
        if keyid not in which.keyids:
            raise RepositoryFailed(_NOT_ITS_KEY, role=role, keyid=keyid)
        root.revoke_key(keyid, role)
    for key in change.add:
        root.add_key(key.key, role)
    threshold = change.threshold if change.threshold is not None else which.threshold
    if not 1 <= threshold <= len(which.keyids):
        raise RepositoryFailed(_THRESHOLD, role=role, threshold=threshold, count=len(which.keyids))
    which.threshold = threshold
