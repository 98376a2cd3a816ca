"""The partner's side of an upload: sends what is missing, comes back after a broken line, gets the receipt.

It must not believe the publisher further than that it is who TLS says: a receipt is information.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

import aiohttp

from schoolguard.hub.push.asking import Reply, Sender, ask, connection
from schoolguard.hub.push.tus import CHUNK_TYPE
from schoolguard.language import N_, Said

OK = 200
_AGAIN = (202, 408, 409, 425, 429, 500, 502, 503, 504, 507)
_BUSY = 429
"""From this status on it is not said that the push is on its way, but that it must wait."""
_STALE = ("stale", "early")

_REFUSED = N_("the publisher refuses the upload ({status} {code}): {why}")
_GIVEN_UP = N_("the upload was given up after {tries} tries: {why}")
_NO_ROLLOUT = N_("the publisher's answer does not say where lists are")
_NO_RECEIPT = N_("the publisher's answer is no receipt")


class SendFailed(Said):
    """A push did not arrive; what arrived of it is kept at the publisher for a day."""


async def send(package: Path, sender: Sender, http: aiohttp.ClientSession | None = None) -> bytes:
    """Upload a push and return its receipt; raises ``SendFailed`` and ``OSError``.

    The same push may be sent any number of times: it is taken once, and each time the receipt comes back.
    """
    if http is not None:
        return await _Sending(package, sender).run(http)
    async with connection(sender) as own:
        return await _Sending(package, sender).run(own)


async def receipt_of(push: str, sender: Sender) -> tuple[int, bytes]:
    """Return status and content of the publisher's answer about a push; raises ``SendFailed``."""
    return await _asked(f"/push/{sender.partner}/{push}", sender)


async def rollout_of(sender: Sender) -> list[dict[str, Any]]:
    """Return where the partner's lists are on their way; none when the publisher does not say.

    Raises ``SendFailed``.
    """
    status, content = await _asked(f"/rollout/{sender.partner}", sender)
    try:
        members = json.loads(content) if status == OK else {}
        return [each for each in members.get("lists", ()) if isinstance(each, dict)]
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise SendFailed(_NO_ROLLOUT) from error


async def _asked(path: str, sender: Sender) -> tuple[int, bytes]:
    async with connection(sender) as http:
        try:
            reply = await ask(http, sender, "GET", path, {}, b"")
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
                self._sender.waiting(why)
                await self._pause(failures)
                continue
            if reply.status == 200 and reply.content:
                return reply.content
            why = self._check(reply)
            if reply.status >= _BUSY:
                self._sender.waiting(why)
            self._offset = reply.offset
            if self._offset is not None and self._offset > best:
                failures, best = 0, self._offset
                if self._offset < self._length:
                    continue
            failures += 1
            await self._pause(failures)
        raise SendFailed(_GIVEN_UP, tries=self._sender.tries, why=why)

    async def _step(self, http: aiohttp.ClientSession) -> Reply:
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
    ) -> Reply:
        push = "" if method == "POST" else self._push
        return await ask(http, self._sender, method, f"/push/{self._sender.partner}/{push}", fields, content)

    def _part(self, offset: int) -> bytes:
        with self._package.open("rb") as file:
            file.seek(offset)
            return file.read(self._sender.chunk)

    def _check(self, reply: Reply) -> str:
        """Return why to come again; raises ``SendFailed`` when that would change nothing."""
        if reply.status in (201, 204):
            return ""
        code, why = _told(reply.content)
        gone = reply.status == 404 and self._offset is not None
        if reply.status in _AGAIN or gone or code in _STALE:
            return why or f"status {reply.status}"
        raise SendFailed(_REFUSED, status=reply.status, code=code, why=why)

    async def _pause(self, failures: int) -> None:
        if failures >= self._sender.tries:
            return
        wait = min(self._sender.wait * 2 ** (failures - 1), 60.0)
        await asyncio.sleep(wait * (0.5 + secrets.randbelow(1_000) / 1_000))


def _told(content: bytes) -> tuple[str, str]:
    try:
        members = json.loads(content)
        return str(members["code"])[:60], str(members["message"])[:300]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", ""
