"""Which keys may push for a partner: those that the delegation in force has for its role."""

from __future__ import annotations

from schoolguard.hub.tuf.repository import Repository
from schoolguard.intake.trust.names import TARGETS, partner_role


class PublishedKeys:
    """The keys of one repository; read anew when the top-level targets change."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._timestamp: bytes | None = None
        self._keys: dict[tuple[str, str], bytes] = {}

    def __call__(self, partner: str, keyid: str) -> bytes | None:
        """Return the 32 bytes of a partner's Ed25519 key, None for a partner or key that is not known."""
        timestamp = self._repository.timestamp_bytes()
        if timestamp != self._timestamp:
            self._keys, self._timestamp = self._read(), timestamp
        return self._keys.get((partner_role(partner), keyid))

    def _read(self) -> dict[tuple[str, str], bytes]:
        top = self._repository.published(TARGETS)
        found = top.signed.delegations if top is not None else None
        if found is None:
            return {}
        return {
            (name, keyid): bytes.fromhex(found.keys[keyid].keyval["public"])
            for name, role in (found.roles or {}).items()
            for keyid in role.keyids
        }
