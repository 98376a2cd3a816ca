"""Lists that are fetched: from where, how often, within which bounds. It fetches nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from schoolguard.config import list_keys
from schoolguard.config import subscription_keys as keys
from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.subscription_catalogue import FILE_NAME, Catalogue, PublicList, catalogue_of
from schoolguard.config.tree import is_file, is_folder
from schoolguard.config.types import Fields
from schoolguard.intake.subscriptions.model import Subscription
from schoolguard.language import N_
from schoolguard.lists.model import Kind
from schoolguard.settings import Paths

_ONLY_FETCHED = (keys.REFRESH, keys.MEMBER, keys.MAX_SIZE, keys.ALARM_AFTER, keys.PRIVATE_NETWORKS)


def catalogue_for(sections: Iterable[Fields], file: Path | None, out: Collector) -> Catalogue | None:
    """Return the catalogue if a list wants it; ``None`` when it is not known what it says."""
    if not any(_is_public(section) for section in sections):
        return {}
    return None if file is None else catalogue_of(file, out)


def public_of(fields: Fields, catalogue: Catalogue | None) -> PublicList | None:
    """Return what the catalogue says of a list that is taken from it."""
    list_id = fields.given(list_keys.ID)
    if catalogue is None or list_id is None or not _is_public(fields):
        return None
    return catalogue.get(list_id.value)


def subscription_of(fields: Fields, catalogue: Catalogue | None, out: Collector) -> Subscription | None:
    """Return what is to be fetched for a list, ``None`` when nothing is or can be; faults are recorded."""
    _check_keys(fields, out)
    url, list_id = _url(fields, catalogue, out), fields.given(list_keys.ID)
    if url is None or list_id is None:
        return None
    networks = fields.given(keys.PRIVATE_NETWORKS)
    wanted = Subscription(
        list_id.value,
        url,
        fields.value(keys.REFRESH),
        format_of(fields, catalogue),
        fields.value(keys.MEMBER),
        fields.value(keys.MAX_SIZE),
        fields.value(keys.ALARM_AFTER),
        tuple(network for network, _ in networks.value) if networks else (),
        _purpose(fields, catalogue),
    )
    if wanted.alarm_after < 2 * wanted.refresh:
        msgid = N_("the list would be called too old between two rounds; at least twice refresh belongs here")
        out.warning(fields.mark_of(keys.ALARM_AFTER), Wrong(msgid))
    return wanted


def _purpose(fields: Fields, catalogue: Catalogue | None) -> str:
    category, public = fields.given(list_keys.CATEGORY), public_of(fields, catalogue)
    named = category.value if category else public.category if public else ""
    return f"{fields.value(list_keys.KIND)} {named}".strip()


def format_of(fields: Fields, catalogue: Catalogue | None) -> str:
    """Return how a list is written: as it says itself, else as the catalogue says."""
    public = public_of(fields, catalogue)
    if public is None or fields.given(list_keys.FORMAT):
        return fields.value(list_keys.FORMAT)
    return public.format


def path_of(fields: Fields, wanted: Subscription | None, paths: Paths | None, out: Collector) -> Path | None:
    """Return where the list is kept, be it there or not; ``paths`` are ``None`` when they are not known."""
    if wanted is None or paths is None:
        return None
    path = paths.subscriptions / f"{wanted.id}.list"
    visible = not is_folder(paths.state) or os.access(paths.state, os.X_OK)
    if not is_file(path) and visible:
        msgid = N_("this list was not fetched yet, so nothing in it is blocked; a running gateway gets it")
        out.warning(fields.mark_of(keys.URL), Wrong(msgid, found=wanted.id))
    return path


def _is_public(fields: Fields) -> bool:
    url = fields.given(keys.URL)
    return url is not None and url.value == keys.CATALOGUE


def _check_keys(fields: Fields, out: Collector) -> None:
    has_url = fields.tried(keys.URL)
    if has_url and any(fields.tried(key) for key in (list_keys.FILE, list_keys.TRANSFER)):
        out.error(fields.mark_of(keys.URL), Wrong(N_("a list has a file, a url or a transfer, one of them")))
    kind = fields.given(list_keys.KIND)
    if has_url and kind is not None and kind.value == Kind.NEVER_BLOCK:
        msgid = N_("the safety net is not fetched: whoever keeps the list could open everything")
        out.error(kind.mark, Wrong(msgid, found=kind.value))
    for key in _ONLY_FETCHED:
        if not has_url and fields.tried(key):
            msgid = N_("`{key}` is for a list that is fetched; this one has no url")
            out.error(fields.mark_of(key), Wrong(msgid, key=key.name))


def _url(fields: Fields, catalogue: Catalogue | None, out: Collector) -> str | None:
    given, list_id = fields.given(keys.URL), fields.given(list_keys.ID)
    if given is None:
        return None
    if given.value != keys.CATALOGUE:
        if (host := keys.private_literal(given.value)) and not fields.tried(keys.PRIVATE_NETWORKS):
            msgid = N_("this is no public address; a mirror of one's own needs `private-networks`")
            out.error(given.mark, Wrong(msgid, found=host))
            return None
        return given.value
    if list_id is None or catalogue is None:
        return None
    if list_id.value not in catalogue:
        msgid = N_("{file} has no list with this id; write its address")
        accepted = tuple(catalogue) or "-"
        out.error(list_id.mark, Wrong(msgid, file=FILE_NAME, found=list_id.value, accepted=accepted))
        return None
    return catalogue[list_id.value].address
