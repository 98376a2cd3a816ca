"""A publisher with its keys, for tests: founded, with partners, and every signature at hand.

Keys are made in memory and once for all tests; how they are kept in files has tests of its own.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from schoolguard.hub.tuf.accepting import Accepted, accept_partner_metadata
from schoolguard.hub.tuf.delegations import add_partner
from schoolguard.hub.tuf.drafts import add_signatures, draft, waiting
from schoolguard.hub.tuf.founding import Signers, found
from schoolguard.hub.tuf.keys import PublicKey, named
from schoolguard.hub.tuf.lifetimes import PARTNER
from schoolguard.hub.tuf.placing import place_target
from schoolguard.hub.tuf.publishing import Published, publish
from schoolguard.hub.tuf.repository import Repository, serialized
from schoolguard.hub.tuf.signing import File, signed_targets, with_signature
from schoolguard.intake.trust.names import COMPILED, ROOT, SNAPSHOT, TARGETS, TIMESTAMP, partner_role

NOW = 1_790_000_000.0
"""Unix seconds of a September morning in 2026, at which most tests begin."""
DAY = 86400.0


@dataclass(frozen=True)
class Pair:
    """A key pair in memory."""

    public: PublicKey
    signer: CryptoSigner


@functools.cache
def pair(name: str) -> Pair:
    """Return the key pair of a name, the same one every time."""
    secret = Ed25519PrivateKey.generate()
    return Pair(PublicKey(name, named(secret.public_key(), name)), CryptoSigner(secret))


def signers(*names: str, threshold: int = 1) -> Signers:
    return Signers([pair(name).public for name in names], threshold)


def secrets(*names: str) -> list[CryptoSigner]:
    return [pair(name).signer for name in names]


FOUNDERS: Mapping[str, Signers] = {
    ROOT: signers("root-1", "root-2", "root-3", threshold=2),
    TARGETS: signers("targets-1", "targets-2", threshold=2),
    SNAPSHOT: signers("snapshot"),
    TIMESTAMP: signers("timestamp"),
    COMPILED: signers("compiled"),
}
ONLINE = ("snapshot", "timestamp", "compiled")


@dataclass
class Yard:
    """A repository and who can sign what in it."""

    folder: Path
    online: list[str] = field(default_factory=lambda: list(ONLINE))
    offline: list[str] = field(default_factory=lambda: ["root-1", "root-2", "targets-1", "targets-2"])

    @property
    def repository(self) -> Repository:
        return Repository(self.folder)

    @property
    def served(self) -> Path:
        return self.repository.served

    def root(self, version: int = 1) -> bytes:
        return self.repository.root_bytes(version)

    def sign(self, *names: str) -> None:
        """Sign all drafts of the offline roles with the named keys, all offline ones by default."""
        for role in waiting(self.repository):
            document = draft(self.repository, role)
            assert document is not None
            if role in {ROOT, TARGETS}:
                content = serialized(document)
                for name in names or self.offline:
                    content = with_signature(content, pair(name).signer)
                add_signatures(self.repository, role, content)

    def publish(self, now: float = NOW, *, leave_behind: bool = False, renew: bool = False) -> Published:
        return publish(self.repository, secrets(*self.online), now, leave_behind=leave_behind, renew=renew)

    def partner(self, partner: str, *names: str, threshold: int = 1, now: float = NOW) -> str:
        """Take a partner in and publish the delegation."""
        role = add_partner(self.repository, partner, signers(*names, threshold=threshold), now)
        self.sign()
        self.publish(now)
        return role

    def role_bytes(
        self,
        partner: str,
        files: Mapping[str, bytes],
        by: Sequence[str],
        now: float = NOW,
        *,
        keep: Iterable[str] = (),
        lifetime: float = PARTNER,
    ) -> bytes:
        """Return a partner's next metadata with ``files`` by whole target name."""
        previous = self.repository.published_bytes(partner_role(partner))
        places = {name: File(self.write(content)) for name, content in files.items()}
        return signed_targets(previous, places, secrets(*by), now, lifetime, keep=keep)

    def write(self, content: bytes) -> Path:
        """Return the path of a file with the content, outside the repository."""
        path = self.folder / "outside" / hashlib.sha256(content).hexdigest()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def push(
        self,
        partner: str,
        files: Mapping[str, bytes],
        by: Sequence[str],
        now: float = NOW,
        *,
        keep: Iterable[str] = (),
    ) -> Accepted:
        """Bring in a partner's files, as a push does, without publishing."""
        metadata = self.role_bytes(partner, files, by, now, keep=keep)
        accepted = accept_partner_metadata(self.repository, partner_role(partner), metadata, now)
        for target in accepted.missing:
            place_target(self.repository, target, self.write(files[target.path]))
        return accepted


def founded(folder: Path, now: float = NOW) -> Yard:
    """Return a repository that is founded and published, without partners."""
    yard = Yard(folder)
    found(yard.repository, FOUNDERS, now)
    yard.sign()
    yard.publish(now)
    return yard
