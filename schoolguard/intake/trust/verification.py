"""One pass of the client workflow of The Update Framework: bytes in, what may be believed out; no input or
output.

It must not weaken a check. The checks are python-tuf's, whose ``TrustedMetadataSet`` is used directly
rather than through its ``Updater``: the time is an argument here (a box without a clock battery knows a
floor for it), the state is committed as a whole, roles are listed, one partner's fault leaves the others in
force, and a folder is as good as a server. The class is internal to python-tuf, so this is the only module
that imports it, and the project's lock file pins what it was tested with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from tuf.api.exceptions import (
    BadVersionNumberError,
    EqualVersionNumberError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import DelegatedRole, MetaFile, Root, Signed, Targets
from tuf.api.serialization import DeserializationError
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

from schoolguard.intake.trust.contents import faults_of
from schoolguard.intake.trust.errors import Fault, Untrusted
from schoolguard.intake.trust.limits import MAX_ROLES, STICK_AGE
from schoolguard.intake.trust.moments import moment
from schoolguard.intake.trust.names import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, TOP_LEVEL, is_role_name
from schoolguard.language import N_

_FAULTS: tuple[tuple[type[RepositoryError], Fault], ...] = (
    (DeserializationError, Fault.UNREADABLE),
    (UnsignedMetadataError, Fault.SIGNATURES),
    (ExpiredMetadataError, Fault.EXPIRED),
    (LengthOrHashMismatchError, Fault.MIXED),
    (BadVersionNumberError, Fault.OLDER),
    (RepositoryError, Fault.REFUSED),
)
_REFUSED = N_("{role} is not believed ({fault}): {why}")
_EXPIRED = N_("{role} expired at {expires}")
_UNKNOWN = N_("{role} is no role of a schoolguard repository")
_TOO_MANY = N_("{role} delegates to {count} roles; at most {limit} may be")


class Verification:
    """What has been believed so far, in the order root, timestamp, snapshot, targets, delegated roles.

    ``now`` is in Unix seconds. Of a carried copy the timestamp and the snapshot may be ``STICK_AGE``
    seconds over their expiry; everything else is judged as of ``now``. All methods raise ``Untrusted``.
    """

    def __init__(self, root: bytes, now: float, *, carried: bool) -> None:
        with _judging(ROOT):
            self._set = TrustedMetadataSet(root, EnvelopeType.METADATA)
        self._now = moment(now)
        self._set.reference_time = moment(now - STICK_AGE) if carried else self._now

    @property
    def root(self) -> Root:
        """The newest root so far."""
        return self._set.root

    @property
    def targets(self) -> Targets:
        """The top-level targets, which delegate."""
        return self._set.targets

    @property
    def snapshot_file(self) -> MetaFile:
        """Version, length and digests of the snapshot that the timestamp names."""
        return self._set.timestamp.snapshot_meta

    def file_of(self, role: str) -> MetaFile | None:
        """Return version, length and digests of a role's metadata in this snapshot, if it has any yet.

        A role's name becomes part of an address, so this is where a strange one is refused.
        """
        if not is_role_name(role):
            raise Untrusted(Fault.BAD_NAME, TARGETS, _UNKNOWN, role=repr(role))
        return self._set.snapshot.meta.get(f"{role}.json")

    def add_root(self, content: bytes) -> None:
        """Take the next root: signed by a threshold of the last one's keys and of its own."""
        with _judging(ROOT):
            self._set.update_root(content)

    def add_timestamp(self, content: bytes) -> bool:
        """Take a timestamp; returns whether it is newer than the one before."""
        self._check_not_expired(ROOT, self.root, self._now)
        with _judging(TIMESTAMP):
            try:
                self._set.update_timestamp(content)
            except EqualVersionNumberError:
                return False
        return True

    def check_timestamp(self) -> None:
        """Refuse to go on with a timestamp that expired; until here it guards against older ones."""
        self._check_not_expired(TIMESTAMP, self._set.timestamp, self._set.reference_time)

    def add_snapshot(self, content: bytes, *, saved: bool = False) -> None:
        """Take a snapshot; a ``saved`` one was believed before and guards against older versions."""
        with _judging(SNAPSHOT):
            self._set.update_snapshot(content, trusted=saved)

    def add_targets(self, content: bytes) -> None:
        """Take the top-level targets, which are judged as of now, as the root is."""
        with _judging(TARGETS, wrong_version=Fault.MIXED):
            self._set.update_targets(content)
        self._check_not_expired(TARGETS, self.targets, self._now)
        if len(self.delegated()) > MAX_ROLES:
            count = len(self.delegated())
            raise Untrusted(Fault.TOO_LARGE, TARGETS, _TOO_MANY, role=TARGETS, count=count, limit=MAX_ROLES)

    def add_delegated(self, delegation: DelegatedRole, content: bytes) -> Targets:
        """Take a delegated role's metadata: signatures, version, expiry, and that it keeps to its paths."""
        role = delegation.name
        with _judging(role, wrong_version=Fault.MIXED):
            signed = self._set.update_delegated_targets(content, role, TARGETS)
        self._check_not_expired(role, signed, self._now)
        for fault in faults_of(delegation, signed):
            raise fault
        return signed

    def delegated(self) -> dict[str, DelegatedRole]:
        """Return the roles that the top-level targets delegate to, in their order."""
        delegations = self.targets.delegations
        return dict(delegations.roles or {}) if delegations is not None else {}

    def expires(self) -> dict[str, float]:
        """Return until when what was believed holds, in Unix seconds by role."""
        roles = {role: self._set.get(role) for role in (*TOP_LEVEL, *self.delegated())}
        return {role: signed.expires.timestamp() for role, signed in roles.items() if signed is not None}

    def _check_not_expired(self, role: str, signed: Signed, at: datetime) -> None:
        if signed.is_expired(at):
            expires = signed.expires.isoformat()
            raise Untrusted(Fault.EXPIRED, role, _EXPIRED, role=role, expires=expires)


@contextmanager
def _judging(role: str, *, wrong_version: Fault = Fault.OLDER) -> Iterator[None]:
    try:
        yield
    except EqualVersionNumberError:
        raise
    except RepositoryError as error:
        fault = next(fault for kind, fault in _FAULTS if isinstance(error, kind))
        fault = wrong_version if fault is Fault.OLDER else fault
        raise Untrusted(fault, role, _REFUSED, role=role, fault=fault.value, why=str(error)) from error
