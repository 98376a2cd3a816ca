"""Where every list is on its way, in one file that changes by one rename; only the publisher writes it.

What people decide stands in the log, what partners pushed in their metadata, what gateways may believe in
the compiled role's metadata: a kill between any two of them is made good by the next look, which begins here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from schoolguard.hub.rollout.tracks import Step, Stop, Track
from schoolguard.hub.rollout.versions import Version
from schoolguard.language import N_, Said
from schoolguard.lists.archive import write_synced

FORMAT = "schoolguard-rollout-state/1"
_STEPS = ("all", "canary", "shadow", "coming")
_BROKEN = N_("{path} is damaged ({why}); take it from a copy. What is published stays in force")


class StateBroken(Said):
    """The file cannot be understood; nothing may go on."""


@dataclass(frozen=True, slots=True)
class State:
    """Tracks by target name; versions, oldest first; the digest of the last decision that was carried out."""

    tracks: Mapping[str, Track] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()
    done: str = ""


def read_state(path: Path) -> State | None:
    """Return what a file holds, None when there is none; raises ``StateBroken``, ``OSError``."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        found = json.loads(content)
        if found["format"] != FORMAT:
            raise ValueError("another format")
        tracks = {name: _track(each) for name, each in found["tracks"].items()}
        return State(tracks, tuple(Version(**each) for each in found["versions"]), found["done"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StateBroken(_BROKEN, path=path, why=repr(error)) from error


def write_state(path: Path, state: State) -> None:
    """Write a file whole or not at all; raises ``OSError``."""
    members = {
        "format": FORMAT,
        "tracks": {name: asdict(track) for name, track in state.tracks.items()},
        "versions": [asdict(version) for version in state.versions],
        "done": state.done,
    }
    write_synced(path, json.dumps(members, sort_keys=True, separators=(",", ":")).encode())


def _track(found: Mapping[str, Any]) -> Track:
    steps = {name: None if found[name] is None else Step(**found[name]) for name in _STEPS}
    stopped = None if found["stopped"] is None else Stop(**found["stopped"])
    return Track(**steps, stopped=stopped, refused=tuple(map(str, found["refused"])))
