"""``lists.yaml`` as list sources. It opens no list: it looks only whether the files are there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED
from schoolguard.config import list_keys as keys
from schoolguard.config import shadow_lists, transferred
from schoolguard.config.finding import At, Collector, Wrong, nearest
from schoolguard.config.own_categories import Table
from schoolguard.config.tree import is_file, is_folder
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.settings import Paths

_MARKS = {Kind.ALLOW: ALLOWED, Kind.NEVER_BLOCK: NEVER_BLOCK}


def sources_of(
    fields: Fields, paths: Paths | None, table: Table, out: Collector
) -> tuple[shadow_lists.Sources, shadow_lists.ShadowLists]:
    """Return the lists that could be read, each with its place, and what the bits of those in shadow mean.

    ``paths`` says where list files and transferred zones lie, if known.
    """
    transfers = transferred.ids_in(fields)
    given = fields.given(keys.LISTS)
    sources: list[At[ListSource]] = []
    shadows: list[At[str]] = []
    places: dict[str, int] = {}
    for section, mark in given.value if given else ():
        list_id = section.given(keys.ID)
        if list_id and (first := places.get(list_id.value)):
            wrong = Wrong(N_("another list has this id, in line {first}"), found=list_id.value, first=first)
            out.error(list_id.mark, wrong)
        elif list_id:
            places[list_id.value] = list_id.mark.line
        source = _source(section, paths, transfers, table, out)
        if source is not None:
            sources.append(At(source, mark))
            shadow_lists.check(section, source, out)
            if section.value(keys.SHADOW):
                shadows.append(At(source.id, section.mark_of(keys.SHADOW)))
    transferred.check_used(fields, out)
    return shadow_lists.assigned(tuple(sources), shadows, out)


def _source(
    fields: Fields, paths: Paths | None, transfers: frozenset[str], table: Table, out: Collector
) -> ListSource | None:
    kind = Kind(fields.value(keys.KIND))
    bit = _bit(fields, kind, table, out)
    transferred.check_keys(fields, out)
    awaited = fields.tried(keys.TRANSFER)
    if awaited:
        path = transferred.path_of(fields, paths, transfers, out)
    else:
        path = _path(fields, paths.blocklists if paths else None, out)
    list_id = fields.given(keys.ID)
    if bit is None or path is None or list_id is None:
        return None
    return ListSource(
        list_id.value,
        str(path),
        bit,
        kind,
        transferred.FORMAT if awaited else fields.value(keys.FORMAT),
        Exceptions(fields.value(keys.EXCEPTIONS)),
        fields.value(keys.MAX_ENTRIES),
        _fraction(fields.value(keys.MAX_SHRINK)),
        _fraction(fields.value(keys.MAX_GROWTH)),
        awaited,
    )


def _fraction(value: float | str) -> float | None:
    return None if isinstance(value, str) else value


def _bit(fields: Fields, kind: Kind, table: Table, out: Collector) -> int | None:
    category = fields.given(keys.CATEGORY)
    if kind is not Kind.BLOCK:
        if category:
            msgid = N_("a list of kind {kind} has no category; remove the category or the kind")
            out.error(category.mark, Wrong(msgid, kind=kind.value, found=category.value))
        return _MARKS[kind].bit_length() - 1
    if category is None:
        if not fields.tried(keys.CATEGORY) and (fields.given(keys.KIND) or not fields.tried(keys.KIND)):
            msgid = N_("the key `category` is missing; without it write `kind: allow` or `kind: never-block`")
            out.error(fields.mark, Wrong(msgid))
        return None
    mask = table.mask((category,), out)
    return mask.bit_length() - 1 if mask else None


def _path(fields: Fields, blocklists: Path | None, out: Collector) -> Path | None:
    given = fields.given(keys.FILE)
    if given is None:
        return None
    file, mark = given
    parts = PurePosixPath(file)
    if parts.is_absolute() or ".." in parts.parts or "\\" in file:
        msgid = N_("list files lie in the folder paths.blocklists; write the path within it")
        out.error(mark, Wrong(msgid, found=file, accepted="vn/gambling.txt"))
        return None
    if blocklists is None or not is_folder(blocklists):
        return None
    path = blocklists / file
    if not is_file(path):
        folder = path.parent if is_folder(path.parent) else blocklists
        near = nearest(path.name, sorted(entry.name for entry in folder.iterdir()))
        meant = str((folder / near).relative_to(blocklists)) if near else None
        msgid = N_("the list file is missing in {folder}; its names would not be blocked")
        out.error(mark, Wrong(msgid, folder=str(blocklists), found=file, suggestion=meant))
        return None
    if not os.access(path, os.R_OK):
        out.error(mark, Wrong(N_("this user may not read the list file"), found=file))
        return None
    return path


def check_fed(
    sources: shadow_lists.Sources,
    tried: shadow_lists.ShadowLists,
    blocked: Iterable[At[str]],
    table: Table,
    out: Collector,
) -> None:
    """Record, once each, the categories that are blocked somewhere while no list names anything in them.

    Sealed categories are left out: orders fill them, not lists. ``tried`` are the lists in shadow.
    """
    on_trial = {mask for _, mask in tried.values()}
    fed = {source.value.bit for source in sources if source.value.kind is Kind.BLOCK}
    told: set[str] = set()
    for name, mark in blocked:
        category = table.by_name.get(name)
        if category and category.bit not in fed and not category.mask & SEALED and name not in told:
            told.add(name)
            msgid = N_("no list of lists.yaml has this category, so nothing in it is blocked")
            if category.mask in on_trial:
                msgid = N_("all lists with this category are in shadow, so nothing in it is blocked yet")
            out.warning(mark, Wrong(msgid, found=name))
