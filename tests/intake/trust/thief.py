"""What somebody with stolen keys can write: metadata that a publisher's own programs would refuse to make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from schoolguard.hub.tuf.repository import serialized
from schoolguard.intake.trust.names import SNAPSHOT, TARGETS, TIMESTAMP
from tests.hub.tuf.yard import Yard, secrets


def _write(yard: Yard, name: str, document: Metadata[Any], by: Sequence[str]) -> bytes:
    document.signatures.clear()
    for signer in secrets(*by):
        document.sign(signer, append=True)
    content = serialized(document)
    (yard.served / "metadata" / name).write_bytes(content)
    return content


def unchanged(_signed: object) -> None:
    """Change nothing but the version."""


def forge_role(yard: Yard, role: str, change: Callable[[Targets], None], by: Sequence[str]) -> None:
    """Publish a role's next version as changed, signed by ``by``, with the stolen online keys."""
    document = yard.repository.published(role)
    assert document is not None
    document.signed.version += 1
    change(document.signed)
    version = document.signed.version
    content = _write(yard, f"{version}.{role}.json", document, by)

    def list_it(snapshot: Snapshot) -> None:
        snapshot.meta[f"{role}.json"] = MetaFile.from_data(version, content, ["sha256"])

    forge_snapshot(yard, list_it)


def forge_snapshot(
    yard: Yard,
    change: Callable[[Snapshot], None],
    by: Sequence[str] = ("snapshot", "timestamp"),
    leap: int = 1,
) -> None:
    """Publish a snapshot as changed, and a timestamp for it; both ``leap`` versions further."""
    document = yard.repository.snapshot()
    assert document is not None
    change(document.signed)
    document.signed.version += leap
    version = document.signed.version
    content = _write(yard, f"{version}.{SNAPSHOT}.json", document, by)
    file = MetaFile.from_data(version, content, ["sha256"])
    forge_timestamp(yard, lambda timestamp: setattr(timestamp, "snapshot_meta", file), by, leap)


def forge_timestamp(
    yard: Yard, change: Callable[[Timestamp], None], by: Sequence[str] = ("timestamp",), leap: int = 1
) -> None:
    """Publish a timestamp as changed."""
    document = yard.repository.timestamp()
    assert document is not None
    change(document.signed)
    document.signed.version += leap
    _write(yard, f"{TIMESTAMP}.json", document, by)


def forge_root(yard: Yard, change: Callable[[Root], None], by: Sequence[str]) -> None:
    """Publish the next root as changed."""
    document = yard.repository.root()
    assert document is not None
    change(document.signed)
    document.signed.version += 1
    _write(yard, f"{document.signed.version}.root.json", document, by)


def forge_targets(yard: Yard, change: Callable[[Targets], None], by: Sequence[str]) -> None:
    """Publish the next top-level targets as changed."""
    forge_role(yard, TARGETS, change, by)
