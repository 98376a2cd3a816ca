"""What can go wrong between a gateway and a repository, each with a word that a program can act on.

It must not decide what follows from it: whoever catches one keeps the last good state.
"""

from __future__ import annotations

from enum import StrEnum

from schoolguard.language import Said


class Fault(StrEnum):
    """Why something signed was not believed; the words are part of the interface."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    SIGNATURES = "threshold-not-met"
    OLDER = "older-than-known"
    EXPIRED = "expired"
    MIXED = "not-of-this-snapshot"
    BAD_NAME = "bad-name"
    OUTSIDE = "outside-paths"
    CONTENT = "wrong-content"
    REFUSED = "refused"
    ABSENT = "absent"
    NOT_FETCHED = "not-fetched"


class Untrusted(Said):
    """Something was read that the keys do not vouch for; ``role`` is whose word it should have been."""

    def __init__(self, fault: Fault, role: str, msgid: str, /, **values: object) -> None:
        super().__init__(msgid, **values)
        self.fault = fault
        self.role = role


class SourceFailed(Said):
    """A repository could not be read: unreachable, too slow, more bytes than there may be, an error
    status."""


class Absent(SourceFailed):
    """A repository has no such file."""


class StoreFailed(Said):
    """The gateway's own folder cannot be read or written: disk full, permissions."""
