"""What is asked of the exporting process, what it does and answers; both sides use this.

It must not choose what is exported: the lists in force, the orders and the tiers' masks are handed in.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from schoolguard.hub.export.model import BlockAction, ExportZone, Left
from schoolguard.hub.export.published import ExportBroken, ExportFolder
from schoolguard.hub.export.rulings import rulings_of
from schoolguard.language import N_, Said


class ExportFailed(Said):
    """The zones could not be written; those served before stay as they are."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What orders close for every school here: search keys with their masks, as ``Stack`` takes them."""

    below: Mapping[str, int] = field(default_factory=dict)
    exact: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Zones to write under ``root`` from snapshot files, bottom first; ``now`` is in Unix seconds."""

    root: Path
    layers: tuple[str, ...]
    zones: tuple[ExportZone, ...]
    closed: Closed
    now: float


@dataclass(frozen=True, slots=True)
class ExportState:
    """One zone as it is served: its serial, its names with a ruling, and what could not be said in it."""

    zone: str
    tier: str
    serial: int
    rulings: int
    left: Left


def publish(request: ExportRequest) -> tuple[ExportState, ...]:
    """Write the zones; one that has not changed keeps its serial.

    Raises ``OSError``, ``SnapshotBroken``, ``ChainBroken`` and ``CompileBusy``.
    """
    return tuple(_published(request, zone) for zone in request.zones)


def _published(request: ExportRequest, zone: ExportZone) -> ExportState:
    folder, left = ExportFolder(request.root, zone), Left()
    folder.folder.mkdir(parents=True, exist_ok=True)
    try:
        folder.current()
    except ExportBroken:
        # All in it can be made again; secondaries then take the whole zone once.
        shutil.rmtree(folder.folder)
        folder.folder.mkdir()
    closed, layers = request.closed, [Path(path) for path in request.layers]
    rulings = rulings_of(layers, zone.blocked, closed.below, folder.folder, left, closed.exact)
    done = folder.publish(rulings, request.now)
    return ExportState(zone.zone, zone.tier, done.serial, done.rulings, left)


async def publish_in_child(request: ExportRequest) -> tuple[ExportState, ...]:
    """Write the zones in a process of the idle class; raises ``ExportFailed``."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schoolguard.node.export_child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await child.communicate(request_to_json(request).encode())
    except asyncio.CancelledError:
        if child.returncode is None:
            child.kill()
            await child.wait()
        raise
    if child.returncode:
        problem = errors.decode(errors="replace").strip() or str(child.returncode)
        raise ExportFailed(N_("the exported zones could not be written: {problem}"), problem=problem)
    return done_from_json(output.decode())


def request_to_json(request: ExportRequest) -> str:
    """Return a request as JSON text; of a zone only what its content depends on."""
    return json.dumps(
        {
            "root": str(request.root),
            "layers": request.layers,
            "zones": [[each.zone, each.tier, each.blocked, each.action] for each in request.zones],
            "closed": {"below": dict(request.closed.below), "exact": dict(request.closed.exact)},
            "now": request.now,
        }
    )


def request_from_json(text: str) -> ExportRequest:
    """Return the request; raises ``ValueError`` that says what is wrong."""
    try:
        found = json.loads(text)
        return ExportRequest(
            Path(found["root"]),
            tuple(found["layers"]),
            tuple(_zones(found["zones"])),
            Closed(**found["closed"]),
            found["now"],
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a request to export zones: {error!r}") from error


def _zones(found: list[tuple[str, str, int, str]]) -> Iterator[ExportZone]:
    for zone, tier, blocked, action in found:
        yield ExportZone(zone, tier, blocked, action=BlockAction(action))


def done_to_json(done: tuple[ExportState, ...]) -> str:
    """Return the zones as one line of JSON."""
    return json.dumps([asdict(each) for each in done])


def done_from_json(text: str) -> tuple[ExportState, ...]:
    """Return the zones that a child wrote."""
    return tuple(ExportState(**{**each, "left": Left(**each["left"])}) for each in json.loads(text))
