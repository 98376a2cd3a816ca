"""What is asked of the compiling process and what it answers, as JSON; both sides use this.

It is asked to compile lists, or to lay the layers of one chain together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from schoolguard.lists.compile import Outcome
from schoolguard.lists.delta_build import Written
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


@dataclass(frozen=True, slots=True)
class Joining:
    """The arguments of ``delta.compact``: layers of one chain, oldest first, and the file to write."""

    layers: tuple[Path, ...]
    target: Path


def joining_to_json(joining: Joining) -> str:
    """Return a request to lay layers together as JSON text."""
    return json.dumps({"layers": [str(path) for path in joining.layers], "target": str(joining.target)})


def asked_from_json(text: str) -> Request | Joining:
    """Return what is asked for; raises ``ValueError`` that says what is wrong."""
    found = json.loads(text)
    if not isinstance(found, dict) or "layers" not in found:
        return request_from_json(text)
    try:
        joining = Joining(tuple(Path(path) for path in found["layers"]), Path(found["target"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a request to lay layers together: {error!r}") from error
    if not joining.layers:
        raise ValueError("not a request to lay layers together: no layer")
    return joining


def written_to_json(written: Written) -> str:
    """Return a finished file as one line of JSON."""
    return json.dumps({**asdict(written), "path": str(written.path)})


def written_from_json(text: str) -> Written:
    """Return the finished file; raises ``ValueError`` that says what is wrong."""
    try:
        found = json.loads(text)
        return Written(**{**found, "path": Path(found["path"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a finished file: {error!r}") from error


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
