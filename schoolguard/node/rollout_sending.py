"""Sends one report to the publisher. It must not try again by itself, nor keep what could not be sent."""

from __future__ import annotations

import asyncio

import aiohttp

from schoolguard.language import N_, Said

REPORTS = "reports"
EXCHANGE_SECONDS = 30.0

_STATUS = N_("{url}: the publisher answered with status {status}")
_BROKEN = N_("{url}: {why}")


class ReportNotSent(Said):
    """The publisher cannot be told now; the message says why."""


async def send_report(http: aiohttp.ClientSession, url: str, document: bytes) -> None:
    """Send a signed report; raises ``ReportNotSent``."""
    headers = {"Content-Type": "application/json"}
    try:
        async with (
            asyncio.timeout(EXCHANGE_SECONDS),
            http.post(url, data=document, headers=headers, allow_redirects=False) as reply,
        ):
            if not 200 <= reply.status < 300:
                raise ReportNotSent(_STATUS, url=url, status=reply.status)
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise ReportNotSent(_BROKEN, url=url, why=str(error) or type(error).__name__) from error
