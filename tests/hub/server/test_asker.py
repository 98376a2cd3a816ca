"""Behind a reverse proxy the asker is who the proxy says, and nobody else is believed."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from schoolguard.hub.server.asker import UNKNOWN, address_of


class Transport:
    """As much of a transport as tells the peer's address."""

    def __init__(self, address: str | None) -> None:
        self._address = address

    def get_extra_info(self, _: str) -> tuple[str, int] | None:
        return (self._address, 5) if self._address else None


def asked(peer: str | None, forwarded: str | None) -> web.BaseRequest:
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    transport = Transport(peer)
    return make_mocked_request("GET", "/", headers=headers, transport=transport)


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.9", None, "192.0.2.9"),
        ("192.0.2.9", "10.0.0.1", "192.0.2.9"),
        ("127.0.0.1", "10.0.0.1", "10.0.0.1"),
        ("127.0.0.1", "1.1.1.1, 10.0.0.1", "10.0.0.1"),
        ("127.0.0.1", "10.0.0.1, rubbish", "127.0.0.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        (None, "10.0.0.1", UNKNOWN),
    ],
)
def test_only_a_trusted_proxy_speaks_for_others(
    peer: str | None, forwarded: str | None, address: str
) -> None:
    assert address_of(asked(peer, forwarded), frozenset({"127.0.0.1"})) == address
