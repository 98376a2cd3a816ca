"""Names of the wire as a master file writes them: no byte of a label can be taken for syntax. Pure."""

from __future__ import annotations

import re

from schoolguard.dns.names import labels_of

_PLAIN = re.compile(rb"[a-z0-9_.*-]+\Z")
_PLAIN_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_*-")


class OutOfZone(Exception):
    """A record's owner is not in the zone that is transferred."""


def absolute(wire: bytes) -> bytes:
    """Return an uncompressed name as an absolute one, with its last dot, lower case."""
    return _joined(labels_of(wire.lower())) + b"."


def relative(wire: bytes, zone: bytes) -> bytes:
    """Return an uncompressed name relative to ``zone`` (wire, lower case), ``@`` for the zone itself.

    Raises ``OutOfZone``. Label borders count: ``evilzone.`` does not end in ``zone.``.
    """
    wire = wire.lower()
    end = len(wire) - len(zone)
    if end < 0 or wire[end:] != zone:
        raise OutOfZone
    labels, at = [], 0
    while at < end:
        size = wire[at]
        labels.append(wire[at + 1 : at + 1 + size])
        at += size + 1
    if at != end:
        raise OutOfZone
    return _joined(labels) or b"@"


def _joined(labels: list[bytes]) -> bytes:
    text = b".".join(labels)
    # A dot within a label shows only in the count of dots.
    if _PLAIN.match(text) and text.count(b".") == len(labels) - 1:
        return text
    return b".".join(_escaped(label) for label in labels)


def _escaped(label: bytes) -> bytes:
    return b"".join(bytes([byte]) if byte in _PLAIN_BYTES else b"\\%03d" % byte for byte in label)
