"""The documents that were delivered last, as they were sent, so that a school can look at them afterwards.

A plain file of lines in the state folder and one before it, bounded; losing it loses nothing that counts. It
must not hold what was not sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILE = "feed-sent.log"
MOST_BYTES = 1 << 20
"""Bytes of one of the two files: together some days of one school."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A document that the receiver acknowledged; ``time`` is when, by this gateway's clock, Unix seconds."""

    school: str
    sequence: int
    time: int
    document: bytes


class SentLog:
    """The log of one state folder."""

    def __init__(self, state: Path, most: int = MOST_BYTES) -> None:
        self._path = state / FILE
        self._before = self._path.with_suffix(".1")
        self._most = most

    def put(self, sent: Sent) -> None:
        """Add a document; raises ``OSError``."""
        head = json.dumps([sent.school, sent.sequence, sent.time], ensure_ascii=False)
        if self._path.exists() and self._path.stat().st_size > self._most:
            self._path.replace(self._before)
        new = not self._path.exists()
        with self._path.open("ab") as file:
            file.write(head.encode() + b"\t" + sent.document + b"\n")
        if new:
            self._path.chmod(0o600)

    def all(self) -> Iterator[Sent]:
        """Yield the documents, newest first, passing over half a line of a power cut; raises ``OSError``."""
        for path in (self._path, self._before):
            if path.exists():
                for line in reversed(path.read_bytes().split(b"\n")):
                    if (found := _sent(line)) is not None:
                        yield found


def _sent(line: bytes) -> Sent | None:
    head, _tab, document = line.partition(b"\t")
    try:
        school, sequence, time = json.loads(head)
    except (ValueError, TypeError):
        return None
    return Sent(str(school), int(sequence), int(time), document) if document else None
