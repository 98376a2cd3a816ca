"""The head of the audit log, ``audit.head``: which entry is the last, its hash, and where the file ends.

It is written after each entry, so that an end that was cut off is seen and an append need not read the whole
log. One record of fixed length is overwritten in place: that takes no new block, so it does not fail where
the entry fitted.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from schoolguard.node.audit_entry import FIRST

_RECORD = re.compile(rb'\{"hash":"[0-9a-f]{64}","n": *[0-9]+,"size": *[0-9]+\}\n')
_LENGTH = 130


class HeadUnreadable(ValueError):
    """The file holds something else than one record."""


@dataclass(frozen=True, slots=True)
class Head:
    """Number and hash of the last entry, and the size of the log with it, in bytes."""

    number: int = 0
    hash: str = FIRST
    size: int = 0

    def record(self) -> bytes:
        """Return the bytes of the file: JSON, padded to one length."""
        return f'{{"hash":"{self.hash}","n":{self.number:>18},"size":{self.size:>18}}}\n'.encode()


def head_path(log: Path) -> Path:
    """Return where the head of a log stands."""
    return log.with_suffix(".head")


def read_head(log: Path) -> Head | None:
    """Return the head of a log, ``None`` without one; raises ``OSError`` and ``HeadUnreadable``."""
    try:
        with head_path(log).open("rb") as file:
            record = file.read(_LENGTH)
    except FileNotFoundError:
        return None
    if not record:
        return None  # made, and then the power or the space was gone: nothing was told yet
    if not _RECORD.fullmatch(record):
        raise HeadUnreadable(record[:40])
    members = json.loads(record)
    return Head(members["n"], members["hash"], members["size"])


def write_head(log: Path, head: Head) -> None:
    """Put ``head`` on the disk; raises ``OSError``."""
    fd = os.open(head_path(log), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(fd, head.record(), 0)
        os.fsync(fd)
    finally:
        os.close(fd)
