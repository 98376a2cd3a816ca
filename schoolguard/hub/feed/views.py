"""What the file tells: the last period of each school, gaps, documents in the order in which they came.

It must not write. Every list comes in pages, so that no question takes long, however many schools there are.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from schoolguard.hub.feed.document import unpacked
from schoolguard.hub.feed.runs import union
from schoolguard.hub.feed.tables import keeping
from schoolguard.intake.orders.canonical import rfc3339

MOST_SCHOOLS, MOST_DOCUMENTS = 1_000, 500

_STREAMS = """
SELECT s.id, s.school, s.gateway, s.added, s.sequence, s.kind, s.begins, s.ends, s.arrived, s.skew, s.refused,
    s.refused_at, s.reason, g.software
FROM streams s JOIN gateways g ON g.id = s.gateway
WHERE s.ended IS NULL AND g.revoked IS NULL AND s.school IN ({places})
    AND s.id = (SELECT max(id) FROM streams t WHERE t.gateway = s.gateway AND t.school = s.school)
ORDER BY s.school, s.id
"""
_SCHOOLS = """
SELECT DISTINCT school FROM streams WHERE ended IS NULL AND school > ? ORDER BY school LIMIT ?
"""
_RUNS = "SELECT stream, first, last FROM runs WHERE stream IN ({places})"
_DOCUMENTS = """
SELECT d.id, s.school, s.gateway, d.sequence, d.arrived, d.body FROM documents d
JOIN streams s ON s.id = d.stream WHERE d.id > ? ORDER BY d.id LIMIT ?
"""


class Views:
    """The views of one file; ``connection`` is its own and only reads."""

    def __init__(self, connection: sqlite3.Connection, silent_after: float) -> None:
        self._connection = connection
        self._silent_after = silent_after

    def schools(self, after: str, limit: int, now: float) -> dict[str, Any]:
        """Return schools by id, and where the next page begins; raises ``CannotKeep``."""
        with keeping():
            ids = self._ids(after, limit)
            rows = self._rows(ids, now)
        return {
            "format": "schoolguard-feed-schools/1",
            "time": rfc3339(now),
            "schools": [rows[id] for id in ids if id in rows],
            "next": ids[-1] if len(ids) == limit else None,
        }

    def school(self, id: str, now: float) -> dict[str, Any] | None:
        """Return one school with gaps and keys, None for one not enrolled; raises ``CannotKeep``."""
        with keeping():
            rows = self._rows([id], now)
            if id not in rows:
                return None
            keys = self._keys([each["id"] for each in rows[id]["gateways"]])
        for gateway in rows[id]["gateways"]:
            gateway["keys"] = keys.get(gateway["id"], [])
        return {"format": "schoolguard-feed-school/1", "time": rfc3339(now), **rows[id]}

    def gaps(self, after: str, limit: int, now: float) -> dict[str, Any]:
        """Return the schools of a page that miss something or are silent; raises ``CannotKeep``."""
        page = self.schools(after, limit, now)
        wanting = [
            each
            for each in page["schools"]
            if each["silent"] or any(one["missing"] or one["refused"] for one in each["gateways"])
        ]
        return {**page, "format": "schoolguard-feed-gaps/1", "schools": wanting}

    def documents(self, after: int, limit: int) -> dict[str, Any]:
        """Return documents that came after another, in the order of their arrival; raises ``CannotKeep``.

        ``next`` is where to go on, even if nothing came: who asks from there misses none, has none twice.
        """
        with keeping():
            rows = self._connection.execute(_DOCUMENTS, (after, limit)).fetchall()
        return {
            "format": "schoolguard-feed-documents/1",
            "documents": [
                {
                    "number": row[0],
                    "school": row[1],
                    "gateway": row[2],
                    "arrived": rfc3339(row[4]),
                    "signed": unpacked(row[5]).decode(),
                }
                for row in rows
            ],
            "next": rows[-1][0] if rows else after,
        }

    def _ids(self, after: str, limit: int) -> list[str]:
        return [str(row[0]) for row in self._connection.execute(_SCHOOLS, (after, limit))]

    def _rows(self, ids: Sequence[str], now: float) -> dict[str, dict[str, Any]]:
        rows: list[tuple[Any, ...]] = []
        for at in range(0, len(ids), 500):
            part = ids[at : at + 500]
            query = _STREAMS.format(places=", ".join("?" * len(part)))
            rows.extend(self._connection.execute(query, part))
        runs = self._runs([row[0] for row in rows])
        found: dict[str, dict[str, Any]] = {}
        for row in rows:
            school = found.setdefault(row[1], {"school": row[1], "silent": True, "gateways": []})
            school["gateways"].append(_gateway(row, runs[row[0]]))
            school["silent"] &= now - (row[8] or row[3]) > self._silent_after
        return found

    def _runs(self, streams: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for at in range(0, len(streams), 500):
            part = streams[at : at + 500]
            query = _RUNS.format(places=", ".join("?" * len(part)))
            for stream, first, last in self._connection.execute(query, part):
                found[stream].append((first, last))
        return found

    def _keys(self, gateways: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        query = "SELECT public, added, replaced, revoked FROM keys WHERE gateway = ? ORDER BY added"
        for gateway in gateways:
            for public, *times in self._connection.execute(query, (gateway,)):
                words = zip(("added", "replaced", "revoked"), map(_time, times), strict=True)
                found[gateway].append({"key": bytes(public).hex(), **dict(words)})
        return found


def _gateway(row: tuple[Any, ...], runs: list[tuple[int, int]]) -> dict[str, Any]:
    came = union(runs)
    gaps = came.gaps()
    last = None
    if row[4] is not None:
        last = {"sequence": row[4], "kind": row[5], "begin": _time(row[6]), "end": _time(row[7])}
    return {
        "id": row[2],
        "software": row[13],
        "enrolled": _time(row[3]),
        "arrived": _time(row[8]),
        "clock-ahead-seconds": row[9],
        "last": last,
        "received": came.count(),
        "missing": sum(end - begin + 1 for begin, end in gaps),
        "gaps": [{"first": begin, "last": end} for begin, end in gaps[:100]],
        "refused": row[10],
        "refused-last": None if row[11] is None else {"time": _time(row[11]), "reason": row[12]},
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else rfc3339(seconds)
