"""The process that makes layers: ``python -m schoolguard.hub.service.layer_child OLD NEW FOLDER``.

OLD may be ``-``. It writes ``base`` and ``delta``, both packed, into FOLDER, prints what they are and how
many names they block and open as one line of JSON, and exits with 0; or says why not, and exits with 1. It
gives way to the process that serves.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from schoolguard.priority import give_way

if TYPE_CHECKING:
    from schoolguard.lists.snapshot import Snapshot

LEVEL = 15
"""A base of 3.5 million names takes half a minute more at 19, and is 2 % smaller."""


def main() -> int:
    """Make the layers that the arguments ask for; return the exit code."""
    if len(sys.argv) != 4:
        print("usage: layer_child OLD NEW FOLDER", file=sys.stderr)
        return 1
    give_way()
    from schoolguard.lists.layout import SnapshotBroken

    old, new, folder = sys.argv[1:]
    try:
        print(json.dumps(_made(None if old == "-" else Path(old), Path(new), Path(folder))))
    except (OSError, SnapshotBroken) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _made(old: Path | None, new: Path, folder: Path) -> dict[str, object]:
    from schoolguard.lists.delta import DeltaTooLarge, delta
    from schoolguard.lists.snapshot import Snapshot

    snapshot = Snapshot.open(new)
    made: dict[str, object] = {"state": snapshot.state, "base": snapshot.digest, "delta": ""}
    _pack(new, folder / "base")
    if old is None:
        return made | _changes(None, snapshot, snapshot)
    former = Snapshot.open(old)
    try:
        written = delta(former, snapshot, folder / "unpacked")
    except DeltaTooLarge:
        return made | _changes(former, snapshot, snapshot)
    _pack(written.path, folder / "delta")
    return made | {"delta": written.digest} | _changes(former, snapshot, Snapshot.open(written.path))


def _changes(former: Snapshot | None, new: Snapshot, changed: Snapshot) -> dict[str, object]:
    """Return how many listed names are newly blocked and opened; of a new base, without what only went."""
    from schoolguard.intake.guardrails.impact import impact, names_of
    from schoolguard.intake.guardrails.learning import Learning
    from schoolguard.lists.stack import Stack

    old = Stack([] if former is None else [former])
    found = impact(old, Stack([new]), names_of(changed), (), Learning(()))
    blocked, opened = sum(found.blocked.values()), sum(found.opened.values())
    return {"changes": {"blocked": blocked, "opened": opened, "learning": found.learning}}


def _pack(source: Path, target: Path) -> None:
    import zstandard

    parameters = zstandard.ZstdCompressionParameters.from_level(LEVEL, window_log=23, write_checksum=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters)
    with source.open("rb") as reader, target.open("wb") as writer:
        packer.copy_stream(reader, writer, size=source.stat().st_size)


if __name__ == "__main__":
    sys.exit(main())
