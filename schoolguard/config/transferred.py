"""Lists of ``lists.yaml`` that are transferred zones. It transfers nothing, and opens no zone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from schoolguard.config import list_keys, transfer_keys
from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.tree import is_file, is_folder
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.settings import Paths

FORMAT = "rpz"
"""How a kept zone is written, whatever its primary is."""


def ids_in(fields: Fields) -> frozenset[str]:
    """Return the ids of the transfers, also of those with something wrong in them."""
    return frozenset(at.value for at in _ids(fields))


def check_keys(fields: Fields, out: Collector) -> None:
    """Record a list with both ``file`` and ``transfer``, or with a format that cannot be."""
    if not fields.tried(list_keys.TRANSFER):
        return
    if fields.tried(list_keys.FILE):
        out.error(fields.mark_of(list_keys.TRANSFER), Wrong(N_("a list has a file or a transfer, not both")))
    written = fields.given(list_keys.FORMAT)
    if written and written.value not in ("auto", FORMAT):
        msgid = N_("a transferred zone is always kept in the same format; remove the key")
        out.error(written.mark, Wrong(msgid, found=written.value, accepted=FORMAT))


def path_of(fields: Fields, paths: Paths | None, transfers: frozenset[str], out: Collector) -> Path | None:
    """Return where the zone is kept, be it there or not; ``paths`` are ``None`` when they are not known."""
    given = fields.given(list_keys.TRANSFER)
    if given is None:
        return None
    if given.value not in transfers:
        msgid = N_("`transfers` has no zone with this id")
        out.error(given.mark, Wrong(msgid, found=given.value, accepted=tuple(sorted(transfers)) or "-"))
        return None
    if paths is None:
        return None
    path = paths.transfers / f"{given.value}.rpz"
    if not is_file(path) and _visible(paths):
        msgid = N_(
            "this zone was not transferred yet, so nothing in it is blocked; a running gateway gets it"
        )
        out.warning(given.mark, Wrong(msgid, found=given.value))
    return path


def check_used(fields: Fields, out: Collector) -> None:
    """Record transfers that no list names."""
    given = fields.given(list_keys.LISTS)
    sections = [section for section, _ in given.value] if given else []
    used = {at.value for section in sections if (at := section.given(list_keys.TRANSFER))}
    for transfer_id, mark in _ids(fields):
        if transfer_id not in used:
            msgid = N_("no list has `transfer: {id}`, so this zone blocks nothing")
            out.warning(mark, Wrong(msgid, id=transfer_id))


def _visible(paths: Paths) -> bool:
    """Return whether this user would see a kept zone: the state folder is the gateway's own."""
    return not is_folder(paths.state) or os.access(paths.state, os.X_OK)


def _ids(fields: Fields) -> Iterator[At[str]]:
    given = fields.given(transfer_keys.TRANSFERS)
    for section, _ in given.value if given else ():
        if (transfer_id := section.given(transfer_keys.TRANSFER_ID)) is not None:
            yield transfer_id
