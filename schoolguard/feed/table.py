"""Documents as CSV (RFC 4180), one number a row, for spreadsheets.

It must not hand a spreadsheet a formula: a text that begins like one gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from schoolguard.feed.documents import LATENCY_MILLISECONDS


class Row(NamedTuple):
    """One number: ``kind`` says what is counted, ``what`` a service, name, list or bound it is of."""

    school: str
    sequence: object = ""
    begin: str = ""
    end: str = ""
    k: object = ""
    kind: str = ""
    tier: str = ""
    outcome: str = ""
    cause: str = ""
    what: str = ""
    number: int = 0


def csv_text(documents: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows of documents that were read strictly, with the columns' names first."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(Row._fields)
    for document in documents:
        writer.writerows(map(_safe, row) for row in rows(document))
    return out.getvalue()


def rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """Yield a document's numbers; a list's row has when it changed as its beginning."""
    if "lists" in document:
        yield from _lists(document)
        return
    row = Row(*(document[name] for name in ("school", "sequence", "begin", "end", "k")))
    yield row._replace(kind="seconds", number=document["seconds"])
    yield row._replace(kind="missing", number=document["missing"])
    for kind in ("devices", "budgets-used-up", "passes", "unblock-requests"):
        if kind in document:
            yield row._replace(kind=kind, number=document[kind])
    for tier, number in document.get("tiers", {}).items():
        yield row._replace(kind="devices", tier=tier, number=number)
    yield from _queries(row, document.get("queries", {}))
    for kind in ("bypass", "shadow"):
        for cause, number in document.get(kind, {}).items():
            yield row._replace(kind=kind, cause=cause, number=number)
    for bound, share in zip(LATENCY_MILLISECONDS, document.get("latency", ()), strict=False):
        yield row._replace(kind="latency-percent", what=f"{bound} ms", number=share)
    for kind in ("services", "names"):
        for asked in document.get(kind, ()):
            of = row._replace(cause=asked["cause"], what=asked["what"])
            yield of._replace(kind=f"{kind}-queries", number=asked["queries"])
            yield of._replace(kind=f"{kind}-devices", number=asked["devices"])


def _queries(row: Row, queries: Mapping[str, Any]) -> Iterator[Row]:
    for tier, parts in queries.items():
        for cause, number in parts.get("blocked", {}).items():
            yield row._replace(kind="queries", tier=tier, outcome="blocked", cause=cause, number=number)
        for outcome, number in parts.get("outcomes", {}).items():
            yield row._replace(kind="queries", tier=tier, outcome=outcome, number=number)


def _lists(document: Mapping[str, Any]) -> Iterator[Row]:
    row = Row(document["school"], kind="list-entries")
    for each in document["lists"]:
        yield row._replace(begin=each["changed"], what=each["id"], number=each["entries"])


def _safe(value: object) -> object:
    """Return a cell that no spreadsheet runs; a negative number is a number, not a text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
