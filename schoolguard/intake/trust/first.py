"""The first root: by the file in the configuration, or by a fingerprint that the installer types.

It must not take the first root that a server offers: who owns the line at installation would own the gateway.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError

from schoolguard.intake.trust.errors import Fault, Untrusted
from schoolguard.intake.trust.limits import ROOT_BYTES
from schoolguard.intake.trust.names import ROOT, served_metadata
from schoolguard.intake.trust.source import Source, read
from schoolguard.intake.trust.verification import Verification
from schoolguard.language import N_

_DIGITS = 32
"""Hexadecimal digits shown: 128 bits, beyond any search for a second root with the same ones."""

_TYPED = re.compile(r"([1-9][0-9]{0,8}):([0-9a-f]{32})\Z")
_GAPS = re.compile(r"[\s-]+")
_SHAPE = N_("{typed!r} is no fingerprint; one looks like 1:0a1b-2c3d-4e5f-6071-8293-a4b5-c6d7-e8f9")
_OTHER = N_(
    "the root that was offered has the fingerprint {found}, not the one typed; ask the publisher by telephone"
)
_BAD = N_("what was offered is no root")


class BadFingerprint(ValueError):
    """What was typed has not the shape of a fingerprint."""


def digest_of(signed: bytes) -> str:
    """Return the digest of a document's signed part as people compare it: eight groups of four."""
    digits = hashlib.sha256(signed).hexdigest()[:_DIGITS]
    return "-".join(digits[at : at + 4] for at in range(0, _DIGITS, 4))


def fingerprint(root: bytes) -> str:
    """Return a root's fingerprint: its version and the digest of what was signed, whoever has signed so far.

    Raises ``Untrusted`` when the bytes are no root.
    """
    try:
        document = Metadata[Root].from_bytes(root)
    except DeserializationError as error:
        raise Untrusted(Fault.UNREADABLE, ROOT, _BAD) from error
    if not isinstance(document.signed, Root):
        raise Untrusted(Fault.UNREADABLE, ROOT, _BAD)
    return f"{document.signed.version}:{digest_of(document.signed_bytes)}"


def read_fingerprint(typed: str) -> tuple[int, str]:
    """Return version and digits of a typed fingerprint; spaces, hyphens and case do not matter.

    Raises ``BadFingerprint``.
    """
    match = _TYPED.match(_GAPS.sub("", typed).lower())
    if match is None:
        raise BadFingerprint(_SHAPE.format(typed=typed))
    return int(match[1]), match[2]


async def first_root(source: Source, typed: str, now: float) -> bytes:
    """Fetch the root whose fingerprint was typed; for ``Store.pin``.

    Raises ``BadFingerprint``, ``SourceFailed``, and ``Untrusted`` when another one is offered.
    """
    version, digits = read_fingerprint(typed)
    content = await read(source, served_metadata(ROOT, version), ROOT_BYTES)
    found = fingerprint(content)
    if not hmac.compare_digest(_GAPS.sub("", found), f"{version}:{digits}"):
        raise Untrusted(Fault.CONTENT, ROOT, _OTHER, found=found)
    Verification(content, now, carried=False)
    return content
