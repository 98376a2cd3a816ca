"""The hub's log of what people decided on lists, append-only: who, when, what content, signed by each.

One line of canonical JSON for each decision, with the digest of the line before. A line that was changed or
taken out breaks the chain, and then nobody has agreed to anything: the safe side is not to go on. The last
line may be half there after a kill; it was never confirmed to anybody and is cut off.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import CryptoSigner, Key, Signature

from schoolguard.hub.tuf.keys import name_of
from schoolguard.intake.orders.canonical import NotCanonical, canonical, read_canonical, rfc3339
from schoolguard.language import N_, Said

FORMAT = "schoolguard-decision/1"
AGREE, ROLLBACK, TAKEN_BACK = "agree", "rollback", "taken-back"
NOBODYS = "nobody's"
"""Verb of a line that decides nothing: its key is none of the approvers' (any more), or did not sign it."""
MOST_LINE = 8_192

_UNKNOWN = N_("this key is none of the approvers that hub.yaml names")
_NOBODY = N_("hub.yaml names no approvers; nobody can agree or order a way back until it does")
_BROKEN = N_("{path}: line {line} does not follow the one before; nobody counts as having agreed")
_log = logging.getLogger("schoolguard.hub")


class CannotDecide(Said):
    """A decision was not written down, or the log cannot be believed."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; ``list`` is ``PARTNER/LIST``, empty for all. ``by`` is the approver's name.

    ``content`` is what was agreed to or taken back, ``version`` what to go back to. The hub's own (``by``
    empty) tell why a list was taken back and decide nothing.
    """

    verb: str
    list: str
    time: int
    by: str = ""
    content: str = ""
    version: int = 0
    reason: str = ""

    def members(self) -> dict[str, Any]:
        """Return the members of its document, to be signed."""
        return {
            "format": FORMAT,
            "verb": self.verb,
            "list": self.list,
            "time": rfc3339(self.time),
            "by": self.by,
            "content": self.content,
            "version": self.version,
            "reason": self.reason[:500],
        }


@dataclass(frozen=True, slots=True)
class Logged:
    """A decision as it stands in the log: its line's digest, and whose key signed it, empty for the hub."""

    digest: str
    keyid: str
    verb: str
    list: str
    time: str
    by: str
    content: str
    version: int
    reason: str


class DecisionLog:
    """The file; ``keys`` are the approvers' public keys by id."""

    def __init__(self, path: Path, keys: Mapping[str, Key]) -> None:
        self.path = path
        self._keys = keys

    def sign(self, decision: Decision, signer: CryptoSigner) -> None:
        """Write a decision down, signed; raises ``CannotDecide``, ``OSError``."""
        key = self._keys.get(signer.public_key.keyid)
        if key is None:
            msgid = _UNKNOWN if self._keys else _NOBODY
            raise CannotDecide(msgid)
        members = decision.members() | {"by": name_of(key)}
        self._append({**_signed(members, signer), "keyid": key.keyid})

    def note(self, decision: Decision) -> None:
        """Write down what the hub did by itself; raises ``CannotDecide``, ``OSError``."""
        self._append({"decision": decision.members(), "keyid": "", "signature": ""})

    def read(self) -> list[Logged]:
        """Return every line: decisions of approvers, the hub's own, and nobody's; raises ``CannotDecide``."""
        try:
            with self.path.open("rb") as file:
                return list(self._read(file))
        except FileNotFoundError:
            return []

    def _read(self, file: BinaryIO) -> Iterator[Logged]:
        before = ""
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                found = read_canonical(line[:-1], MOST_LINE)
                if found["before"] != before:
                    raise NotCanonical("another line was before it")
                before = hashlib.sha256(line).hexdigest()
                yield self._logged(found, before)
            except (NotCanonical, KeyError, TypeError) as error:
                raise CannotDecide(_BROKEN, path=self.path, line=number) from error

    def _logged(self, found: Mapping[str, Any], digest: str) -> Logged:
        decision, keyid = dict(found["decision"]), str(found["keyid"])
        if decision.pop("format") != FORMAT:
            raise NotCanonical("another format")
        logged = Logged(digest, keyid, **decision)
        if not keyid:
            return logged if logged.verb == TAKEN_BACK else replace(logged, verb=NOBODYS)
        key = self._keys.get(keyid)
        if key is None or not _verifies(key, found):
            _log.debug("a decision by no approver", extra={"keyid": keyid, "verb": logged.verb})
            return replace(logged, verb=NOBODYS)
        return logged

    def _append(self, members: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(self.path) as file:
            content = file.read()
            whole = content[: content.rfind(b"\n") + 1]
            if len(whole) < len(content):
                file.truncate(len(whole))
            last = whole[whole.rfind(b"\n", 0, -1) + 1 :]
            before = hashlib.sha256(last).hexdigest() if last else ""
            file.write(canonical({**members, "before": before}) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _signed(members: Mapping[str, Any], signer: CryptoSigner) -> dict[str, Any]:
    signature: Signature = signer.sign(canonical(members))
    return {"decision": dict(members), "signature": signature.signature}


def _verifies(key: Key, found: Mapping[str, Any]) -> bool:
    signature = Signature(key.keyid, str(found["signature"]))
    try:
        key.verify_signature(signature, canonical(found["decision"]))
    except UnverifiedSignatureError:
        return False
    return True


@contextmanager
def _alone(path: Path) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
