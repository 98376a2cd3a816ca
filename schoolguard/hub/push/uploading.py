"""The publisher's side of an upload over HTTP: tus 1.0 (core, creation, creation-with-upload, expiration).

Every request is signed; a body is taken whole or not at all, so nothing that nobody signed ever stands in the
spool. tus and not the IETF's resumable uploads: that is still a draft whose messages change with its version,
tus has been frozen for years and there are programs for it in every language.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakValueDictionary

from aiohttp import web

from schoolguard.hub.push.fresh import Freshness
from schoolguard.hub.push.judging import Judge
from schoolguard.hub.push.rate import Buckets
from schoolguard.hub.push.requests import Refused, announced, check_version, go_on, number, refusal
from schoolguard.hub.push.signature import (
    MOST_FIELDS,
    Request,
    SignatureRefused,
    content_digest,
    digest_in,
    verify,
)
from schoolguard.hub.push.spool import Spool, Upload
from schoolguard.hub.push.tus import CHUNK_TYPE, TUS

_PATH = re.compile(r"/push/([a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?)/(?:([0-9a-f]{64}))?\Z")
_HOST = re.compile(r"[a-z0-9.:\[\]-]{1,260}\Z")
_ONCE = (*MOST_FIELDS, "signature", "signature-input")
_STATUS = {"replayed": 409, "busy": 429}


@dataclass(frozen=True, slots=True)
class PushLimits:
    """Bounds of pushes; bytes and seconds.

    ``chunk`` bounds one request's body, which is held in memory; it has ``grace`` seconds and then must come
    at ``floor`` bytes a second on average. ``patience`` is how long an answer waits for the receipt.
    """

    size: int = 256 << 20
    chunk: int = 4 << 20
    unfinished: int = 4
    bodies: int = 2
    bodies_in_all: int = 8
    grace: float = 15.0
    floor: float = 4_096.0
    patience: float = 8.0
    burst: float = 60.0
    rate: float = 4.0


class PartnerKeys(Protocol):
    """Which keys may push for a partner."""

    def __call__(self, partner: str, keyid: str) -> bytes | None:
        """Return the 32 bytes of a partner's Ed25519 key, None for a partner or key that is not known."""


