"""One signed request of a partner to its publisher, and the answer. It must not know what an upload is."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from schoolguard.hub.push.signature import Request, Sign, content_digest, sign
from schoolguard.hub.push.tus import TUS

_LARGEST = 1 << 20


def _nobody(_: str) -> None:
    """Tell nobody why it takes longer."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends where: the publisher's address (``https://...``), the partner, its key.

    ``tries`` in a row without a byte of progress are made; ``wait`` seconds after the first, then doubled:
    for two minutes in all, which a publisher's restart takes less of. ``waiting`` is told why it is tried
    again.
    """

    publisher: str
    partner: str
    keyid: str
    signer: Sign
    clock: Callable[[], float]
    chunk: int = 1 << 20
    tries: int = 10
    wait: float = 0.25
    begin: float = 10.0
    silence: float = 60.0
    tls: ssl.SSLContext | None = None
    waiting: Callable[[str], None] = _nobody


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, fields and content of an answer."""

    status: int
    fields: Mapping[str, str]
    content: bytes

    @property
    def offset(self) -> int | None:
        """How far the upload is, if the publisher says so."""
        text = self.fields.get("Upload-Offset", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def connection(sender: Sender) -> aiohttp.ClientSession:
    """Return the one connection of a command to the publisher, which asks and sends over it.

    The caller closes it. Must be called in a running loop.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=1, ssl=sender.tls or True, keepalive_timeout=60),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=sender.begin, sock_read=sender.silence),
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity", "User-Agent": "schoolguard"},
    )


async def ask(
    http: aiohttp.ClientSession,
    sender: Sender,
    method: str,
    path: str,
    fields: dict[str, str],
    content: bytes,
) -> Reply:
    """Send a request to a path and return the answer; raises ``aiohttp.ClientError`` and ``OSError``."""
    address = urlsplit(sender.publisher)
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
        return Reply(reply.status, dict(reply.headers), bytes(body))
