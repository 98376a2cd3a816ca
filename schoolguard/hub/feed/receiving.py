"""What gateways send to the receiver over HTTP: deliveries, requests to be enrolled, changes of key.

    GET  /feed/v1/receiver     the receiver's public key
    POST /feed/v1/enrol        a request, signed by the gateway's key and the code's
    POST /feed/v1/keys         a change of key, signed by the old and the new
    POST /feed/v1/summaries    a delivery: documents, packed; answered for each when all are on the disk

Every body is bounded in size, unpacked size, number of documents and time. It must not refuse by a clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.feed.delivery import sign_answer
from schoolguard.feed.enrolment import CHANGED, RECEIVER, answer, read_change, read_request
from schoolguard.feed.message import MessageRefused, sign_message
from schoolguard.feed.refused import FeedRefused
from schoolguard.hub.feed.admission import Admission, NotEnrolled
from schoolguard.hub.feed.committing import Busy, Committer
from schoolguard.hub.feed.replies import json_reply, problem
from schoolguard.hub.feed.tables import CannotKeep
from schoolguard.hub.feed.verifying import UnknownSender, Verifying
from schoolguard.hub.push.rate import Buckets

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """Bounds of one request and of one address; bytes and seconds.

    A carrier's NAT may hide hundreds of schools, and all of them come back at once after its fault:
    ``burst`` and ``rate`` are for that. Enrolments are rare: what tries codes is slowed to nothing.
    """

    body: int = 512 << 10
    time: float = 30.0
    bodies: int = 200
    burst: float = 2_000.0
    rate: float = 200.0
    enrol_burst: float = 20.0
    enrol_rate: float = 0.05
    enrol_all: tuple[float, float] = (1_000.0, 5.0)


class Refused(Exception):
    """A request that is answered with an error; the text is English, for people."""

    def __init__(self, status: int, word: str, why: str, **fields: str) -> None:
        super().__init__(why)
        self.status, self.word, self.fields = status, word, fields


class Receiving:
    """Answers gateways; ``clock`` gives Unix seconds, ``key`` is the receiver's own."""

    def __init__(
        self,
        verifying: Verifying,
        committer: Committer,
        admission: Admission,
        key: Ed25519PrivateKey,
        clock: Callable[[], float],
        limits: FeedLimits | None = None,
    ) -> None:
        self._verifying = verifying
        self._committer = committer
        self._admission = admission
        self._key = key
        self._public = key.public_key().public_bytes_raw()
        self._clock = clock
        self._limits = limits or FeedLimits()
        self._addresses = Buckets(self._limits.burst, self._limits.rate)
        self._enrolling = Buckets(self._limits.enrol_burst, self._limits.enrol_rate)
        self._enrolling_all = Buckets(*self._limits.enrol_all)
        self._bodies = 0

    def receiver(self) -> web.Response:
        """Tell the receiver's key, signed with it, so that a typed code can be held against it first."""
        document = sign_message({"format": RECEIVER, "time": int(self._clock())}, self._key)
        return json_reply(200, document)

    async def delivery(self, request: web.BaseRequest, address: str) -> web.Response:
        """Store what a gateway delivers."""
        return await _refusing(self._delivery(request, address))

    async def enrol(self, request: web.BaseRequest, address: str) -> web.Response:
        """Enrol a gateway."""
        return await _refusing(self._enrol(request, address))

    async def change_key(self, request: web.BaseRequest, address: str) -> web.Response:
        """Let a gateway's new key take the old one's place."""
        return await _refusing(self._change_key(request, address))

    async def _delivery(self, request: web.BaseRequest, address: str) -> web.Response:
        self._take(self._addresses, address)
        body = await self._body(request)
        try:
            verified = await self._verifying.verify(body, self._clock())
        except FeedRefused as error:
            raise Refused(422, error.code, str(error)) from error
        except UnknownSender as error:
            why = "this gateway's key is not enrolled here, or was revoked"
            raise Refused(403, "not-enrolled", why) from error
        try:
            stored = iter(await self._committer.put(verified.arrived) if verified.arrived else [])
        except Busy as error:
            raise Refused(503, "busy", "too many deliveries at once", **{"Retry-After": "30"}) from error
        judged = [next(stored) if each is None else each for each in verified.judged]
        return json_reply(200, sign_answer(int(self._clock()), judged, self._key))

    async def _enrol(self, request: web.BaseRequest, address: str) -> web.Response:
        self._take(self._enrolling_all, "all")
        self._take(self._enrolling, address)
        asked = _read(read_request, await self._body(request))
        now = self._clock()
        enrolled = await self._committer.alone(lambda: self._admission.enrol(asked, self._public, now))
        return json_reply(200, answer(enrolled, self._key))

    async def _change_key(self, request: web.BaseRequest, address: str) -> web.Response:
        self._take(self._enrolling_all, "all")
        self._take(self._enrolling, address)
        change = _read(read_change, await self._body(request))
        now = self._clock()
        gateway = await self._committer.alone(lambda: self._admission.change_key(change, now))
        members = {"format": CHANGED, "gateway": gateway, "new": change.new.hex(), "time": int(now)}
        return json_reply(200, sign_message(members, self._key))

    def _take(self, buckets: Buckets, name: str) -> None:
        if wait := buckets.take(name, self._clock()):
            raise Refused(429, "rate", "too many requests", **{"Retry-After": str(int(wait) + 1)})

    async def _body(self, request: web.BaseRequest) -> bytes:
        """Return a body, whole; raises ``Refused``."""
        if (request.content_length or 0) > self._limits.body:
            raise Refused(413, "too-large", f"a request has at most {self._limits.body} bytes")
        if self._bodies >= self._limits.bodies:
            raise Refused(503, "busy", "too many requests at once", **{"Retry-After": "10"})
        self._bodies += 1
        try:
            return await self._read(request)
        except TimeoutError as error:
            raise Refused(408, "slow", "the body came too slowly", Connection="close") from error
        finally:
            self._bodies -= 1

    async def _read(self, request: web.BaseRequest) -> bytes:
        content = bytearray()
        async with asyncio.timeout(self._limits.time):
            async for block in request.content.iter_any():
                content += block
                if len(content) > self._limits.body:
                    raise Refused(413, "too-large", f"a request has at most {self._limits.body} bytes")
        return bytes(content)


def _read(reader: Callable[[bytes], Read], body: bytes) -> Read:
    try:
        return reader(body)
    except MessageRefused as error:
        raise Refused(422, "message", str(error)) from error


async def _refusing(work: Awaitable[web.Response]) -> web.Response:
    try:
        return await work
    except Refused as error:
        return problem(error.status, error.word, str(error), error.fields)
    except NotEnrolled as error:
        return problem(403, error.word, str(error))
    except CannotKeep as error:
        return problem(503, "store", str(error), {"Retry-After": "60"})
