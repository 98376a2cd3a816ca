"""Whose address a request comes from, behind a reverse proxy too. It must not believe anyone else."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web

UNKNOWN = "unknown"


def address_of(request: web.BaseRequest, proxies: frozenset[str]) -> str:
    """Return the asker's address; of ``X-Forwarded-For`` only what the nearest trusted proxy added counts."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    address = str(peer[0]) if peer else UNKNOWN
    if address not in proxies:
        return address
    last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(last))
    except ValueError:
        return address
