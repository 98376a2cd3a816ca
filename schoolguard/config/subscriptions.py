"""Which lists of ``lists.yaml`` are fetched, from where and how often. It fetches nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from schoolguard.config import list_keys
from schoolguard.config import subscription_keys as keys
from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.tree import is_file, read_section
from schoolguard.config.types import Fields
from schoolguard.intake.subscriptions.model import Subscription
from schoolguard.language import N_

FOLDER = "subscriptions"
"""Below ``paths.state``."""

_ONLY_FETCHED = (keys.REFRESH, keys.MEMBER, keys.MAX_SIZE, keys.ALARM_AFTER, keys.PRIVATE_NETWORKS)


def fetched_path(state: Path, list_id: str) -> Path:
    """Return where a fetched list stands, whether it has come yet or not."""
    return state / FOLDER / f"{list_id}.list"


def subscriptions_of(
    sections: Iterable[At[Fields]], blocklists: Path | None, out: Collector
) -> tuple[At[Subscription], ...]:
    """Return the lists that are fetched, each with its place; what is wrong is recorded and left out.

    ``sections`` are the lists of ``lists.yaml``, ``blocklists`` the folder with the catalogue, if known. It
    also records a list with both ``file`` and ``url``, and one with neither.
    """
    sections = tuple(sections)
    wanted = any(_is_from_catalogue(section) for section, _ in sections)
    public = _addresses(blocklists, out) if wanted else {}
    found = (_subscription(section, public, out) for section, _ in sections)
    return tuple(each for each in found if each is not None)


def _is_from_catalogue(fields: Fields) -> bool:
    url = fields.given(keys.URL)
    return url is not None and url.value == keys.CATALOGUE


def _subscription(
    fields: Fields, public: Mapping[str, str] | None, out: Collector
) -> At[Subscription] | None:
    _check_keys(fields, out)
    url, list_id = _url(fields, public, out), fields.given(list_keys.ID)
    if url is None or list_id is None:
        return None
    networks = fields.given(keys.PRIVATE_NETWORKS)
    wanted = Subscription(
        list_id.value,
        url,
        fields.value(keys.REFRESH),
        fields.value(list_keys.FORMAT),
        fields.value(keys.MEMBER),
        fields.value(keys.MAX_SIZE),
        fields.value(keys.ALARM_AFTER),
        tuple(network for network, _ in networks.value) if networks else (),
    )
    if wanted.alarm_after < 2 * wanted.refresh:
        msgid = N_("the list would be called too old between two rounds; at least twice refresh belongs here")
        out.warning(fields.mark_of(keys.ALARM_AFTER), Wrong(msgid))
    return At(wanted, fields.mark)


def _check_keys(fields: Fields, out: Collector) -> None:
    has_file, has_url = fields.tried(list_keys.FILE), fields.tried(keys.URL)
    if has_file and has_url:
        out.error(fields.mark_of(keys.URL), Wrong(N_("a list has a file or a url, not both")))
    elif not has_file and not has_url:
        out.error(fields.mark, Wrong(N_("the key `file` or `url` is missing")))
    for key in _ONLY_FETCHED:
        if not has_url and fields.tried(key):
            msgid = N_("`{key}` is for a list that is fetched; this one has no url")
            out.error(fields.mark_of(key), Wrong(msgid, key=key.name))


def _url(fields: Fields, public: Mapping[str, str] | None, out: Collector) -> str | None:
    given, list_id = fields.given(keys.URL), fields.given(list_keys.ID)
    if given is None:
        return None
    if given.value != keys.CATALOGUE:
        if (host := keys.private_literal(given.value)) and not fields.tried(keys.PRIVATE_NETWORKS):
            msgid = N_("this is no public address; a mirror of one's own needs `private-networks`")
            out.error(given.mark, Wrong(msgid, found=host))
            return None
        return given.value
    if list_id is None or public is None:
        return None
    if list_id.value not in public:
        msgid = N_("{file} has no list with this id; write its address")
        wrong = Wrong(msgid, file=keys.CATALOGUE_NAME, found=list_id.value, accepted=tuple(public))
        out.error(list_id.mark, wrong)
        return None
    return public[list_id.value]


def _addresses(blocklists: Path | None, out: Collector) -> dict[str, str] | None:
    """Return the addresses of the catalogue by id, None when it cannot be read, which is recorded."""
    if blocklists is None:
        return None
    if not is_file(blocklists / keys.CATALOGUE_NAME):
        return {}
    fields = read_section(blocklists, keys.CATALOGUE_NAME, keys.CATALOGUE_FILE, out)
    given = fields.given(keys.PUBLIC_LISTS) if fields else None
    found = {}
    for section, _ in given.value if given else ():
        list_id, address = section.given(list_keys.ID), section.given(keys.ADDRESS)
        if list_id is not None and address is not None:
            found[list_id.value] = address.value
    return found if fields else None
