"""Turns names into addresses that a list may be fetched from.

It must not believe a name: addresses are judged after resolution, at each redirect, and the connection is
made to the very addresses that were judged (threat 43; a name that answers differently the second time gains
nothing).
"""

from __future__ import annotations

import socket
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from schoolguard.intake.subscriptions.addresses import may_connect
from schoolguard.intake.subscriptions.model import FetchRefused, Network
from schoolguard.language import N_

_PRIVATE = N_("{host} leads to {addresses}, which is not a public address")


def check_literal(host: str, permitted: tuple[Network, ...]) -> None:
    """Raise ``FetchRefused`` (``address``) when the host is itself an address that must not be asked.

    The resolver is not asked for these. Shapes that only the C library takes for an address (``127.1``,
    ``0x7f000001``) are names here and go through the resolver, where they are judged.
    """
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return
    if not may_connect(address, permitted):
        raise FetchRefused("address", _PRIVATE, host=host, addresses=str(address))


class JudgedResolver(AbstractResolver):
    """Answers with the addresses of a name that may be connected to; raises ``FetchRefused`` for none."""

    def __init__(self, inner: AbstractResolver, permitted: tuple[Network, ...]) -> None:
        self._inner = inner
        self._permitted = permitted

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the judged addresses; raises ``OSError`` when the name has none at all."""
        found = await self._inner.resolve(host, port, family)
        kept = [each for each in found if may_connect(ip_address(each["host"]), self._permitted)]
        if found and not kept:
            shown = ", ".join(sorted({each["host"] for each in found})[:4])
            raise FetchRefused("address", _PRIVATE, host=host, addresses=shown)
        return kept

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()
