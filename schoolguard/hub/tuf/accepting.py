"""Judges a partner's newly signed metadata before anything of it is published.

It must not look into the files that the metadata lists (guardrails do), or stop at the first fault: a
receipt says every reason, each with a word that the partner's program can act on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tuf.api.metadata import DelegatedRole, Metadata, Targets
from tuf.api.serialization import DeserializationError

from schoolguard.hub.tuf.drafts import coming_targets, draft, put_draft
from schoolguard.hub.tuf.lifetimes import PARTNER_LONGEST, PARTNER_SHORTEST
from schoolguard.hub.tuf.repository import Repository
from schoolguard.intake.trust.contents import Target, faults_of, targets_of
from schoolguard.intake.trust.limits import TARGETS_BYTES
from schoolguard.language import N_, Said, Translate

MAX_LEAP = 1000
"""How far a version may jump: a thief must not be able to use up all the versions that there are."""
MAX_ROLE_BYTES = 2 << 30
"""Length of all files of one partner together."""

_LARGE = N_("the metadata has {length} bytes; at most {limit} may be")
_UNREADABLE = N_("the metadata cannot be read: {why}")
_UNKNOWN = N_("{role} is not delegated here")
_SIGNATURES = N_("{signed} of {threshold} signatures needed are right; missing are keys {missing}")
_OLD = N_("version {version} is not newer than {known}")
_LEAP = N_("version {version} is more than {leap} after {known}")
_EXPIRED = N_("it expires at {expires}, which is over or too near")
_TOO_LATE = N_("it expires at {expires}; the furthest that is taken is {limit}")
_TOTAL = N_("all files together have {length} bytes; at most {limit} may be")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is refused: a word for programs, a sentence for people."""

    code: str
    said: Said

    def as_dict(self, translate: Translate = str) -> dict[str, Any]:
        """Return the reason as a receipt has it: code, message, and the values as the message has them."""
        values = {
            name: value if isinstance(value, int) else str(value) for name, value in self.said.values.items()
        }
        return {"code": self.code, "message": self.said.say(translate), "values": values}


class PushRefused(Exception):
    """A partner's metadata is not published; ``reasons`` says everything that is wrong with it."""

    def __init__(self, role: str, reasons: tuple[Reason, ...]) -> None:
        super().__init__(f"{role}: " + "; ".join(f"{reason.code}: {reason.said}" for reason in reasons))
        self.role = role
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Accepted:
    """A partner's metadata that will be published once the ``missing`` files are here."""

    role: str
    version: int
    expires: float
    targets: tuple[Target, ...]
    missing: tuple[Target, ...]


def accept_partner_metadata(repository: Repository, role: str, content: bytes, now: float) -> Accepted:
    """Keep a delegated role's new metadata for the next publishing; raises ``PushRefused``,
    ``RepositoryFailed``.

    Judged by the delegation that is in force at that publishing. The same bytes may come again.
    """
    with repository.locked():
        accepted, document = judge_partner_metadata(repository, role, content, now)
        put_draft(repository, role, document)
    return accepted


def judge_partner_metadata(
    repository: Repository, role: str, content: bytes, now: float
) -> tuple[Accepted, Metadata[Targets]]:
    """Judge a delegated role's new metadata without keeping it; raises ``PushRefused``."""
    if len(content) > TARGETS_BYTES:
        reason = Reason("too-large", Said(_LARGE, length=len(content), limit=TARGETS_BYTES))
        raise PushRefused(role, (reason,))
    delegation = _delegation(repository, role)
    document = _parsed(role, content)
    reasons = tuple(_reasons(repository, delegation, document, now))
    if reasons:
        raise PushRefused(role, reasons)
    targets = tuple(targets_of(role, document.signed).values())
    missing = tuple(target for target in targets if not repository.has_target(target))
    expires = document.signed.expires.timestamp()
    return Accepted(role, document.signed.version, expires, targets, missing), document


def _delegation(repository: Repository, role: str) -> DelegatedRole:
    delegations = coming_targets(repository).delegations
    found = (delegations.roles or {}).get(role) if delegations is not None else None
    if found is None:
        raise PushRefused(role, (Reason("unknown-role", Said(_UNKNOWN, role=role)),))
    return found


def _parsed(role: str, content: bytes) -> Metadata[Targets]:
    try:
        document = Metadata[Targets].from_bytes(content)
    except DeserializationError as error:
        said = Said(_UNREADABLE, why=str(error.__cause__ or error)[:200])
        raise PushRefused(role, (Reason("unreadable", said),)) from error
    if not isinstance(document.signed, Targets):
        said = Said(_UNREADABLE, why=f"targets expected, {document.signed.type} found")
        raise PushRefused(role, (Reason("unreadable", said),))
    return document


def _reasons(
    repository: Repository, delegation: DelegatedRole, document: Metadata[Targets], now: float
) -> Iterator[Reason]:
    yield from _signatures(repository, delegation, document)
    yield from _version(repository, delegation.name, document)
    yield from _expiry(document.signed, now)
    for fault in faults_of(delegation, document.signed):
        yield Reason(fault.fault.value, fault)
    total = sum(file.length for file in document.signed.targets.values())
    if total > MAX_ROLE_BYTES:
        yield Reason("too-large", Said(_TOTAL, length=total, limit=MAX_ROLE_BYTES))


def _signatures(
    repository: Repository, delegation: DelegatedRole, document: Metadata[Targets]
) -> Iterator[Reason]:
    result = coming_targets(repository).get_verification_result(
        delegation.name, document.signed_bytes, document.signatures
    )
    if not result:
        missing = ", ".join(sorted(keyid[:16] for keyid in result.unsigned))
        said = Said(_SIGNATURES, signed=len(result.signed), threshold=result.threshold, missing=missing)
        yield Reason("threshold-not-met", said)


def _version(repository: Repository, role: str, document: Metadata[Targets]) -> Iterator[Reason]:
    version, published = document.signed.version, repository.published(role)
    if published is not None and published.signed_bytes == document.signed_bytes:
        return  # the same once more: the receipt was lost on the way
    known = published.signed.version if published is not None else 0
    waits = draft(repository, role)
    if waits is not None and waits.signed_bytes != document.signed_bytes:
        known = max(known, waits.signed.version)
    if version <= known:
        yield Reason("version-not-newer", Said(_OLD, version=version, known=known))
    elif version > known + MAX_LEAP:
        yield Reason("version-leap", Said(_LEAP, version=version, known=known, leap=MAX_LEAP))


def _expiry(signed: Targets, now: float) -> Iterator[Reason]:
    expires = signed.expires.timestamp()
    if expires < now + PARTNER_SHORTEST:
        yield Reason("expired", Said(_EXPIRED, expires=signed.expires.isoformat()))
    elif expires > now + PARTNER_LONGEST:
        limit = int(now + PARTNER_LONGEST)
        yield Reason("expires-too-late", Said(_TOO_LATE, expires=signed.expires.isoformat(), limit=limit))
