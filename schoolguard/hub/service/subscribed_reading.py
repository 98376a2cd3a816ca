"""``subscriptions`` of ``hub.yaml`` as values. Every fault becomes a finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from schoolguard.categories import BY_NAME
from schoolguard.config import list_keys
from schoolguard.config import subscription_keys as url_keys
from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.subscription_catalogue import Catalogue
from schoolguard.config.subscriptions import catalogue_for, public_of, subscription_of
from schoolguard.config.types import Fields
from schoolguard.hub.service import subscribed_keys as keys
from schoolguard.hub.service.subscribed_settings import HubSubscription
from schoolguard.language import N_
from schoolguard.lists.model import Kind

NONE_STATED = "none stated"
"""What the catalogue says of a list whose maintainer states no licence."""


def subscriptions_of(fields: Fields, folder: Path, out: Collector) -> tuple[HubSubscription, ...]:
    """Return the lists that are fetched for the schools; ``folder`` is that of ``hub.yaml``."""
    given, file = fields.given(keys.SUBSCRIPTIONS), fields.given(keys.CATALOGUE)
    sections = [section for section, _ in given.value] if given else []
    place = folder / (file.value if file else "catalogue.yaml")
    if file is not None and not place.is_file():
        out.error(file.mark, Wrong(N_("this file is missing"), found=file.value))
    catalogue = catalogue_for(sections, place, out)
    _check_ids(sections, out)
    return tuple(_subscriptions(sections, catalogue, out))


def _check_ids(sections: list[Fields], out: Collector) -> None:
    seen: set[str] = set()
    for section in sections:
        list_id = section.given(list_keys.ID)
        if list_id is not None and list_id.value in seen:
            out.error(list_id.mark, Wrong(N_("another subscription has this id"), found=list_id.value))
        seen |= {list_id.value} if list_id else set()


def _subscriptions(
    sections: list[Fields], catalogue: Catalogue | None, out: Collector
) -> Iterator[HubSubscription]:
    for section in sections:
        if not section.tried(url_keys.URL):
            continue  # it is missing, which was said
        wanted = subscription_of(section, catalogue, out)
        kind = Kind(section.value(keys.KIND))
        category = _category(section, kind, catalogue, out)
        licence = _licence(section, catalogue, out)
        if wanted is not None and category is not None and licence is not None:
            purpose = f"{kind.value} {category}"
            yield HubSubscription(replace(wanted, purpose=purpose), category, licence, kind)


def _category(fields: Fields, kind: Kind, catalogue: Catalogue | None, out: Collector) -> str | None:
    given, public = fields.given(list_keys.CATEGORY), public_of(fields, catalogue)
    if kind is Kind.ALLOW:
        if given is not None:
            msgid = N_("a list of kind {kind} has no category; remove the category or the kind")
            out.error(given.mark, Wrong(msgid, kind=kind.value, found=given.value))
        return ""
    name = given.value if given else public.category if public else None
    if name is None:
        if not fields.tried(list_keys.CATEGORY) and not _is_public(fields):
            out.error(fields.mark, Wrong(N_("the key `{key}` is missing"), key=list_keys.CATEGORY.name))
        return None
    if name not in BY_NAME:
        out.error(
            fields.mark_of(list_keys.CATEGORY),
            Wrong(N_("unknown category"), found=name, accepted=tuple(BY_NAME)),
        )
        return None
    return name


def _licence(fields: Fields, catalogue: Catalogue | None, out: Collector) -> str | None:
    """Return under what a list may be passed on; one that nobody permits is not."""
    given, public = fields.given(keys.LICENCE), public_of(fields, catalogue)
    if given is not None:
        return given.value
    if public is not None and public.licence.casefold() != NONE_STATED:
        return public.licence
    if public is not None:
        msgid = N_(
            "its maintainer states no licence, so it may not be passed on; let each gateway fetch it, or"
            " write the `licence` that you were given"
        )
        out.error(fields.mark, Wrong(msgid))
    elif not fields.tried(keys.LICENCE) and not _is_public(fields):
        out.error(fields.mark, Wrong(N_("the key `{key}` is missing"), key=keys.LICENCE.name))
    return None


def _is_public(fields: Fields) -> bool:
    url = fields.given(url_keys.URL)
    return url is not None and url.value == url_keys.CATALOGUE
