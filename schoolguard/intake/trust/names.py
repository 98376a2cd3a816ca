"""Names in a signed repository: roles, partners, targets; and which of them are refused.

It must not touch files. A target's name becomes part of an address and, at the publisher, of a path, so
only names without any special meaning in either pass: small ASCII letters, digits, ``.``, ``_`` and ``-``
in segments that begin with a letter or digit. ``..``, hidden files, absolute paths, backslashes, percent
signs and control characters have no way in.
"""

from __future__ import annotations

import re

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
TOP_LEVEL = (ROOT, TARGETS, SNAPSHOT, TIMESTAMP)
COMPILED = "compiled"
PARTNER = "partner-"

MAX_NAME = 200
"""Characters of a target's name: with the digest before it, its last segment stays under 255 bytes."""

_SEGMENTS = 6
_TARGET = re.compile(r"[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*\Z")
_PARTNER_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\Z")


def is_target_name(name: str) -> bool:
    """Return whether ``name`` may be a target's."""
    return (
        len(name) <= MAX_NAME
        and name.count("/") < _SEGMENTS
        and ".." not in name
        and _TARGET.match(name) is not None
        and len(name.rpartition("/")[2]) + 65 <= 255
    )


def is_partner_id(name: str) -> bool:
    """Return whether ``name`` may be a partner's: 1 to 32 small letters, digits and inner hyphens."""
    return _PARTNER_ID.match(name) is not None


def partner_role(partner: str) -> str:
    """Return the role of a partner."""
    return PARTNER + partner


def partner_paths(partner: str) -> tuple[str, ...]:
    """Return the patterns of the only target names that a partner's role speaks for."""
    return (f"lists/{partner}/*", f"orders/{partner}/*")


def is_role_name(name: str) -> bool:
    """Return whether ``name`` is a role that a repository of ours may have."""
    partner = name.removeprefix(PARTNER)
    return name in TOP_LEVEL or name == COMPILED or (partner != name and is_partner_id(partner))


def served_metadata(role: str, version: int | None) -> str:
    """Return where a role's metadata stands in a repository; only the timestamp has no version in its
    name."""
    return f"metadata/{role}.json" if version is None else f"metadata/{version}.{role}.json"


def served_target(name: str, sha256: str) -> str:
    """Return where a target's file stands in a repository: its digest goes before its last segment."""
    folder, slash, last = name.rpartition("/")
    return f"targets/{folder}{slash}{sha256}.{last}"
