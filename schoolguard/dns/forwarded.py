"""For whom a forwarder asks: EDNS options and the PROXY header, as bytes. It decides not whom to believe.

What forwarders do, by their sources and manuals (tests/devices/test_forwarders.py tries it on real ones):

* dnsmasq adds the MAC as option 65001 (``add-mac``: six bytes), or as 65073 in text (``add-mac=text``,
  ``=base64``), and the client's address with ``add-subnet=32,128``. It caches no answer to a query to which
  it added either, and drops a reply whose subnet, but for the scope, is another. **An option that the client
  sent itself stays** unless ``strip-mac`` and ``strip-subnet`` are set as well, and a signed query (TSIG,
  TKEY) passes unchanged in any case: the first is malformed here, the second nobody may ask.
* dnsdist keeps the option in the key of its packet cache, unless it is told to parse the scope
  (``parseECS``, zero scope): then a reply of scope 0 serves all.
* Unbound (module ``subnetcache``) keeps a reply by its scope, and one **without the option for all clients**.

So the reply must carry the option with the scope equal to the source prefix (``echo_subnet``).
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from struct import Struct
from struct import error as StructError
from typing import Final, NamedTuple

from schoolguard.dns.rr import RRType
from schoolguard.dns.wire import HEADER_SIZE, Malformed, plain_name_end

CLIENT_SUBNET: Final = 8
MAC_RAW: Final = 65001
MAC_TEXT: Final = 65073
_MAC_SIZE: Final = 6
_TEXT_SIZE, _BASE64_SIZE = 17, 8
_FAMILIES: Final = {1: 4, 2: 16}
"""Address families of RFC 7871 and the size of their addresses in bytes."""

_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_PROXY_FIXED: Final = 16
MAX_PROXY: Final = 2_048
"""Bytes of a whole PROXY header; addresses take 52, balancers add some TLVs of up to a few hundred."""
_VERSION, _LOCAL, _PROXY = 0x20, 0, 1
_PROXIED: Final = {0x11: 4, 0x12: 4, 0x21: 16, 0x22: 16}
"""Family and transport (TCP, UDP over IPv4, IPv6) and the size of their addresses in bytes."""
_UNKNOWN_FAMILY: Final = 0x00

_MAPPED: Final = bytes(10) + b"\xff\xff"
_COUNTS: Final = Struct("!6H")
_FIXED: Final = Struct("!HHIH")
_PAIR: Final = Struct("!HH")
_SUBNET: Final = Struct("!HBB")
_SHORT: Final = Struct("!H")
_OPT: Final = int(RRType.OPT)
_TSIG: Final = int(RRType.TSIG)


class Forwarded(NamedTuple):
    """What a query says of its client; ``subnet`` is the client-subnet option as received, to be echoed.

    ``address`` is packed and only there when the option tells a whole one.
    """

    address: bytes | None = None
    mac: bytes | None = None
    subnet: bytes | None = None


class ProxyHeader(NamedTuple):
    """A PROXY header: the packed source address and port (``None`` and 0: the sender's own), its size."""

    address: bytes | None
    port: int
    size: int


class Incomplete(Exception):
    """The beginning of a PROXY header; ``needed`` bytes in all are needed to read further.

    In a datagram no more will come: it is malformed.
    """

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


def forwarded_client(packet: bytes) -> Forwarded:
    """Return what the EDNS options of a query say of the client behind its sender.

    Raises ``Malformed`` (``subnet``, ``mac``, ``twice``, ``signed``, or what is wrong with the packet). Two
    options of one kind, or two MACs that differ, are malformed: the client may have sent one of them.
    Source: RFC 7871 6 and 7.1; edns0.c of dnsmasq 2.90.
    """
    subnet: bytes | None = None
    macs: dict[int, bytes] = {}
    for code, value in _options(packet):
        if code == CLIENT_SUBNET:
            if subnet is not None:
                raise Malformed("twice")
            subnet = value
        elif code in (MAC_RAW, MAC_TEXT):
            if code in macs:
                raise Malformed("twice")
            macs[code] = _mac(code, value)
    if len(set(macs.values())) > 1:
        raise Malformed("twice")
    address = None if subnet is None else _subnet_address(subnet)
    return Forwarded(address, next(iter(macs.values()), None), subnet)


def echo_subnet(subnet: bytes) -> bytes:
    """Return the option for the reply to a query with this one: all of it is for that very subnet.

    The scope is the source prefix: no cache may give it to others. Source: RFC 7871 7.2.1.
    """
    return _PAIR.pack(CLIENT_SUBNET, len(subnet)) + subnet[:3] + subnet[2:3] + subnet[4:]


def proxy_header(received: bytes) -> ProxyHeader:
    """Return the PROXY header (version 2) that what was received begins with.

    Raises ``Incomplete`` while it can still become one, and ``Malformed`` (``proxy``). TLVs are passed over.
    Source: the PROXY protocol, 2.2 and 2.2.4.
    """
    if not received.startswith(_SIGNATURE[: len(received)]):
        raise Malformed("proxy")
    if len(received) < _PROXY_FIXED:
        raise Incomplete(_PROXY_FIXED)
    command, family = received[12], received[13]
    size = _PROXY_FIXED + _SHORT.unpack_from(received, 14)[0]
    width = _PROXIED.get(family)
    known = command == _VERSION | _LOCAL or (
        command == _VERSION | _PROXY
        and (family == _UNKNOWN_FAMILY or (width is not None and size >= _PROXY_FIXED + 2 * width + 4))
    )
    if not known or size > MAX_PROXY:
        raise Malformed("proxy")
    if len(received) < size:
        raise Incomplete(size)
    if command == _VERSION | _LOCAL or width is None:
        return ProxyHeader(None, 0, size)
    address = received[_PROXY_FIXED : _PROXY_FIXED + width]
    port = _SHORT.unpack_from(received, _PROXY_FIXED + 2 * width)[0]
    return ProxyHeader(_unmapped(address), port, size)


def _options(packet: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the EDNS options of a query with one question: code and value."""
    try:
        _, _, questions, answers, authorities, additionals = _COUNTS.unpack_from(packet)
        if questions != 1 or answers or authorities:
            raise Malformed("counts")
        at = plain_name_end(packet, HEADER_SIZE) + _PAIR.size
        seen = False
        for _ in range(additionals):
            at = plain_name_end(packet, at)
            rrtype, _, _, size = _FIXED.unpack_from(packet, at)
            at += _FIXED.size
            if rrtype == _TSIG:
                raise Malformed("signed")
            if rrtype == _OPT:
                if seen:
                    raise Malformed("opt")
                seen = True
                yield from _of_record(packet, at, at + size)
            at += size
    except (IndexError, StructError):
        raise Malformed("short") from None
    if at != len(packet):
        raise Malformed("trailing" if at < len(packet) else "short")


def _of_record(packet: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    while at < end:
        code, size = _PAIR.unpack_from(packet, at)
        at += _PAIR.size
        if at + size > min(end, len(packet)):
            raise Malformed("option")
        yield code, packet[at : at + size]
        at += size


def _subnet_address(subnet: bytes) -> bytes | None:
    """Return the one address that a client-subnet option names, or ``None`` for a wider prefix."""
    if len(subnet) < _SUBNET.size:
        raise Malformed("subnet")
    family, source, scope = _SUBNET.unpack_from(subnet)
    prefix = subnet[_SUBNET.size :]
    if scope or len(prefix) != (source + 7) // 8:
        raise Malformed("subnet")
    if family == 0 and source == 0:
        return None  # "dig +subnet=0": do not say who I am
    width = _FAMILIES.get(family)
    if width is None or source > 8 * width or (source % 8 and prefix[-1] & 0xFF >> source % 8):
        raise Malformed("subnet")
    return _unmapped(prefix) if source == 8 * width else None


def _mac(code: int, value: bytes) -> bytes:
    """Return the MAC of an option: raw, hex with colons, or base64."""
    mac = value if code == MAC_RAW else _of_text(value)
    if len(mac) != _MAC_SIZE:
        raise Malformed("mac")
    return mac


def _of_text(value: bytes) -> bytes:
    try:
        if len(value) == _BASE64_SIZE:
            return binascii.a2b_base64(value, strict_mode=True)
        if len(value) == _TEXT_SIZE and value[2::3] == b":" * 5:
            return binascii.unhexlify(value.replace(b":", b""))
    except binascii.Error:
        raise Malformed("mac") from None
    raise Malformed("mac")


def _unmapped(address: bytes) -> bytes:
    return address[12:] if len(address) == 16 and address.startswith(_MAPPED) else address
