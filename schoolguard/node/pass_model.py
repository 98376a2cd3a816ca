"""A pass and what became of it, as values. They know neither the log nor the clock."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

from schoolguard.language import N_, Said
from schoolguard.node.audit_entry import Entry
from schoolguard.policy.rule import Layer, Rule, Verb

LONGEST_TEXT = 300
"""Characters of a name or a reason: one or two sentences, so that a list of passes stays one screen."""


class PassRefused(Said):
    """A pass that may not be granted, or cannot be revoked; the message says why."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What somebody opened, for whom, and until when.

    Either ``group`` (a group of ``school``) or ``device`` is set: 6 bytes are a MAC, 4 or 16 an IP address.
    ``targets`` are as they were typed (``youtube.com``, ``service:zalo``, ``category:games``); ``names`` are
    in text shape, those of ``services`` (ids) among them; ``categories`` is a mask. It holds from ``start``
    to just before ``until`` (Unix seconds, whole). ``id`` is empty until it is granted.
    """

    id: str
    school: str
    group: str | None
    device: bytes | None
    targets: tuple[str, ...]
    names: frozenset[str]
    services: tuple[str, ...]
    categories: int
    start: int
    until: float
    by: str
    reason: str

    def rule(self) -> Rule:
        """Return it as a rule of the lowest layer: it opens, below every lock."""
        return Rule(
            Layer.PASS,
            Verb.ALLOW,
            self.names,
            categories=self.categories,
            services=self.services,
            owner=self.by,
            reason=self.reason,
            until=float(self.until),
            place=f"pass {self.id}",
        )


@dataclass(frozen=True, slots=True)
class Revocation:
    """Who ended a pass before its time, when (Unix seconds), and why."""

    time: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A pass that was granted, and its revocation if there was one."""

    granted: Pass
    revoked: Revocation | None = None

    def holds(self, now: float) -> bool:
        """Return whether it is in force at ``now`` (Unix seconds)."""
        return self.revoked is None and self.granted.start <= now < self.granted.until

    def revoked_by(self, entry: Entry) -> Issued:
        """Return it with the revocation that an entry of the audit log tells of."""
        return replace(self, revoked=Revocation(entry.time, entry.by, str(entry.fields.get("reason", ""))))


def check_text(text: str, option: str) -> str:
    """Return what somebody wrote about himself or his reason, tidy; raises ``PassRefused``."""
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    if not tidy:
        raise PassRefused(N_("{option} is empty; the audit log needs to know"), option=option)
    if len(tidy) > LONGEST_TEXT or not tidy.isprintable():
        msgid = N_("{option}: at most {most} characters, none of them invisible")
        raise PassRefused(msgid, option=option, most=LONGEST_TEXT)
    return tidy
