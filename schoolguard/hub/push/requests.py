"""The members of an upload's requests as tus has them, and the answers to those that are wrong.

It must not know who asks or what is uploaded.
"""

from __future__ import annotations

import base64
import binascii
import json
import re

from aiohttp import web

from schoolguard.hub.push.tus import TUS

ERROR_FORMAT = "schoolguard-push-error/1"

_HEX = re.compile(r"[0-9a-f]{64}\Z")


class Refused(Exception):
    """A request that is answered with an error; the text is for people, in English."""

    def __init__(self, status: int, code: str, why: str, **fields: str) -> None:
        super().__init__(why)
        self.status = status
        self.code = code
        self.fields = fields


async def go_on(request: web.BaseRequest) -> None:
    """Say that the body may come, to who waits for that."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def check_version(request: web.BaseRequest) -> None:
    """Raise ``Refused`` for another version of tus."""
    if request.headers.get("Tus-Resumable") != TUS:
        raise Refused(412, "version", f"Tus-Resumable must be {TUS}", **{"Tus-Version": TUS})


def number(request: web.BaseRequest, name: str) -> int:
    """Return a header's number of bytes; raises ``Refused``."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Refused(400, "number", f"{name} must be a number of bytes")
    return int(text)


def announced(metadata: str) -> str:
    """Return an upload's name, the SHA-256 in ``Upload-Metadata: sha256 BASE64``; raises ``Refused``."""
    key, _, value = metadata.partition(" ")
    try:
        digest = base64.b64decode(value, validate=True).decode("ascii") if key == "sha256" else ""
    except (binascii.Error, UnicodeDecodeError):
        digest = ""
    if not _HEX.match(digest):
        raise Refused(400, "metadata", "Upload-Metadata must be sha256 and the digest, packed in base64")
    return digest


def refusal(status: int, code: str, why: str, fields: dict[str, str]) -> web.Response:
    """Return an error's answer; ``why`` is for people, in English."""
    document = json.dumps({"code": code, "format": ERROR_FORMAT, "message": why}, sort_keys=True)
    headers = {"Tus-Resumable": TUS, "Cache-Control": "no-store"} | fields
    return web.Response(status=status, text=document, content_type="application/json", headers=headers)
