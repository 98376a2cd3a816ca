"""One exchange with the receiver over HTTP: bounded in size and time, nothing believed but what is signed.

No proxy from the environment, no redirect, no cookie. It must not know what a body means.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp

from schoolguard.intake.orders.canonical import NotCanonical, read_canonical
from schoolguard.language import N_, Said

MOST_ANSWER = 256 << 10

_BROKEN = N_("{url}: {why}")
_STATUS = N_("{url}: the receiver answered with status {status}: {why}")
_LONG = N_("{url}: the answer is too long")


class NotSent(Said):
    """The receiver cannot be reached now; ``again`` are the seconds that it asked to wait, if it did."""

    again: float = 0.0


class NotTaken(NotSent):
    """The receiver answered that it does not take this request; ``status`` is HTTP's, ``word`` its own."""

    status: int = 0
    word: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds that an exchange may take at most; it is a few kilobytes, on the slowest line some seconds."""

    exchange: float = 60.0


def session() -> aiohttp.ClientSession:
    """Return a session; the caller closes it. Must be called in a running loop."""
    return aiohttp.ClientSession(
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        connector=aiohttp.TCPConnector(limit=2),
        headers={"User-Agent": "schoolguard", "Accept-Encoding": "identity"},
    )


async def exchange(
    http: aiohttp.ClientSession, url: str, body: bytes | None, type: str, bounds: Bounds
) -> bytes:
    """Return the answer's body to a POST, or to a GET without a body; raises ``NotSent``, ``NotTaken``."""
    method = "GET" if body is None else "POST"
    headers = {} if body is None else {"Content-Type": type}
    try:
        async with (
            asyncio.timeout(bounds.exchange),
            http.request(method, url, data=body, headers=headers, allow_redirects=False) as reply,
        ):
            content = await _read(reply, url)
            if reply.status != 200:
                raise _not_taken(reply, url, content)
            return content
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise NotSent(_BROKEN, url=url, why=str(error) or error.__class__.__name__) from error


async def _read(reply: aiohttp.ClientResponse, url: str) -> bytes:
    content = bytearray()
    async for block in reply.content.iter_any():
        content += block
        if len(content) > MOST_ANSWER:
            raise NotSent(_LONG, url=url)
    return bytes(content)


def _not_taken(reply: aiohttp.ClientResponse, url: str, content: bytes) -> NotSent:
    word, why = _problem(content)
    error = NotTaken(_STATUS, url=url, status=reply.status, why=why or reply.reason or "-")
    error.status, error.word = reply.status, word
    text = reply.headers.get("Retry-After", "")
    error.again = float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0
    return error


def _problem(content: bytes) -> tuple[str, str]:
    """Return the word and the text of an error of the receiver; of anything else nothing is repeated."""
    try:
        members = read_canonical(content, MOST_ANSWER)
    except NotCanonical:
        return "", ""
    word, why = members.get("code"), members.get("message")
    if not (isinstance(word, str) and isinstance(why, str) and (word + why).isprintable()):
        return "", ""
    return word[:40], why[:300]
