"""An export to a file: streamed, and put in place whole. It must not choose what is exported."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path

from schoolguard.hub.export.files import Head, adblock_lines, hosts_lines, zone_lines
from schoolguard.hub.export.model import ExportZone, Left, Ruling
from schoolguard.hub.export.rulings import rulings_of
from schoolguard.lists.archive import sync_folder

_VIET_NAM = timezone(timedelta(hours=7))


class Form(StrEnum):
    """The formats of an export."""

    RPZ = "rpz"
    HOSTS = "hosts"
    ADBLOCK = "adblock"


def write_export(
    target: Path,
    form: Form,
    export: ExportZone,
    layers: Sequence[Path],
    now: float,
    overlay: Mapping[str, int] | None = None,
    exact: Mapping[str, int] | None = None,
) -> Left:
    """Write what a tier blocks to ``target``; return what the format could not say.

    ``layers`` are snapshot files, bottom first, ``now`` is in Unix seconds: the time in the head and the
    zone's serial; ``overlay`` and ``exact`` are those of ``Stack``. Raises ``SnapshotBroken``,
    ``ChainBroken`` and ``OSError``; then an older file at ``target`` is untouched.
    """
    left = Left()
    partial = target.with_name(f"partial-{target.name}")
    head = Head(
        export.tier, datetime.fromtimestamp(now, _VIET_NAM).isoformat(timespec="seconds"), _digest(layers)
    )
    rulings = rulings_of(layers, export.blocked, overlay or {}, target.parent, left, exact or {})
    try:
        with partial.open("w", encoding="ascii") as file:
            file.writelines(line + "\n" for line in _lines(form, rulings, export, now, head, left))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(target.parent)
    return left


def _lines(
    form: Form, rulings: Iterable[Ruling], export: ExportZone, now: float, head: Head, left: Left
) -> Iterable[str]:
    match form:
        case Form.RPZ:
            return zone_lines(rulings, export, int(now) & 0xFFFF_FFFF, head, left)
        case Form.HOSTS:
            return hosts_lines(rulings, head)
        case Form.ADBLOCK:
            return adblock_lines(rulings, head, left)


def _digest(layers: Sequence[Path]) -> str:
    """Return the snapshots' digests, which their files are named by."""
    return " ".join(path.stem for path in layers)
