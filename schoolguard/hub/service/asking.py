"""What the routes of this package share: a bounded body, a signed request of a partner, an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from schoolguard.hub.push.signature import Request, SignatureRefused, Signed, verify
from schoolguard.intake.orders.canonical import canonical

BODY_TIME = 30.0
"""Seconds in which a body must have come: it has some hundred bytes, some kilobytes at most."""


async def body(request: web.BaseRequest, most: int) -> bytes | None:
    """Return a body, None for one longer than ``most`` bytes; raises ``TimeoutError``."""
    content = bytearray()
    async with asyncio.timeout(BODY_TIME):
        async for block in request.content.iter_any():
            content += block
            if len(content) > most:
                return None
    return bytes(content)


def authenticate(request: web.BaseRequest, key_of: Callable[[str], bytes | None]) -> Signed:
    """Return who signed a GET; raises ``SignatureRefused``. Whether it is fresh is not asked."""
    if len(request.headers.getall("Host", [])) != 1:
        raise SignatureRefused("host", "one Host field belongs in a request")
    fields = {name.lower(): value for name, value in request.headers.items()}
    authority = request.host.lower().removesuffix(":443")
    return verify(Request("GET", authority, request.rel_url.raw_path, fields), key_of)


def answer(status: int, members: dict[str, Any], fields: dict[str, str] | None = None) -> web.Response:
    """Return an answer in canonical JSON that nobody keeps."""
    headers = {"Cache-Control": "no-store", **(fields or {})}
    return web.Response(
        status=status, body=canonical(members), content_type="application/json", headers=headers
    )


def refused(
    form: str, status: int, code: str, why: str, fields: dict[str, str] | None = None
) -> web.Response:
    """Return why a request is refused, in a document of the format ``form``."""
    return answer(status, {"code": code, "format": form, "message": why}, fields)
