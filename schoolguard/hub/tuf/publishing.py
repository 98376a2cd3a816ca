"""Publishes: makes complete drafts part of the repository with a new snapshot and timestamp.

It must not show a gateway half of anything. Files and metadata have names of their own and are written
first; the timestamp that leads to them comes last, by one rename. A kill at any step leaves the old state
or the new one; the next publishing takes up what was left. A new root is put where the states on both sides
of it hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Timestamp

from schoolguard.hub.tuf.drafts import draft, drop_draft, is_complete, waiting
from schoolguard.hub.tuf.lifetimes import LIFETIMES, renew_at
from schoolguard.hub.tuf.proving import State, holds, prove
from schoolguard.hub.tuf.repository import Repository, RepositoryFailed, parsed, serialized
from schoolguard.intake.trust.contents import targets_of
from schoolguard.intake.trust.errors import Fault, Untrusted
from schoolguard.intake.trust.moments import moment
from schoolguard.intake.trust.names import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, served_metadata
from schoolguard.language import N_
from schoolguard.lists.archive import write_synced

_NO_ROOT = N_("there is no root with enough signatures; see: schoolguard hub sign")
_NO_TARGETS = N_("the targets have not enough signatures; see: schoolguard hub sign")
_BEHIND = N_("gateways would refuse {roles}; have them signed anew, or publish without them")


@dataclass(frozen=True, slots=True)
class Published:
    """What a publishing did: new versions by role, roles that wait and why, roles that gateways refuse.

    ``timestamp`` is the version in force. ``gap``: the old online keys were not there to sign the change of
    root, so a gateway that asked in just this moment keeps its last state until it asks again.
    """

    versions: Mapping[str, int]
    timestamp: int
    waits: Mapping[str, str]
    behind: tuple[Untrusted, ...]
    gap: bool


def publish(
    repository: Repository,
    signers: Sequence[Signer],
    now: float,
    *,
    leave_behind: bool = False,
    renew: bool = False,
) -> Published:
    """Publish what is complete; sign snapshot and timestamp anew when something changed or their time has
    come.

    ``signers`` are the publisher's, old keys too while a root changes them. ``leave_behind`` publishes
    although gateways will keep the last good state of some partners, as after a stolen key. ``renew`` signs
    in any case. Raises ``RepositoryFailed``, and ``Untrusted`` when no gateway would take the result: then
    nothing changed.
    """
    with repository.locked():
        roots = _roots(repository)
        ready, waits = _ready(repository)
        before = _state(repository)
        state = _next_state(
            repository, parsed(roots[-1], Root, ROOT).signed, before, ready, signers, now, renew
        )
        behind = prove(roots[-1], state, now)
        caused = [fault.role for fault in behind if _is_caused(fault, ready)]
        if caused and not leave_behind:
            raise RepositoryFailed(_BEHIND, roles=", ".join(sorted(caused)))
        gap = _write(repository, roots, before, state, now)
        for path in repository.drafts.glob("*.json"):
            if draft(repository, path.stem) is None:
                drop_draft(repository, path.stem)
        return Published(_versions(ready, roots), _version(state[TIMESTAMP]), waits, behind, gap)


def _is_caused(fault: Untrusted, ready: Mapping[str, bytes]) -> bool:
    """Return whether this publishing is to blame; a partner that let its role expire must not stop the
    others."""
    return fault.role in ready or (TARGETS in ready and fault.fault is not Fault.EXPIRED)


def _roots(repository: Repository) -> list[bytes]:
    """Return the root that gateways have now, if any, and the one that comes, if any."""
    versions = repository.roots()
    roots = [repository.root_bytes(versions[-1])] if versions else []
    waits = draft(repository, ROOT)
    if waits is not None and is_complete(repository, ROOT) and waits.signed.version not in versions:
        roots.append(serialized(waits))
    if not roots:
        raise RepositoryFailed(_NO_ROOT)
    return roots


def _ready(repository: Repository) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the drafts to publish, and why others wait: ``signatures`` or ``files``."""
    ready: dict[str, bytes] = {}
    waits: dict[str, str] = {}
    for role in waiting(repository):
        document = draft(repository, role)
        if document is None or role == ROOT:
            if document is not None and not is_complete(repository, ROOT):
                waits[role] = "signatures"
            continue
        if not is_complete(repository, role):
            waits[role] = "signatures"
        elif not all(repository.has_target(target) for target in targets_of(role, document.signed).values()):
            waits[role] = "files"
        else:
            ready[role] = serialized(document)
    return ready, waits


