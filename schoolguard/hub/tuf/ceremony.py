"""Carries drafts to a machine without network and brings signatures back, on a stick.

It must not trust the stick: what comes back must be the very draft that was carried out, and only
signatures by keys that count are taken. What is signed is shown in words first, with what changes against
the last version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, Root, Targets

from schoolguard.hub.tuf.drafts import Need, add_signatures, draft, is_complete, waiting
from schoolguard.hub.tuf.keys import name_of
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed, parsed, serialized
from schoolguard.hub.tuf.signing import with_signature
from schoolguard.intake.trust.first import digest_of
from schoolguard.intake.trust.limits import TARGETS_BYTES
from schoolguard.intake.trust.names import ROOT, is_role_name
from schoolguard.language import N_, Said
from schoolguard.lists.archive import write_synced

FOLDER = "schoolguard-signing"
"""The folder on the stick."""

_BEFORE = ".before"

_LARGE = N_("{path}: larger than metadata may be")
_NOTHING = N_("{folder}: holds nothing to sign")
_DOCUMENT = N_("{role}, version {version}")
_EXPIRES = N_("holds until {expires}")
_KEYS = N_("{role}: {threshold} of {count} keys must sign: {names}")
_PATHS = N_("{role} speaks for {paths}")
_DIGEST = N_("digest to compare aloud: {digest}")


def carry_out(repository: Repository, stick: Path) -> list[str]:
    """Write the drafts that lack signatures to the stick, each with its last version; returns the roles.

    What is left there of an earlier time goes: it would be shown, and signed, again.
    """
    folder = stick / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for path in (*folder.glob("*.json"), *folder.glob(f"*{_BEFORE}")):
        path.unlink()
    carried = [role for role in waiting(repository) if not is_complete(repository, role)]
    for role in carried:
        document = draft(repository, role)
        if document is not None:
            write_synced(folder / f"{role}.json", serialized(document))
        before = _published(repository, role)
        if before is not None:
            write_synced(folder / f"{role}{_BEFORE}", before)
    return carried


def on_stick(stick: Path) -> dict[str, bytes]:
    """Return the documents on a stick by role; raises ``RepositoryFailed`` when there is none."""
    folder = stick / FOLDER
    found = {path.stem: _read(path) for path in sorted(folder.glob("*.json")) if is_role_name(path.stem)}
    if not found:
        raise RepositoryFailed(_NOTHING, folder=folder)
    return found


def sign_on_stick(stick: Path, role: str, signer: Signer) -> None:
    """Add a signature to a document on the stick."""
    path = stick / FOLDER / f"{role}.json"
    write_synced(path, with_signature(_read(path), signer))


def bring_back(repository: Repository, stick: Path) -> Mapping[str, list[Need]]:
    """Take the signatures from a stick; returns what each role needs now. Raises ``RepositoryFailed``."""
    with repository.locked():
        return {role: add_signatures(repository, role, content) for role, content in on_stick(stick).items()}


def told(stick: Path, role: str) -> list[tuple[str, Said]]:
    """Return a document on the stick in sentences, each with a mark: ``+`` new, ``-`` no longer, a space:
    as before."""
    document = _parsed(_read(stick / FOLDER / f"{role}.json"), role)
    path = stick / FOLDER / f"{role}{_BEFORE}"
    before = list(sentences(role, _parsed(_read(path), role))) if path.is_file() else []
    now = list(sentences(role, document))
    known, present = {str(said) for said in before}, {str(said) for said in now}
    lines = [(" " if str(said) in known else "+", said) for said in now]
    lines += [("-", said) for said in before if str(said) not in present]
    return [*lines, (" ", Said(_DIGEST, digest=digest_of(document.signed_bytes)))]


def sentences(role: str, document: Metadata[Any]) -> Iterator[Said]:
    """Yield what root or targets metadata says, in sentences."""
    signed = document.signed
    yield Said(_DOCUMENT, role=role, version=signed.version)
    yield Said(_EXPIRES, expires=signed.expires.isoformat())
    if isinstance(signed, Root):
        for name, which in sorted(signed.roles.items()):
            yield _keys(name, which, signed.keys)
    elif signed.delegations is not None:
        for name, which in (signed.delegations.roles or {}).items():
            yield _keys(name, which, signed.delegations.keys)
            yield Said(_PATHS, role=name, paths=", ".join(which.paths or []))


def _keys(role: str, which: Any, keys: Mapping[str, Any]) -> Said:
    names = ", ".join(sorted(f"{name_of(keys[keyid])} ({keyid[:8]})" for keyid in which.keyids))
    return Said(_KEYS, role=role, threshold=which.threshold, count=len(which.keyids), names=names)


def _published(repository: Repository, role: str) -> bytes | None:
    if role != ROOT:
        return repository.published_bytes(role)
    versions = repository.roots()
    return repository.root_bytes(versions[-1]) if versions else None


def _parsed(content: bytes, role: str) -> Metadata[Any]:
    return parsed(content, Root, role) if role == ROOT else parsed(content, Targets, role)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(TARGETS_BYTES + 1)
    if len(content) > TARGETS_BYTES:
        raise RepositoryFailed(_LARGE, path=path)
    return content
