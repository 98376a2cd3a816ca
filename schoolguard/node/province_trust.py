"""What this gateway believes of its publisher, in a folder that belongs to the fingerprint that was typed.

Another fingerprint is another publisher, which begins anew; it must not inherit what the former one said.
"""

from __future__ import annotations

from pathlib import Path

from tuf.api.metadata import Metadata

from schoolguard.intake.trust.errors import StoreFailed
from schoolguard.intake.trust.export import export
from schoolguard.intake.trust.first import first_root, read_fingerprint
from schoolguard.intake.trust.source import Source
from schoolguard.intake.trust.store import Store
from schoolguard.language import N_

_NOTHING = N_("{folder}: nothing was fetched yet")


class ProvinceTrust:
    """The folder of the root whose fingerprint is ``typed``; raises ``BadFingerprint``."""

    def __init__(self, folder: Path, typed: str) -> None:
        self._typed = typed
        version, digits = read_fingerprint(typed)
        self.store = Store(folder / f"{version}-{digits}")

    async def pin(self, source: Source, now: float) -> None:
        """Take the first root, if there is none yet; raises what ``first_root`` and ``Store.pin`` raise."""
        if self.store.pinned() is None:
            self.store.pin(await first_root(source, self._typed, now))

    def versions(self) -> dict[str, int]:
        """Return the versions of the metadata believed last, by role."""
        state = self.store.saved().state
        return {role: int(Metadata.from_bytes(content).signed.version) for role, content in state.items()}

    def expires(self) -> dict[str, float]:
        """Return until when the metadata believed last hold, by role, in Unix seconds."""
        state = self.store.saved().state
        return {
            role: float(Metadata.from_bytes(content).signed.expires.timestamp())
            for role, content in state.items()
        }

    def export(self, folder: Path) -> int:
        """Write what is believed, and the files fetched, as a repository; return how many files."""
        root = self.store.pinned()
        if root is None:
            raise StoreFailed(_NOTHING, folder=self.store.folder)
        return export(self.store, root, folder)
