"""What is asked of the compiling process and what it answers, as JSON; both sides use this."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from schoolguard.lists.compile import Outcome
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.lists.rows import note_from_json, note_to_json, row_from_json, row_to_json


@dataclass(frozen=True, slots=True)
class Request:
    """The arguments of ``compile_lists``."""

    sources: tuple[ListSource, ...]
    target: Path
    previous: Path | None
    archive: Path
    now: int
    times: Mapping[str, int] = field(default_factory=dict)


def request_to_json(request: Request) -> str:
    """Return a request as JSON text."""
    return json.dumps(
        {
            "sources": [asdict(source) for source in request.sources],
            "target": str(request.target),
            "previous": None if request.previous is None else str(request.previous),
            "archive": str(request.archive),
            "now": request.now,
            "times": dict(request.times),
        }
    )


def request_from_json(text: str) -> Request:
    """Return the request; raises ``ValueError`` that says what is wrong."""
    try:
        found = json.loads(text)
        previous = found["previous"]
        return Request(
            sources=tuple(_source(source) for source in found["sources"]),
            target=Path(found["target"]),
            previous=None if previous is None else Path(previous),
            archive=Path(found["archive"]),
            now=int(found["now"]),
            times={str(list_id): int(time) for list_id, time in found["times"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a request to compile lists: {error!r}") from error


def outcome_to_json(outcome: Outcome) -> str:
    """Return an outcome as one line of JSON."""
    return json.dumps(
        {
            "path": str(outcome.path),
            "digest": outcome.digest,
            "names": outcome.names,
            "changed": outcome.changed,
            "sources": [[row_to_json(row), note_to_json(row.note)] for row in outcome.sources],
        }
    )


def outcome_from_json(text: str) -> Outcome:
    """Return the outcome; raises ``ValueError`` that says what is wrong."""
    try:
        found = json.loads(text)
        return Outcome(
            path=Path(found["path"]),
            digest=found["digest"],
            names=found["names"],
            changed=found["changed"],
            sources=tuple(row_from_json(row, note_from_json(note)) for row, note in found["sources"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not the outcome of a compile: {error!r}") from error


def _source(found: Mapping[str, Any]) -> ListSource:
    kind, exceptions = Kind(found["kind"]), Exceptions(found["exceptions"])
    return ListSource(**{**found, "kind": kind, "exceptions": exceptions})
