"""The partner's side of an upload: sends what is missing, comes back after a broken line, gets the receipt.

It must not believe the publisher further than that it is who TLS says: a receipt is information.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from schoolguard.hub.push.signature import Request, Sign, content_digest, sign
from schoolguard.hub.push.uploading import CHUNK_TYPE, TUS
from schoolguard.language import N_, Said

_LARGEST = 1 << 20
_AGAIN = (202, 408, 409, 425, 429, 500, 502, 503, 504, 507)
_STALE = ("stale", "early")

_REFUSED = N_("the publisher refuses the upload ({status} {code}): {why}")
_GIVEN_UP = N_("the upload was given up after {tries} tries: {why}")
_NO_RECEIPT = N_("the publisher's answer is no receipt")


class SendFailed(Said):
    """A push did not arrive; what arrived of it is kept at the publisher for a day."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends where: the publisher's address (``https://...``), the partner, its key.

    ``tries`` in a row without a byte of progress are made; ``wait`` seconds after the first, then doubled.
    """

    publisher: str
    partner: str
    keyid: str
    signer: Sign
    clock: Callable[[], float]
    chunk: int = 1 << 20
    tries: int = 8
    wait: float = 1.0
    silence: float = 60.0
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    fields: Mapping[str, str]
    content: bytes

    @property
    def offset(self) -> int | None:
        text = self.fields.get("Upload-Offset", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


async def send(package: Path, sender: Sender) -> bytes:
    """Upload a push and return its receipt; raises ``SendFailed`` and ``OSError``."""
    sending = _Sending(package, sender)
    connector = aiohttp.TCPConnector(limit=1, ssl=sender.tls or True)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=sender.silence, sock_read=sender.silence)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as http:
        return await sending.run(http)


async def receipt_of(push: str, sender: Sender) -> tuple[int, bytes]:
    """Return status and content of the publisher's answer about a push; raises ``SendFailed``."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=sender.tls or True)) as http:
        try:
            reply = await _ask(http, sender, "GET", push, {}, b"")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise SendFailed(_GIVEN_UP, tries=1, why=why) from error
    return reply.status, reply.content


class _Sending:
    def __init__(self, package: Path, sender: Sender) -> None:
        self._package = package
        self._sender = sender
        self._length = package.stat().st_size
        with package.open("rb") as file:
            self._push = hashlib.file_digest(file, "sha256").hexdigest()
        self._offset: int | None = None

    async def run(self, http: aiohttp.ClientSession) -> bytes:
        failures, best, why = 0, -1, ""
        while failures < self._sender.tries:
            try:
                reply = await self._step(http)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self._offset, why = None, str(error) or type(error).__name__
                failures += 1
                await self._pause(failures)
                continue
            if reply.status == 200 and reply.content:
                return reply.content
            why = self._check(reply)
            self._offset = reply.offset
            if self._offset is not None and self._offset > best:
                failures, best = 0, self._offset
                if self._offset < self._length:
                    continue
            failures += 1
            await self._pause(failures)
        raise SendFailed(_GIVEN_UP, tries=self._sender.tries, why=why)

    async def _step(self, http: aiohttp.ClientSession) -> _Reply:
        """Begin or find the upload, send the next part, or ask for the receipt."""
        if self._offset is None:
            name = base64.b64encode(self._push.encode()).decode()
            fields = {"Upload-Length": str(self._length), "Upload-Metadata": f"sha256 {name}"}
            whole = self._length <= self._sender.chunk
            return await self._send("POST", http, fields, self._part(0) if whole else b"")
        if self._offset >= self._length:
            return await self._send("GET", http, {}, b"")
        fields = {"Upload-Offset": str(self._offset), "Content-Type": CHUNK_TYPE}
        return await self._send("PATCH", http, fields, self._part(self._offset))

    async def _send(
        self, method: str, http: aiohttp.ClientSession, fields: dict[str, str], content: bytes
    ) -> _Reply:
        push = "" if method == "POST" else self._push
        return await _ask(http, self._sender, method, push, fields, content)

    def _part(self, offset: int) -> bytes:
        with self._package.open("rb") as file:
            file.seek(offset)
            return file.read(self._sender.chunk)

    def _check(self, reply: _Reply) -> str:
        """Return why to come again; raises ``SendFailed`` when that would change nothing."""
        if reply.status in (201, 204):
            return ""
        code, why = _told(reply.content)
        gone = reply.status == 404 and self._offset is not None
        if reply.status in _AGAIN or gone or code in _STALE:
            return why or f"status {reply.status}"
        raise SendFailed(_REFUSED, status=reply.status, code=code, why=why)

    async def _pause(self, failures: int) -> None:
        wait = min(self._sender.wait * 2 ** (failures - 1), 60.0)
        await asyncio.sleep(wait * (0.5 + secrets.randbelow(1_000) / 1_000))


async def _ask(
    http: aiohttp.ClientSession,
    sender: Sender,
    method: str,
    push: str,
    fields: dict[str, str],
    content: bytes,
) -> _Reply:
    address = urlsplit(sender.publisher)
    path = f"/push/{sender.partner}/{push}"
    fields = {"Tus-Resumable": TUS, **fields}
    if method in ("POST", "PATCH"):
        fields["Content-Digest"] = content_digest(content)
    lowered = {name.lower(): value for name, value in fields.items()}
    authority = address.netloc.lower().removesuffix(":443")
    signed = sign(
        Request(method, authority, path, lowered),
        sender.keyid,
        int(sender.clock()),
        secrets.token_urlsafe(18),
        sender.signer,
    )
    url = f"{address.scheme}://{address.netloc}{path}"
    headers = {**fields, **signed}
    async with http.request(method, url, headers=headers, data=content, allow_redirects=False) as reply:
        body = bytearray()
        while len(body) <= _LARGEST and (block := await reply.content.readany()):
            body += block
        return _Reply(reply.status, dict(reply.headers), bytes(body))


def _told(content: bytes) -> tuple[str, str]:
    try:
        members = json.loads(content)
        return str(members["code"])[:60], str(members["message"])[:300]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", ""
