"""Metadata that waits: for signatures from offline keys, or for the next publishing.

It must not sign. A draft is edited as often as needed; an edit drops the signatures that it had, for they
were over something else. A signature is only kept when it is right and by a key that counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Root, Signed, Targets

from schoolguard.hub.tuf.keys import name_of
from schoolguard.hub.tuf.lifetimes import LIFETIMES
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed, T, parsed, serialized
from schoolguard.intake.trust.moments import moment
from schoolguard.intake.trust.names import ROOT, TARGETS, is_role_name
from schoolguard.language import N_
from schoolguard.lists.archive import sync_folder, write_synced

_NO_DRAFT = N_("{role} waits for no signature")
_OTHER = N_("{role}: what was brought back is not what was asked to be signed; nothing was taken")
_NO_AUTHORITY = N_("there is no root yet; run: schoolguard hub init")


@dataclass(frozen=True, slots=True)
class Need:
    """Signatures that a draft needs: ``threshold`` of the keys, by name; ``by`` says whose word sets them."""

    by: str
    threshold: int
    signed: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether there are enough."""
        return len(self.signed) >= self.threshold


def draft_path(repository: Repository, role: str) -> Path:
    """Return where a role's draft stands."""
    return repository.drafts / f"{role}.json"


def draft(repository: Repository, role: str) -> Metadata[Any] | None:
    """Return a role's draft, if there is one; one that was published is none any more."""
    path = draft_path(repository, role)
    if not path.is_file():
        return None
    document = _parsed(path.read_bytes(), role)
    published = repository.root() if role == ROOT else repository.published(role)
    return None if published is not None and document.signed.version <= published.signed.version else document


def _parsed(content: bytes, role: str) -> Metadata[Any]:
    return parsed(content, Root, role) if role == ROOT else parsed(content, Targets, role)


def waiting(repository: Repository) -> list[str]:
    """Return the roles that have a draft; root and targets come first, as they decide on the others."""
    names = [path.stem for path in repository.drafts.glob("*.json") if is_role_name(path.stem)]
    found = [role for role in names if draft(repository, role) is not None]
    return sorted(found, key=lambda role: (role != ROOT, role != TARGETS, role))


def put_draft(repository: Repository, role: str, document: Metadata[Any]) -> None:
    """Keep a role's draft with the signatures that it has."""
    write_synced(draft_path(repository, role), serialized(document))


def drop_draft(repository: Repository, role: str) -> None:
    """Forget a role's draft."""
    draft_path(repository, role).unlink(missing_ok=True)
    sync_folder(repository.drafts)


def next_root(repository: Repository, now: float) -> Root:
    """Return the root to edit: the draft's, else the next version of the published one."""
    waits = draft(repository, ROOT)
    if waits is not None and isinstance(waits.signed, Root):
        return waits.signed
    published = repository.root()
    if published is None:
        raise RepositoryFailed(_NO_AUTHORITY)
    return following(published.signed, ROOT, now)


def next_targets(repository: Repository, now: float) -> Targets:
    """Return the top-level targets to edit: the draft's, else the next version of the published ones."""
    waits = draft(repository, TARGETS)
    if waits is not None and isinstance(waits.signed, Targets):
        return waits.signed
    published = repository.published(TARGETS)
    if published is None:
        raise RepositoryFailed(_NO_AUTHORITY)
    return following(published.signed, TARGETS, now)


def following(signed: T, role: str, now: float) -> T:
    """Return the same signed part as a version higher, with a whole life before it."""
    signed.version += 1
    signed.expires = moment(now) + timedelta(seconds=LIFETIMES[role])
    return signed


def put_unsigned(repository: Repository, role: str, signed: Signed) -> None:
    """Keep an edited signed part as the role's draft."""
    put_draft(repository, role, Metadata(signed))


def needs(repository: Repository, role: str, document: Metadata[Any]) -> list[Need]:
    """Return what signatures a role's metadata needs, has and lacks; nothing for a role that nobody
    delegates.

    Raises ``RepositoryFailed``.
    """
    return [_need(by, delegator, role, document) for by, delegator in _delegators(repository, role, document)]


def is_complete(repository: Repository, role: str) -> bool:
    """Return whether a role has a draft with all signatures that it needs."""
    document = draft(repository, role)
    found = needs(repository, role, document) if document is not None else []
    return bool(found) and all(need.met for need in found)


def coming_root(repository: Repository) -> Root:
    """Return the root that is in force after the next publishing, or that will be the first."""
    published = repository.root()
    waits = draft(repository, ROOT)
    if waits is not None and (published is None or is_complete(repository, ROOT)):
        return _as(Root, waits)
    if published is None:
        raise RepositoryFailed(_NO_AUTHORITY)
    return published.signed


def coming_targets(repository: Repository) -> Targets:
    """Return the top-level targets that are in force after the next publishing."""
    published = repository.published(TARGETS)
    waits = draft(repository, TARGETS)
    if waits is not None and (published is None or is_complete(repository, TARGETS)):
        return _as(Targets, waits)
    if published is None:
        raise RepositoryFailed(_NO_AUTHORITY)
    return published.signed


def add_signatures(repository: Repository, role: str, content: bytes) -> list[Need]:
    """Take the signatures that were brought back for a draft; returns what it needs now.

    Raises ``RepositoryFailed`` when the content is another than the draft's.
    """
    document = draft(repository, role)
    if document is None:
        raise RepositoryFailed(_NO_DRAFT, role=role)
    brought = _parsed(content, role)
    if brought.signed_bytes != document.signed_bytes:
        raise RepositoryFailed(_OTHER, role=role)
    for keyid, key in _counting(repository, role, document):
        signature = brought.signatures.get(keyid)
        if signature is not None and verifies(key, signature, document.signed_bytes):
            document.signatures[keyid] = signature
    put_draft(repository, role, document)
    return needs(repository, role, document)


def verifies(key: Key, signature: Any, content: bytes) -> bool:
    """Return whether a signature is by a key over the content."""
    try:
        key.verify_signature(signature, content)
    except UnverifiedSignatureError:
        return False
    return True


def _counting(repository: Repository, role: str, document: Metadata[Any]) -> Iterator[tuple[str, Key]]:
    for _, delegator in _delegators(repository, role, document):
        for keyid in delegator.get_delegated_role(role).keyids:
            yield keyid, delegator.get_key(keyid)


def _delegators(
    repository: Repository, role: str, document: Metadata[Any]
) -> list[tuple[str, Root | Targets]]:
    if role == ROOT:
        published = repository.root()
        own = [("root " + str(document.signed.version), document.signed)]
        return own if published is None else [(f"root {published.signed.version}", published.signed), *own]
    if role == TARGETS:
        root = coming_root(repository)
        return [(f"root {root.version}", root)]
    targets = coming_targets(repository)
    if targets.delegations is None or role not in (targets.delegations.roles or {}):
        return []
    return [(f"targets {targets.version}", targets)]


def _need(by: str, delegator: Root | Targets, role: str, document: Metadata[Any]) -> Need:
    result = delegator.get_verification_result(role, document.signed_bytes, document.signatures)
    return Need(by, result.threshold, _names(result.signed), _names(result.unsigned))


def _names(keys: Mapping[str, Key]) -> tuple[str, ...]:
    return tuple(sorted(name_of(key) for key in keys.values()))


def _as(kind: type[T], document: Metadata[Any]) -> T:
    if not isinstance(document.signed, kind):
        raise RepositoryFailed(_NO_AUTHORITY)
    return document.signed