def _state(repository: Repository) -> State | None:
    """Return what is published now."""
    timestamp, snapshot = repository.timestamp_bytes(), repository.snapshot()
    if timestamp is None or snapshot is None:
        return None
    state = {TIMESTAMP: timestamp, SNAPSHOT: repository.snapshot_bytes() or b""}
    for file in snapshot.signed.meta:
        role = file.removesuffix(".json")
        content = repository.published_bytes(role)
        if content is not None:
            state[role] = content
    return state


def _next_state(
    repository: Repository,
    root: Root,
    before: State | None,
    ready: Mapping[str, bytes],
    signers: Sequence[Signer],
    now: float,
    renew: bool,
) -> State:
    state = {**(before or {}), **ready}
    if TARGETS not in state:
        raise RepositoryFailed(_NO_TARGETS)
    published = repository.root()
    counting = [root, *([published.signed] if published is not None else [])]
    state[SNAPSHOT] = _snapshot(state, ready, counting, signers, now, renew)
    state[TIMESTAMP] = _timestamp(state, counting, signers, now, renew)
    return state


def _snapshot(
    state: State,
    ready: Mapping[str, bytes],
    roots: list[Root],
    signers: Sequence[Signer],
    now: float,
    renew: bool,
) -> bytes:
    old = parsed(state[SNAPSHOT], Snapshot, SNAPSHOT) if SNAPSHOT in state else None
    if old is not None and not ready and not renew and _stands(old, SNAPSHOT, roots[0], now):
        return state[SNAPSHOT]
    signed = old.signed if old is not None else Snapshot(meta={})
    for role, content in ready.items():
        signed.meta[f"{role}.json"] = MetaFile.from_data(_version(content), content, ["sha256"])
    return _signed(signed, _after(old), SNAPSHOT, roots, signers, now)


def _timestamp(state: State, roots: list[Root], signers: Sequence[Signer], now: float, renew: bool) -> bytes:
    old = parsed(state[TIMESTAMP], Timestamp, TIMESTAMP) if TIMESTAMP in state else None
    file = MetaFile.from_data(_version(state[SNAPSHOT]), state[SNAPSHOT], ["sha256"])
    same = old is not None and old.signed.snapshot_meta == file
    if old is not None and same and not renew and _stands(old, TIMESTAMP, roots[0], now):
        return state[TIMESTAMP]
    signed = old.signed if old is not None else Timestamp()
    signed.snapshot_meta = file
    return _signed(signed, _after(old), TIMESTAMP, roots, signers, now)


def _stands(document: Metadata[Any], role: str, root: Root, now: float) -> bool:
    by_root = root.get_verification_result(role, document.signed_bytes, document.signatures)
    return bool(by_root) and now < renew_at(role, document.signed.expires.timestamp())


def _after(document: Metadata[Any] | None) -> int:
    return int(document.signed.version) + 1 if document is not None else 1


def _signed(
    signed: Any, version: int, role: str, roots: list[Root], signers: Sequence[Signer], now: float
) -> bytes:
    """Return a version, signed by every key at hand that counts before or after a change of root."""
    signed.version = version
    signed.expires = moment(now) + timedelta(seconds=LIFETIMES[role])
    document = Metadata(signed)
    keyids = {keyid for root in roots for keyid in root.roles[role].keyids}
    for signer in signers:
        if signer.public_key.keyid in keyids:
            document.sign(signer, append=True)
    return serialized(document)


def _write(
    repository: Repository, roots: list[bytes], before: State | None, state: State, now: float
) -> bool:
    """Write the state and the new root in an order in which every step holds; returns whether none did."""
    for role, content in state.items():
        if role != TIMESTAMP and (before is None or before.get(role) != content):
            _put(repository, served_metadata(role, _version(content)), content)
    new = roots[-1] if len(roots) > 1 or not repository.roots() else None
    if new is None or (len(roots) > 1 and holds(roots[0], state, now)):
        _put(repository, served_metadata(TIMESTAMP, None), state[TIMESTAMP])
        if new is not None:
            _put(repository, served_metadata(ROOT, _version(new)), new)
        return False
    _put(repository, served_metadata(ROOT, _version(new)), new)
    _put(repository, served_metadata(TIMESTAMP, None), state[TIMESTAMP])
    return before is not None and not holds(new, before, now)


def _put(repository: Repository, name: str, content: bytes) -> None:
    path = repository.served / name
    if not path.is_file() or path.read_bytes() != content:
        write_synced(path, content)


def _versions(ready: Mapping[str, bytes], roots: list[bytes]) -> dict[str, int]:
    found = {role: _version(content) for role, content in ready.items()}
    return found | ({ROOT: _version(roots[-1])} if len(roots) > 1 else {})


def _version(content: bytes) -> int:
    document: Metadata[Any] = Metadata.from_bytes(content)
    return int(document.signed.version)
