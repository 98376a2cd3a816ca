"""Reads documents strictly, by their version's table, and makes the published JSON Schemas of the same table.

A reader that is lenient would store what it does not understand: an unknown member may say that a number
means something else. It must not verify signatures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from schoolguard.feed.documents import DOCUMENTS, ENVELOPE
from schoolguard.feed.kinds import Members, Schema
from schoolguard.feed.refused import SHOWN, FeedRefused
from schoolguard.intake.orders.canonical import moment
from schoolguard.language import N_

PLACE = "document"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FORMAT = re.compile(r"(schoolguard-[a-z]+)/([1-9][0-9]{0,5})\Z", re.ASCII)


def check(document: object) -> Mapping[str, Any]:
    """Return a document that is right in every member; raises ``FeedRefused`` with the first wrong place."""
    if not isinstance(document, dict):
        raise FeedRefused("form", PLACE, N_("{place}: members belong here"))
    members = _members(document.get("format"))
    members.read(document, PLACE)
    if "begin" in document and moment(document["end"]) < moment(document["begin"]):
        raise FeedRefused("field", f"{PLACE}.end", N_("{place}: the end is before the beginning"))
    if "k" in document:
        for place, number in _devices(document):
            if number % document["k"]:
                msgid = N_("{place}: {found} is no multiple of k, which is {k}")
                raise FeedRefused("field", place, msgid, found=number, k=document["k"])
    return document


def _members(found: object) -> Members:
    """Return the table of a format; raises ``FeedRefused``, with other words when it is of a newer
    version."""
    if isinstance(found, str) and found in DOCUMENTS:
        return DOCUMENTS[found]
    place, known = f"{PLACE}.format", ", ".join(DOCUMENTS)
    matched = _FORMAT.match(found) if isinstance(found, str) else None
    if matched and f"{matched[1]}/1" in DOCUMENTS:
        msgid = N_(
            "{place}: this document is of version {version} of {kind}, which this program does not know; "
            "it reads {known}. Install the newer SchoolGuard first"
        )
        raise FeedRefused("version", place, msgid, version=matched[2], kind=matched[1], known=known)
    shown = repr(found)[:SHOWN]
    raise FeedRefused("version", place, N_("{place}: {found} is none of {known}"), found=shown, known=known)


def _devices(document: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield every number of devices or of people's acts, with its place."""
    for name in _MULTIPLES:
        if name in document:
            yield f"{PLACE}.{name}", document[name]
    for tier, number in document.get("tiers", {}).items():
        yield f"{PLACE}.tiers.{tier}", number
    for name in ("services", "names"):
        for at, asked in enumerate(document.get(name, ())):
            yield f"{PLACE}.{name}[{at}].devices", asked["devices"]


_MULTIPLES = ("devices", "budgets-used-up", "passes", "unblock-requests")


def file_name(format: str) -> str:
    """Return the file of a format's schema: ``summary-1.json``."""
    return format.removeprefix("schoolguard-").replace("/", "-") + ".json"


def schemas() -> dict[str, Schema]:
    """Return the JSON Schemas (2020-12) by file name: each document's, and the signed envelope's."""
    found = {
        file_name(format): {"$schema": _DIALECT, "$id": _id(format), **members.schema()}
        for format, members in DOCUMENTS.items()
    }
    envelope = Members(ENVELOPE, "SchoolGuard: a signed document").schema()
    envelope["properties"]["document"] = {"oneOf": [{"$ref": _id(format)} for format in DOCUMENTS]}
    found["signed-1.json"] = {"$schema": _DIALECT, "$id": _id("schoolguard-signed/1"), **envelope}
    return found


def schema_text(schema: Schema) -> str:
    """Return a schema as it is published."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _id(format: str) -> str:
    return "urn:" + format.replace("/", ":").replace("schoolguard-", "schoolguard:feed:")
