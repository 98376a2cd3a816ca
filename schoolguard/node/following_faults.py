"""The faults of following a publisher, each with the word that logs, status and metrics have."""

from __future__ import annotations

from schoolguard.intake.orders.journal import CannotKeep
from schoolguard.intake.trust.errors import Absent, SourceFailed, StoreFailed, Untrusted
from schoolguard.intake.trust.first import BadFingerprint
from schoolguard.language import Said
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.node.compiling import CompileFailed
from schoolguard.node.province_chain import ChainUnusable
from schoolguard.node.province_unpacking import LayerRefused

NOT_TAKEN = (Said, SnapshotBroken, BadFingerprint, OSError)
"""What following may meet; anything else is a fault of the program."""

_WORDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (Absent, "absent"),
    (SourceFailed, "unreachable"),
    ((StoreFailed, CannotKeep, OSError), "disk"),
    (SnapshotBroken, "damaged"),
    (CompileFailed, "not-joined"),
    (BadFingerprint, "bad-fingerprint"),
)


def word_of(error: Exception) -> str:
    """Return the word of one of ``NOT_TAKEN``; what the gateway itself refused is ``not-applied``."""
    if isinstance(error, Untrusted):
        return error.fault.value
    if isinstance(error, ChainUnusable | LayerRefused):
        return error.word
    return next((word for kind, word in _WORDS if isinstance(error, kind)), "not-applied")
