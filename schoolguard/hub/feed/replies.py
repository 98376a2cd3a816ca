"""How the receiver answers: JSON in canonical form, never kept by anybody between. No routes here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from schoolguard.intake.orders.canonical import canonical

PROBLEM = "schoolguard-feed-problem/1"
_FIELDS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_reply(status: int, document: bytes, fields: Mapping[str, str] | None = None) -> web.Response:
    """Return an answer whose body is a JSON document."""
    headers = {**_FIELDS, **(fields or {})}
    return web.Response(status=status, body=document, content_type="application/json", headers=headers)


def members_reply(members: Mapping[str, Any]) -> web.Response:
    """Return an answer of members."""
    return json_reply(200, canonical(members))


def problem(status: int, word: str, why: str, fields: Mapping[str, str] | None = None) -> web.Response:
    """Return an error: ``word`` is for programs, ``why`` for people, in English."""
    members = {"format": PROBLEM, "code": word, "message": why[:300]}
    return json_reply(status, canonical(members), fields)
