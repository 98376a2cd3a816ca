"""A DHCP client for the tests: an exchange of four messages for each family, checked by the server alone.

Source: RFC 2131 and RFC 8415.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from struct import pack, unpack_from
from typing import Any

from tests.devices.network import MAC, Network, inside
from tests.servers import NeverHappened

_COOKIE = b"\x63\x82\x53\x63"


def lease_v4(net: Network, tries: int = 100) -> bytes:
    """Get a lease of IPv4 for the client's link and return the packed address."""
    with inside(net.client), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"nic")
        sock.bind(("", 68))
        send = _sender(sock, "255.255.255.255", 67)
        _, offer = _until(sock, send(_v4(1)), {2}, _kind_v4, tries)
        server = next(value for code, value in _options_v4(offer) if code == 54)
        wanted = pack("!BB4s", 50, 4, offer[16:20]) + pack("!BB4s", 54, 4, server)
        _, granted = _until(sock, send(_v4(3, wanted)), {5}, _kind_v4, tries)
        return granted[16:20]


def _v4(kind: int, options: bytes = b"") -> bytes:
    fixed = pack("!BBBBIHH16x16s192x", 1, 1, 6, 0, 0x5347, 0, 0x8000, MAC)
    return fixed + _COOKIE + bytes([53, 1, kind]) + options + b"\xff"


def _options_v4(message: bytes) -> Iterator[tuple[int, bytes]]:
    at = 240
    while message[at] != 255:
        if message[at]:
            yield message[at], message[at + 2 : at + 2 + message[at + 1]]
            at += 1 + message[at + 1]
        at += 1


def _kind_v4(message: bytes) -> int:
    return next((value[0] for code, value in _options_v4(message) if code == 53), 0)


def lease_v6(net: Network, duid: bytes, source: str = "::", tries: int = 100) -> bytes:
    """Get a lease of IPv6 for a client with this DUID and return the packed address."""
    with inside(net.client), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        link = socket.if_nametoindex("nic")
        sock.bind((source, 546, 0, link))
        send = _sender(sock, "ff02::1:2", 547, 0, link)
        client = _option(1, duid) + _option(8, b"\0\0") + _option(6, pack("!H", 23))
        ask = b"\x01\x53\x47\x01" + client + _option(3, pack("!III", 7, 0, 0))
        _, advertise = _until(sock, send(ask), {2}, lambda m: m[0], tries)
        found = dict(_options_v6(advertise, 4))
        ask = b"\x03\x53\x47\x02" + client + _option(2, found[2]) + _option(3, found[3])
        _, reply = _until(sock, send(ask), {7}, lambda m: m[0], tries)
        address = dict(_options_v6(dict(_options_v6(reply, 4))[3], 12))[5][:16]
        assert ip_address(address).is_global or ip_address(address).is_private
        return address


def _option(code: int, value: bytes) -> bytes:
    return pack("!HH", code, len(value)) + value


def _options_v6(message: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at < len(message):
        code, size = unpack_from("!HH", message, at)
        yield code, message[at + 4 : at + 4 + size]
        at += 4 + size


def _sender(sock: socket.socket, *to: Any) -> Callable[[bytes], Callable[[], object]]:
    return lambda message: lambda: sock.sendto(message, to)


def _until(
    sock: socket.socket, send: Callable[[], object], kinds: set[int], kind: Callable[[bytes], int], tries: int
) -> tuple[int, bytes]:
    """Send until a message of these kinds comes: the server may still be starting."""
    sock.settimeout(0.1)
    for _ in range(tries):
        send()
        try:
            while kind(message := sock.recv(2048)) not in kinds:
                continue
        except TimeoutError:
            continue
        return kind(message), message
    raise NeverHappened("a lease")
