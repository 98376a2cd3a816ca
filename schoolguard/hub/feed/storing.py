"""Stores verified documents, each once: a batch is one transaction, and only then has anybody an answer.

It must not verify: what it is given was signed by the key that stands beside it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schoolguard.feed.delivery import Judged, Verdict
from schoolguard.hub.feed.document import Document, Line, packed
from schoolguard.hub.feed.register import Register, Stream
from schoolguard.hub.feed.tables import keeping, writing

_KEEP = "INSERT INTO documents (stream, line, sequence, digest, arrived, body) VALUES (?, ?, ?, ?, ?, ?)"
_RUN = (
    "INSERT INTO runs (stream, line, first, last) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET last = excluded.last"
)
_LATEST = (
    "UPDATE streams SET sequence = ?, kind = ?, begins = ?, ends = ?, arrived = ?, skew = ? WHERE id = ?"
)
_ARRIVED = "UPDATE streams SET arrived = ?, skew = ? WHERE id = ?"
_REFUSED = "UPDATE streams SET refused = refused + 1, refused_at = ?, reason = ? WHERE id = ?"
_MOST_RUNS = 2_000
"""Runs of one school: a gateway that sends sequences with holes at will must not fill the memory."""

NOT_ENROLLED = "the school is not enrolled with this key"
OTHER_DOCUMENT = (
    "another document with this sequence is stored; enrol the gateway again if its state was lost"
)
TOO_MANY_GAPS = "too many gaps before this sequence"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A verified document; ``skew`` is how many seconds the sender's clock was ahead, None if not told."""

    document: Document
    skew: int | None = None


class Storing:
    """The documents of one file; ``connection`` is its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.register = Register()

    def key_of(self, id: bytes) -> bytes | None:
        """Return an enrolled gateway's key by its id on the wire."""
        return self.register.ids.get(id)

    def refresh(self) -> None:
        """Read anew who may send, if that changed; raises ``CannotKeep``."""
        with keeping():
            self.register.refresh(self._connection)

    def store(self, batch: Sequence[Arrived], now: float) -> list[Judged]:
        """Store what is new and return what became of each, in order; raises ``CannotKeep``."""
        try:
            with writing(self._connection):
                self.register.refresh(self._connection)
                return list(self._judge_all(batch, now))
        except BaseException:
            self.register.forget()
            raise

    def _judge_all(self, batch: Sequence[Arrived], now: float) -> Iterator[Judged]:
        for each in batch:
            document = each.document
            gateway = self.register.gateway_of(document.key, now)
            streams = self.register.streams.get((gateway or "", document.school))
            if gateway is None or not streams:
                yield Judged(document.digest, Verdict.LATER, NOT_ENROLLED)
                continue
            verdict, reason = self._judge(streams, each, now)
            if verdict is Verdict.REFUSED:
                self._connection.execute(_REFUSED, (now, reason, streams[-1].id))
            last = max(runs.last for runs in streams[-1].lines)
            yield Judged(document.digest, verdict, reason, last)

    def _judge(self, streams: Sequence[Stream], each: Arrived, now: float) -> tuple[Verdict, str]:
        document, stream = each.document, streams[-1]
        runs = stream.lines[document.line]
        if document.sequence in runs:
            if self._differs(stream, document):
                return Verdict.REFUSED, OTHER_DOCUMENT
            return Verdict.DUPLICATE, ""
        if any(self._came(former, document) for former in streams[:-1]):
            return Verdict.DUPLICATE, ""  # before the gateway was enrolled again
        if len(runs) >= _MOST_RUNS and document.sequence - 1 not in runs:
            return Verdict.REFUSED, TOO_MANY_GAPS
        self._keep(stream, each, now)
        return Verdict.ACCEPTED, ""

    def _came(self, former: Stream, document: Document) -> bool:
        came = document.sequence in former.lines[document.line]
        return came and not self._differs(former, document, gone=True)

    def _differs(self, stream: Stream, document: Document, *, gone: bool = False) -> bool:
        """Return whether another document is stored; ``gone`` is the answer when it is no longer kept."""
        query = "SELECT digest FROM documents WHERE stream = ? AND line = ? AND sequence = ?"
        row = self._connection.execute(query, (stream.id, document.line, document.sequence)).fetchone()
        return gone if row is None else bytes(row[0]) != bytes.fromhex(document.digest)

    def _keep(self, stream: Stream, each: Arrived, now: float) -> None:
        document, execute, line = each.document, self._connection.execute, each.document.line
        digest = bytes.fromhex(document.digest)
        execute(_KEEP, (stream.id, line, document.sequence, digest, now, packed(document.content)))
        grown = stream.lines[line].add(document.sequence)
        for first in grown.gone:
            query = "DELETE FROM runs WHERE stream = ? AND line = ? AND first = ?"
            execute(query, (stream.id, line, first))
        execute(_RUN, (stream.id, line, grown.first, grown.last))
        if line is Line.SIGNED and document.sequence > stream.sequence:
            stream.sequence = document.sequence
            times = (document.begin, document.end, now, each.skew)
            execute(_LATEST, (document.sequence, document.kind, *times, stream.id))
        else:
            execute(_ARRIVED, (now, each.skew, stream.id))
