"""The publisher's layers that were in force before and can be again, and whether a person pinned some.

Both are small files beside the layers, changed by one rename. It must not touch a layer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schoolguard.language import N_, Said
from schoolguard.lists.archive import sync_folder, write_synced

KEPT_FORMAT, PIN_FORMAT = "schoolguard-kept-layers/1", "schoolguard-pinned-layers/1"

_UNKNOWN = N_("{state!r} is no kept state; kept are: {known}")
_NONE = N_("no layers are kept but those in force")


@dataclass(frozen=True, slots=True)
class Installed:
    """Layers that belong together, as names of files, ``delta`` empty when there is none, and their state."""

    base: str
    delta: str
    state: str

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files, lowest first."""
        return (self.base, *filter(None, [self.delta]))


@dataclass(frozen=True, slots=True)
class KeptSet:
    """Layers that were in force until a time (Unix seconds)."""

    layers: Installed
    until: float


@dataclass(frozen=True, slots=True)
class Pin:
    """The state that a person wants in force whatever the publisher says, since when."""

    state: str
    since: float


class KeptLayers:
    """The files ``kept.json`` and ``pinned.json`` in the folder of layers; at most ``most`` sets are kept."""

    NAMES = ("kept.json", "pinned.json")

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most
        self._kept, self._pin = (folder / name for name in self.NAMES)

    def sets(self) -> tuple[KeptSet, ...]:
        """Return the sets whose files are there, newest first."""
        found = _read(self._kept, KEPT_FORMAT)
        try:
            sets = [KeptSet(Installed(**each["layers"]), float(each["until"])) for each in found["sets"]]
        except (KeyError, TypeError, ValueError):
            return ()  # what was kept is lost; what is in force is not
        names = [all(_is_name(name) for name in each.layers.files) for each in sets]
        whole = [all((self._folder / name).is_file() for name in each.layers.files) for each in sets]
        return tuple(each for each, named, there in zip(sets, names, whole, strict=True) if named and there)

    def replaced(self, former: Installed, by: Installed, now: float) -> None:
        """Keep what was in force until now; raises ``OSError``."""
        others = [e for e in self.sets() if e.layers.state not in (former.state, by.state)]
        sets = [KeptSet(former, now), *others][: self._most]
        self._write(self._kept, {"format": KEPT_FORMAT, "sets": [asdict(each) for each in sets]})

    def find(self, typed: str) -> KeptSet:
        """Return the kept set whose state begins as was typed, the newest for nothing; raises ``Said``."""
        sets = self.sets()
        if not sets:
            raise Said(_NONE)
        found = [each for each in sets if each.layers.state.startswith(typed)]
        if not found or (typed and len(found) > 1):
            raise Said(_UNKNOWN, state=typed, known=", ".join(each.layers.state[:16] for each in sets))
        return found[0]

    def pinned(self) -> Pin | None:
        """Return what is pinned."""
        found = _read(self._pin, PIN_FORMAT)
        state, since = found.get("state"), found.get("since")
        return Pin(state, float(since)) if isinstance(state, str) and isinstance(since, int | float) else None

    def pin(self, state: str, now: float) -> None:
        """Pin a state; raises ``OSError``."""
        self._write(self._pin, {"format": PIN_FORMAT, "state": state, "since": now})

    def release(self) -> None:
        """Pin nothing; raises ``OSError``."""
        self._pin.unlink(missing_ok=True)
        sync_folder(self._folder)

    def _write(self, path: Path, members: Mapping[str, Any]) -> None:
        write_synced(path, json.dumps(members, sort_keys=True, separators=(",", ":")).encode())


def _read(path: Path, form: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("format") == form else {}


def _is_name(name: object) -> bool:
    return isinstance(name, str) and "/" not in name and name.endswith((".layer", ".joined"))
