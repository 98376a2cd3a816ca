"""``lists.yaml`` as list sources. It opens no list: it looks only whether the files are there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED
from schoolguard.config import list_keys as keys
from schoolguard.config import (
    shadow_lists,
    subscription_catalogue,
    subscription_keys,
    subscriptions,
    transferred,
)
from schoolguard.config.finding import At, Collector, Wrong, nearest
from schoolguard.config.own_categories import Table
from schoolguard.config.subscription_catalogue import Catalogue
from schoolguard.config.tree import is_file, is_folder
from schoolguard.config.types import Fields
from schoolguard.intake.subscriptions.model import Subscription
from schoolguard.language import N_
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.settings import Paths, SubscriptionSettings

_MARKS = {Kind.ALLOW: ALLOWED, Kind.NEVER_BLOCK: NEVER_BLOCK}


@dataclass(frozen=True, slots=True)
class ReadLists:
    """The lists that could be read, each with its place; those in shadow; those that are fetched."""

    sources: shadow_lists.Sources = ()
    shadows: shadow_lists.ShadowLists = field(default_factory=dict)
    subscriptions: SubscriptionSettings = field(default_factory=SubscriptionSettings)


def lists_of(fields: Fields, paths: Paths | None, table: Table, out: Collector) -> ReadLists:
    """Return the lists; ``paths`` says where list files, fetched ones and transferred zones lie, if known."""
    given = fields.given(keys.LISTS)
    sections = given.value if given else ()
    blocklists = paths.blocklists if paths else None
    file = blocklists / subscription_catalogue.FILE_NAME if blocklists else None
    catalogue = subscriptions.catalogue_for((section for section, _ in sections), file, out)
    reading = _Reading(paths, transferred.ids_in(fields), catalogue, table, out)
    sources: list[At[ListSource]] = []
    shadows: list[At[str]] = []
    _check_ids(sections, out)
    for section, mark in sections:
        source = reading.source(section)
        if source is not None:
            sources.append(At(source, mark))
            shadow_lists.check(section, source, out)
            if section.value(keys.SHADOW):
                shadows.append(At(source.id, section.mark_of(keys.SHADOW)))
    transferred.check_used(fields, out)
    popular = _path(fields.given(subscription_keys.POPULAR), blocklists, out)
    fetched = SubscriptionSettings(tuple(reading.fetched), popular)
    return ReadLists(*shadow_lists.assigned(tuple(sources), shadows, out), fetched)


def _check_ids(sections: Iterable[At[Fields]], out: Collector) -> None:
    places: dict[str, int] = {}
    for section, _ in sections:
        list_id = section.given(keys.ID)
        if list_id and (first := places.get(list_id.value)):
            wrong = Wrong(N_("another list has this id, in line {first}"), found=list_id.value, first=first)
            out.error(list_id.mark, wrong)
        elif list_id:
            places[list_id.value] = list_id.mark.line


class _Reading:
    """Reads one list after the other; ``fetched`` gathers those that have an address."""

    def __init__(
        self,
        paths: Paths | None,
        transfers: frozenset[str],
        catalogue: Catalogue | None,
        table: Table,
        out: Collector,
    ) -> None:
        self._paths, self._transfers, self._catalogue = paths, transfers, catalogue
        self._table, self._out = table, out
        self.fetched: list[Subscription] = []

    def source(self, fields: Fields) -> ListSource | None:
        kind = Kind(fields.value(keys.KIND))
        bit = self._bit(fields, kind)
        path = self._path(fields)
        list_id = fields.given(keys.ID)
        if bit is None or path is None or list_id is None:
            return None
        awaited = fields.tried(keys.TRANSFER) or fields.tried(subscription_keys.URL)
        return ListSource(
            list_id.value,
            str(path),
            bit,
            kind,
            self._format(fields),
            Exceptions(fields.value(keys.EXCEPTIONS)),
            fields.value(keys.MAX_ENTRIES),
            _fraction(fields.value(keys.MAX_SHRINK)),
            _fraction(fields.value(keys.MAX_GROWTH)),
            awaited,
        )

    def _format(self, fields: Fields) -> str:
        if fields.tried(keys.TRANSFER):
            return transferred.FORMAT
        return subscriptions.format_of(fields, self._catalogue)

    def _path(self, fields: Fields) -> Path | None:
        transferred.check_keys(fields, self._out)
        wanted = subscriptions.subscription_of(fields, self._catalogue, self._out)
        if fields.tried(subscription_keys.URL):
            self.fetched += [wanted] if wanted else []
            return subscriptions.path_of(fields, wanted, self._paths, self._out)
        if fields.tried(keys.TRANSFER):
            return transferred.path_of(fields, self._paths, self._transfers, self._out)
        if not fields.tried(keys.FILE):
            msgid = N_(
                "the key `file` is missing, or `transfer` for a list that comes by zone transfer, or "
                "`url` for one that is fetched"
            )
            self._out.error(fields.mark, Wrong(msgid))
        return _path(fields.given(keys.FILE), self._paths.blocklists if self._paths else None, self._out)

    def _bit(self, fields: Fields, kind: Kind) -> int | None:
        category = fields.given(keys.CATEGORY)
        if kind is not Kind.BLOCK:
            if category:
                msgid = N_("a list of kind {kind} has no category; remove the category or the kind")
                self._out.error(category.mark, Wrong(msgid, kind=kind.value, found=category.value))
            return _MARKS[kind].bit_length() - 1
        public = subscriptions.public_of(fields, self._catalogue)
        if category is None and public is not None and not fields.tried(keys.CATEGORY):
            category = At(public.category, fields.mark_of(subscription_keys.URL))
        if category is None:
            self._check_no_category(fields)
            return None
        mask = self._table.mask((category,), self._out)
        return mask.bit_length() - 1 if mask else None

    def _check_no_category(self, fields: Fields) -> None:
        url = fields.given(subscription_keys.URL)
        if fields.tried(keys.CATEGORY) or (url is not None and url.value == subscription_keys.CATALOGUE):
            return
        if fields.given(keys.KIND) or not fields.tried(keys.KIND):
            msgid = N_("the key `category` is missing; without it write `kind: allow` or `kind: never-block`")
            self._out.error(fields.mark, Wrong(msgid))


def _fraction(value: float | str) -> float | None:
    return None if isinstance(value, str) else value


def _path(given: At[str] | None, blocklists: Path | None, out: Collector) -> Path | None:
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
