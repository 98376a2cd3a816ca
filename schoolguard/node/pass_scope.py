"""For whom a pass is and what it opens: what was typed, looked up in the settings. It grants nothing."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from schoolguard.categories import Category
from schoolguard.language import N_, Said
from schoolguard.node.pass_model import PassRefused
from schoolguard.node.typed import device, domain_name
from schoolguard.policy.model import School

SERVICE, CATEGORY = "service:", "category:"

_SHOWN = 30
"""Known names that an error lists: a screen; the suggestion is taken from all."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A group of a school, or a device in it."""

    school: str
    group: str | None = None
    device: bytes | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What targets stand for: as typed, names in text shape, ids of services, a mask of categories."""

    targets: tuple[str, ...]
    names: frozenset[str]
    services: tuple[str, ...]
    categories: int


def scope_of(schools: Sequence[School], school: str | None, group: str | None, typed: str | None) -> Scope:
    """Return for whom a pass is: exactly one of ``group`` and ``typed``, a MAC or an address, is given.

    Raises ``PassRefused``, and ``Said`` for what is no device.
    """
    among = list(schools) if school is None else [_school(schools, school)]
    if group is not None and typed is None:
        return _group(among, group)
    if typed is not None and group is None:
        packed = device(typed)
        return Scope(_school_of_device(among, packed), device=packed)
    raise PassRefused(N_("name either --group or --device"))


def opened(
    targets: Sequence[str], categories: Sequence[Category], services: Mapping[str, Collection[str]]
) -> Opened:
    """Return what targets stand for; ``services`` is id -> names. Raises ``PassRefused`` and ``Said``."""
    by_name = {category.name: category for category in categories}
    typed: list[str] = []
    ids: list[str] = []
    names: set[str] = set()
    mask = 0
    for target in dict.fromkeys(targets):
        if target.startswith(CATEGORY):
            mask |= by_name[_known(N_("no category {found!r}"), target.removeprefix(CATEGORY), by_name)].mask
            typed.append(target)
        elif target.startswith(SERVICE):
            id = _known(N_("no service {found!r}"), target.removeprefix(SERVICE), services)
            ids.append(id)
            names.update(services[id])
            typed.append(target)
        else:
            name = domain_name(target)
            names.add(name)
            typed.append(name)
    return Opened(tuple(typed), frozenset(names), tuple(ids), mask)


def _school(schools: Sequence[School], found: str) -> School:
    by_id = {school.id: school for school in schools}
    return by_id[_known(N_("no school {found!r}"), found, by_id)]


def _group(schools: Sequence[School], found: str) -> Scope:
    scopes = [Scope(school.id, group.name) for school in schools for group in school.groups]
    fitting = [scope for scope in scopes if _same(scope.group or "", found)]
    if len(fitting) > 1:
        msgid = N_("several schools have a group {group!r}; add --school, one of: {schools}")
        raise PassRefused(msgid, group=found, schools=", ".join(scope.school for scope in fitting))
    if not fitting:
        _known(N_("no group {found!r}"), found, dict.fromkeys(scope.group or "" for scope in scopes))
    return fitting[0]


def _school_of_device(schools: Sequence[School], packed: bytes) -> str:
    if len(schools) == 1:
        return schools[0].id
    serving = [school.id for school in schools if len(packed) != 6 and _serves(school, packed)]
    if len(serving) == 1:
        return serving[0]
    msgid = N_("it is not plain which school the device is in; add --school, one of: {schools}")
    raise PassRefused(msgid, schools=", ".join(school.id for school in schools))


def _serves(school: School, packed: bytes) -> bool:
    address = ip_address(packed)
    return any(address in network for group in school.groups for network in group.networks)


def _known(msgid: str, found: str, known: Collection[str]) -> str:
    """Return ``found`` when it is known; raises ``PassRefused`` with what is, and what was probably meant."""
    if found in known:
        return found
    listed = sorted(known)
    more = ", …" if len(listed) > _SHOWN else ""
    reasons = [
        Said(msgid, found=found),
        Said(N_("known are: {known}"), known=(", ".join(listed[:_SHOWN]) + more) or "-"),
    ]
    if (meant := _meant(found, listed)) is not None:
        reasons.append(Said(N_("did you mean `{suggestion}`?"), suggestion=meant))
    raise PassRefused("{reasons}", reasons=tuple(reasons))


def _meant(found: str, known: Sequence[str]) -> str | None:
    folded = {_folded(each): each for each in known}
    close = difflib.get_close_matches(_folded(found[:100]), folded, n=1)
    return folded[close[0]] if close else None


def _same(name: str, found: str) -> bool:
    """Return whether a name was typed, whatever the case and the way accents are composed."""
    first, second = (
        unicodedata.normalize("NFC", " ".join(each.split())).casefold() for each in (name, found)
    )
    return first == second


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(char for char in plain if not unicodedata.combining(char) and char.isalnum())
