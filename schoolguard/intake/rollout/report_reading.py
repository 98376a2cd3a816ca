"""Reads a gateway's report: its signature first, then each member. It must not ask whose key it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schoolguard.intake.orders.canonical import NotCanonical, canonical, moment, read_canonical
from schoolguard.intake.rollout.report import (
    FORMAT,
    MOST_BYTES,
    MOST_LISTS,
    Effect,
    ListCount,
    Preview,
    Rate,
    Report,
)

_STATE = re.compile(r"[0-9a-f]{64}\Z")
_LIST = re.compile(r"[a-z0-9][a-z0-9._-]{0,120}\Z")
_MEMBERS = frozenset({"format", "gateway", "number", "time", "software", "preview", "effect"})


class ReportRefused(ValueError):
    """Bytes that are no report with a good signature."""


def read_report(document: bytes) -> tuple[Report, bytes]:
    """Return a report whose signature is good, and the public key (32 bytes) that made it.

    Raises ``ReportRefused``; whose key that is, is not asked here.
    """
    try:
        outer = read_canonical(document, MOST_BYTES)
        if outer.keys() != {"key", "report", "signature"} or not isinstance(outer["report"], dict):
            raise NotCanonical("missing or unknown members")
        public, signature = (_hex(outer[name], size) for name, size in (("key", 32), ("signature", 64)))
        Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical(outer["report"]))
        return _report(outer["report"]), public
    except (NotCanonical, InvalidSignature, ValueError) as error:
        raise ReportRefused(str(error) or "the signature does not fit") from error


def _report(members: Mapping[str, Any]) -> Report:
    if members.keys() != _MEMBERS or members["format"] != FORMAT:
        raise NotCanonical("another format, or missing or unknown members")
    preview, effect = members["preview"], members["effect"]
    return Report(
        _text(members["gateway"]),
        _whole(members["number"]),
        moment(_text(members["time"])),
        _text(members["software"]),
        None if preview is None else _preview(_object(preview, Preview)),
        None if effect is None else _effect(_object(effect, Effect)),
    )


def _preview(members: Mapping[str, Any]) -> Preview:
    found = members["lists"]
    if not isinstance(found, list) or len(found) > MOST_LISTS:
        raise NotCanonical("lists: no list, or a long one")
    asked, blocked, opened, learning = (
        _whole(members[name]) for name in ("asked", "blocked", "opened", "learning")
    )
    if blocked + opened > asked or learning > blocked:
        raise NotCanonical("preview: counts that cannot be")
    lists = tuple(_list_count(_object(each, ListCount)) for each in found)
    return Preview(
        _state(members["state"]), _former(members["former"]), asked, blocked, opened, learning, lists
    )


def _list_count(members: Mapping[str, Any]) -> ListCount:
    name = _text(members["list_id"])
    if not _LIST.match(name):
        raise NotCanonical("no list's id")
    return ListCount(name, _whole(members["blocked"]), _whole(members["learning"]))


def _effect(members: Mapping[str, Any]) -> Effect:
    after, before = (_rate(_object(members[name], Rate)) for name in ("after", "before"))
    since = moment(_text(members["since"]))
    return Effect(_state(members["state"]), _former(members["former"]), since, after, before)


def _rate(members: Mapping[str, Any]) -> Rate:
    rate = Rate(*(_whole(members[name]) for name in ("queries", "blocked", "requests")))
    if rate.blocked > rate.queries:
        raise NotCanonical("more blocked than asked")
    return rate


def _object(found: object, kind: type) -> dict[str, Any]:
    wanted = {field.name for field in fields(kind)}
    if not isinstance(found, dict) or found.keys() != wanted:
        raise NotCanonical(f"{kind.__name__.lower()}: missing or unknown members")
    return found


def _state(found: object) -> str:
    if not isinstance(found, str) or not _STATE.match(found):
        raise NotCanonical("no state")
    return found


def _former(found: object) -> str:
    return "" if found == "" else _state(found)


def _text(found: object) -> str:
    if not isinstance(found, str) or not 0 < len(found) <= 200 or not found.isprintable():
        raise NotCanonical("no short text")
    return found


def _whole(found: object) -> int:
    if type(found) is not int or not 0 <= found < 1 << 53:
        raise NotCanonical("no whole number")
    return found


def _hex(found: object, size: int) -> bytes:
    if not isinstance(found, str) or len(found) != 2 * size or found != found.lower():
        raise NotCanonical(f"no {size} bytes in hexadecimal")
    try:
        return bytes.fromhex(found)
    except ValueError as error:
        raise NotCanonical(str(error)) from error
