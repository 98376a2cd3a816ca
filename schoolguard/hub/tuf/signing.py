"""Signs metadata: of a partner, of the compiled layers, or a document on a stick on a machine without
network.

It must not decide whether a signature counts; the repository does when it is brought back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, TargetFile, Targets

from schoolguard.hub.tuf.repository import parsed, serialized
from schoolguard.intake.trust.moments import moment


@dataclass(frozen=True, slots=True)
class File:
    """A file to publish: where it stands here, and what the role says of it besides length and digest."""

    path: Path
    custom: Mapping[str, Any] = field(default_factory=dict)


def signed_targets(
    previous: bytes | None,
    files: Mapping[str, File],
    signers: Sequence[Signer],
    now: float,
    lifetime: float,
    *,
    keep: Iterable[str] = (),
) -> bytes:
    """Return a role's next metadata, signed: ``files`` by target name, and ``keep`` of the names it had
    before.

    ``previous`` is the role's metadata so far. More signers add theirs with ``with_signature``.
    Raises ``OSError``, ``RepositoryFailed``; ``KeyError`` for a name to keep that was not there.
    """
    before = parsed(previous, Targets, "previous").signed if previous is not None else None
    kept = {name: before.targets[name] for name in keep} if before is not None else {}
    signed = Targets(
        version=before.version + 1 if before is not None else 1,
        expires=moment(now) + timedelta(seconds=lifetime),
        targets={**kept, **{name: target_file(name, file) for name, file in files.items()}},
    )
    document = Metadata(signed)
    for signer in signers:
        document.sign(signer, append=True)
    return serialized(document)


def target_file(name: str, file: File) -> TargetFile:
    """Return a file's length and SHA-256 as metadata has them."""
    described = TargetFile.from_file(name, str(file.path), ["sha256"])
    if file.custom:
        described.unrecognized_fields["custom"] = dict(file.custom)
    return described


def with_signature(content: bytes, signer: Signer) -> bytes:
    """Return metadata with one more signature; another by the same key is replaced."""
    document: Metadata[Any] = Metadata.from_bytes(content)
    document.sign(signer, append=True)
    return serialized(document)
