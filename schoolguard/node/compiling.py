"""Lists to a snapshot, in a child process that may take its time; the result as the gateway shows it.

It must not put anything in force. Nothing here blocks the control process: hashing and compiling are the
child's.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schoolguard.language import N_, Said
from schoolguard.lists.folder import current_in
from schoolguard.lists.layout import SnapshotBroken, open_mapped
from schoolguard.lists.model import Kind
from schoolguard.lists.request import Request, outcome_from_json, request_to_json
from schoolguard.lists.rows import SourceRow, State, note_from_json, row_from_json
from schoolguard.node.metrics_readings import GatewayState, ListState
from schoolguard.settings import Settings


class CompileFailed(Said):
    """No new snapshot could be made; the former one is untouched. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Snapshots ready to be put in force, bottom first, and what is known of their lists.

    ``seconds`` is what the compile took, 0 when none was needed.
    """

    paths: tuple[str, ...]
    names: int
    size: int
    compiled: float
    seconds: float
    rows: tuple[SourceRow, ...]

    def show(self, state: GatewayState) -> None:
        """Write what the metrics tell of the lists."""
        state.snapshot_names, state.snapshot_bytes = self.names, self.size
        state.compiled = self.compiled
        state.compile_seconds = self.seconds or state.compile_seconds
        state.lists = tuple(
            ListState(
                row.id,
                row.entries,
                float(row.note.file_time),
                sum(row.report.refused.values()),
                row.note.state is State.LAST_GOOD,
            )
            for row in self.rows
        )

    def told(self) -> list[dict[str, Any]]:
        """Return one dict a list: what is in force of it, and why if it is not the list itself."""
        return [
            {
                "id": row.id,
                "state": row.note.state.value,
                "entries": row.entries,
                "reason": row.note.reason,
                "message": row.note.message,
            }
            for row in self.rows
        ]

    @property
    def troubled(self) -> tuple[SourceRow, ...]:
        """The lists of which not the present file is in force, but for those that never came yet."""
        return tuple(row for row in self.rows if row.note.state not in (State.FRESH, State.AWAITED))


class Compiler:
    """Makes snapshots in ``state/snapshots``, with the last good copy of each list in ``state/lists``."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.folder = state / "snapshots"
        self.archive = state / "lists"

    def ready(self) -> Layers | None:
        """Return the snapshot made last, or ``None`` when there is none that is whole."""
        try:
            mapped = open_mapped(current_in(self.folder))
        except SnapshotBroken:
            return None
        rows = zip(mapped.main["sources"], mapped.notes["sources"], strict=True)
        sources = tuple(row_from_json(row, note_from_json(note)) for row, note in rows)
        return _layers(mapped.path, mapped.main["names"], sources, 0.0)

    async def compile(self, settings: Settings) -> Layers:
        """Return the lists as they are now, compiled if they changed; raises ``CompileFailed``."""
        begin = time.monotonic()
        try:
            self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
            request = request_to_json(self._request(settings))
        except OSError as error:
            msgid = N_("{state}: {problem}; free some space or give write access")
            raise CompileFailed(msgid, state=self._state, problem=error.strerror) from error
        try:
            outcome = outcome_from_json(await run_child(request))
        finally:
            self._hand_over()
        if not any(row.entries for row in outcome.sources if row.kind is Kind.BLOCK):
            raise CompileFailed(N_("no blocking list has any entry; `schoolguard lists show` says why"))
        seconds = time.monotonic() - begin if outcome.changed else 0.0
        return _layers(outcome.path, outcome.names, outcome.sources, seconds)

    def _hand_over(self) -> None:
        """Give what root has compiled to the state's owner, or the gateway could not replace it later."""
        owner = self._state.stat()
        if os.geteuid() or not owner.st_uid:
            return
        for folder in filter(Path.is_dir, (self.folder, self.archive)):
            for path in (folder, *folder.iterdir()):
                os.chown(path, owner.st_uid, owner.st_gid)

    def _request(self, settings: Settings) -> Request:
        previous: Path | None
        try:
            previous = current_in(self.folder)
        except SnapshotBroken:
            previous = None
        times = {
            source.id: int(file.stat().st_mtime)
            for source in settings.lists
            if (file := Path(source.path)).is_file()
        }
        return Request(settings.lists, self.folder, previous, self.archive, int(time.time()), times)


async def run_child(request: str) -> str:
    """Return what the lists' child process answers to a request; raises ``CompileFailed``."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schoolguard.lists.child", "-"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await child.communicate(request.encode())
    except asyncio.CancelledError:
        if child.returncode is None:
            child.kill()
            await child.wait()
        raise
    if child.returncode:
        if reason := errors.decode(errors="replace").strip():
            raise CompileFailed("{reason}", reason=reason)
        raise CompileFailed(N_("the compile ended with {code}"), code=child.returncode)
    return output.decode()


def _layers(path: Path, names: int, rows: tuple[SourceRow, ...], seconds: float) -> Layers:
    stat = path.stat()
    return Layers((str(path),), names, stat.st_size, stat.st_mtime, seconds, rows)