class PushIntake:
    """Answers below ``/push/``; ``clock`` gives Unix seconds. It is made when the process starts."""

    def __init__(
        self,
        spool: Spool,
        judge: Judge,
        keys: PartnerKeys,
        clock: Callable[[], float],
        limits: PushLimits | None = None,
    ) -> None:
        self._spool = spool
        self._judge = judge
        self._keys = keys
        self._clock = clock
        self._limits = limits or PushLimits()
        self._fresh = Freshness(clock())
        self._partners = Buckets(self._limits.burst, self._limits.rate)
        self._addresses = Buckets(self._limits.burst, self._limits.rate)
        self._bodies: dict[str, int] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._steps: set[asyncio.Task[Upload]] = set()

    async def answer(self, request: web.BaseRequest, address: str) -> web.StreamResponse:
        """Answer one request."""
        try:
            return await self._answer(request, address)
        except Refused as error:
            return refusal(error.status, error.code, str(error), error.fields)
        except SignatureRefused as error:
            return refusal(_STATUS.get(error.code, 401), error.code, str(error), {})
        except OSError as error:
            return refusal(507, "disk", error.strerror or "the publisher cannot write", {"Retry-After": "60"})

    async def _answer(self, request: web.BaseRequest, address: str) -> web.StreamResponse:
        match = _PATH.match(request.rel_url.raw_path)
        if match is None or request.rel_url.raw_query_string:
            raise Refused(404, "not-found", "the path is /push/PARTNER/ or /push/PARTNER/SHA256")
        self._take(self._addresses, address)
        if request.method == "OPTIONS":
            return self._options()
        partner, push = match[1], match[2]
        self._authenticate(request, partner)
        self._take(self._partners, partner)
        match request.method, push:
            case "POST", None:
                return await self._create(request, partner)
            case "PATCH", str():
                return await self._continue(request, partner, push)
            case "HEAD", str():
                return self._head(partner, push)
            case "GET", str():
                return await self._receipt(partner, push)
        raise Refused(405, "method", "POST to /push/PARTNER/, or HEAD, PATCH or GET of an upload")

    def _take(self, buckets: Buckets, name: str) -> None:
        if wait := buckets.take(name, self._clock()):
            raise Refused(429, "rate", "too many requests", **{"Retry-After": str(int(wait) + 1)})

    def _authenticate(self, request: web.BaseRequest, partner: str) -> None:
        if len(request.headers.getall("Host", [])) != 1 or not _HOST.match(request.host.lower()):
            raise Refused(400, "host", "one Host field belongs in a request")
        fields = {name.lower(): value for name, value in request.headers.items()}
        if any(len(request.headers.getall(name, [])) > 1 for name in _ONCE):
            raise Refused(400, "repeated", "no signed field may be there twice")
        if request.method in ("POST", "PATCH") and "content-digest" not in fields:
            raise SignatureRefused("content-digest", "Content-Digest is missing")
        authority = request.host.lower().removesuffix(":443")
        signed = verify(
            Request(request.method, authority, request.rel_url.raw_path, fields),
            lambda keyid: self._keys(partner, keyid),
        )
        self._fresh.check(signed, self._clock())

    async def _create(self, request: web.BaseRequest, partner: str) -> web.StreamResponse:
        check_version(request)
        length = number(request, "Upload-Length")
        push = announced(request.headers.get("Upload-Metadata", ""))
        if not 0 < length <= self._limits.size:
            raise Refused(413, "too-large", f"a push has at most {self._limits.size} bytes")
        if (document := self._spool.receipt(partner, push)) is not None:
            return self._told(document, partner, push)
        upload = self._spool.find(partner, push)
        if upload is None and len(list(self._spool.uploads(partner))) >= self._limits.unfinished:
            raise Refused(429, "unfinished", "too many uploads are not finished", **{"Retry-After": "600"})
        content = await self._body(request, partner)

        def step() -> Upload:
            begun = self._spool.begin(partner, push, length, self._clock())
            return self._appended(begun, content) if content and not begun.offset else begun

        return await self._went_on(await self._alone(partner, push, step), 201)

    async def _continue(self, request: web.BaseRequest, partner: str, push: str) -> web.StreamResponse:
        check_version(request)
        if request.headers.get("Content-Type") != CHUNK_TYPE:
            raise Refused(415, "type", f"the content type of a part is {CHUNK_TYPE}")
        offset = number(request, "Upload-Offset")
        self._found(partner, push)
        content = await self._body(request, partner)

        def step() -> Upload:
            upload = self._found(partner, push)
            if upload.offset != offset:
                known = {"Upload-Offset": str(upload.offset)}
                raise Refused(409, "offset", f"the upload is at {upload.offset}", **known)
            return self._appended(upload, content)

        return await self._went_on(await self._alone(partner, push, step), 204)

    def _appended(self, upload: Upload, content: bytes) -> Upload:
        if upload.offset + len(content) > upload.length:
            raise Refused(413, "too-large", "more bytes than the upload was announced with")
        return self._spool.append(upload, content, self._clock())

    async def _went_on(self, upload: Upload, status: int) -> web.StreamResponse:
        if upload.complete:
            self._judge.put(upload)
            if await self._judge.judged(upload, self._limits.patience):
                document = self._spool.receipt(upload.partner, upload.push)
                if document is not None:
                    return self._told(document, upload.partner, upload.push)
            return web.Response(status=202, headers=self._fields(upload) | {"Retry-After": "2"})
        return web.Response(status=status, headers=self._fields(upload))

    def _head(self, partner: str, push: str) -> web.StreamResponse:
        if self._spool.receipt(partner, push) is not None:
            headers = {"Tus-Resumable": TUS, "Cache-Control": "no-store"}
            return web.Response(status=200, headers=headers)
        return web.Response(status=200, headers=self._fields(self._found(partner, push)))

    async def _receipt(self, partner: str, push: str) -> web.StreamResponse:
        document = self._spool.receipt(partner, push)
        if document is not None:
            return self._told(document, partner, push)
        upload = self._found(partner, push)
        if not upload.complete:
            raise Refused(409, "unfinished", f"the upload is at {upload.offset} of {upload.length}")
        return await self._went_on(upload, 202)

    def _found(self, partner: str, push: str) -> Upload:
        upload = self._spool.find(partner, push)
        if upload is None:
            raise Refused(404, "not-found", "there is no such upload; begin it anew")
        return upload

    async def _body(self, request: web.BaseRequest, partner: str) -> bytes:
        """Return a body whose digest is the signed one; raises ``Refused``."""
        if (request.content_length or 0) > self._limits.chunk:
            raise Refused(413, "chunk", f"one request has at most {self._limits.chunk} bytes")
        wanted = digest_in(request.headers["Content-Digest"])
        busy = self._bodies.get(partner, 0) >= self._limits.bodies
        if busy or sum(self._bodies.values()) >= self._limits.bodies_in_all:
            raise Refused(429, "bodies", "too many uploads at once", **{"Retry-After": "5"})
        self._bodies[partner] = self._bodies.get(partner, 0) + 1
        try:
            content = await self._read(request)
        finally:
            self._bodies[partner] -= 1
            if not self._bodies[partner]:
                del self._bodies[partner]
        if digest_in(content_digest(content)) != wanted:
            raise Refused(400, "content-digest", "the body is not the one that was signed")
        return content

    async def _read(self, request: web.BaseRequest) -> bytes:
        began = asyncio.get_running_loop().time()
        content = bytearray()
        try:
            async with asyncio.timeout_at(began + self._limits.grace) as deadline:
                await go_on(request)
                async for block in request.content.iter_any():
                    content += block
                    if len(content) > self._limits.chunk:
                        raise Refused(413, "chunk", f"one request has at most {self._limits.chunk} bytes")
                    allowed = self._limits.grace + len(content) / self._limits.floor
                    deadline.reschedule(began + allowed)
        except TimeoutError as error:
            raise Refused(408, "slow", "the body came too slowly", Connection="close") from error
        return bytes(content)

    async def _alone(self, partner: str, push: str, step: Callable[[], Upload]) -> Upload:
        """Change an upload while nobody else does; the step is finished even if who asked hangs up."""
        lock = self._locks.setdefault(f"{partner}/{push}", asyncio.Lock())

        async def run() -> Upload:
            async with lock:
                return await asyncio.to_thread(step)

        task = asyncio.create_task(run(), name="upload")
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return await asyncio.shield(task)

    def _fields(self, upload: Upload) -> dict[str, str]:
        return {
            "Tus-Resumable": TUS,
            "Location": f"/push/{upload.partner}/{upload.push}",
            "Upload-Offset": str(upload.offset),
            "Upload-Length": str(upload.length),
            "Cache-Control": "no-store",
        }

    def _told(self, document: bytes, partner: str, push: str) -> web.Response:
        headers = {"Tus-Resumable": TUS, "Location": f"/push/{partner}/{push}", "Cache-Control": "no-store"}
        return web.Response(status=200, body=document, content_type="application/json", headers=headers)

    def _options(self) -> web.Response:
        headers = {
            "Tus-Resumable": TUS,
            "Tus-Version": TUS,
            "Tus-Extension": "creation,creation-with-upload,expiration",
            "Tus-Max-Size": str(self._limits.size),
        }
        return web.Response(status=204, headers=headers)
