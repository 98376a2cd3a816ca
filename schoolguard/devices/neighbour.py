"""The kernel's neighbour messages as bytes: who is at which address on which link. It opens no socket.

Source: rtnetlink(7), netlink(7), linux/neighbour.h. Numbers are in the machine's byte order.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from struct import Struct
from typing import Final, NamedTuple

from schoolguard.devices.model import is_device

NLMSG_ERROR: Final = 2
NLMSG_DONE: Final = 3
RTM_NEWNEIGH: Final = 28
RTM_DELNEIGH: Final = 29
RTM_GETNEIGH: Final = 30
_REQUEST_DUMP: Final = 0x301
_INTERRUPTED: Final = 0x10
_NDA_DST: Final = 1
_NDA_LLADDR: Final = 2
_SIZES: Final = {2: 4, 10: 16}
"""Families (AF_INET, AF_INET6) and the size of their addresses in bytes."""

_KNOWN: Final = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""REACHABLE, STALE, DELAY, PROBE and PERMANENT: a link-layer address is held to be right."""
_FAILED: Final = 0x20
_INCOMPLETE: Final = 0x01

_HEADER: Final = Struct("=IHHII")
_BODY: Final = Struct("=BxxxiHBB")
_ATTRIBUTE: Final = Struct("=HH")
_ERROR: Final = Struct("=i")


class Standing(Enum):
    """What the kernel says of a neighbour."""

    KNOWN = "known"
    FAILED = "failed"
    """It was asked for and did not answer."""
    FORGOTTEN = "forgotten"
    """The kernel threw the entry away, or asks for it right now."""


class Neighbour(NamedTuple):
    """One entry: the link's number, the packed address, the MAC (``None`` unless known), how it stands."""

    link: int
    address: bytes
    mac: bytes | None
    standing: Standing


class Part(NamedTuple):
    """What one datagram of the kernel holds; ``error`` is the ``errno`` of a refused request."""

    neighbours: tuple[Neighbour, ...]
    done: bool = False
    interrupted: bool = False
    error: int = 0


def dump_request(sequence: int) -> bytes:
    """Return the message that asks for the whole neighbour table of both families."""
    size = _HEADER.size + _BODY.size
    return _HEADER.pack(size, RTM_GETNEIGH, _REQUEST_DUMP, sequence, 0) + _BODY.pack(0, 0, 0, 0, 0)


def read_part(datagram: bytes) -> Part:
    """Return what a datagram says; messages that are none or concern no device are passed over."""
    neighbours: list[Neighbour] = []
    done = interrupted = False
    error = 0
    for kind, flags, body in _messages(datagram):
        interrupted = interrupted or bool(flags & _INTERRUPTED)
        if kind in (RTM_NEWNEIGH, RTM_DELNEIGH):
            found = _neighbour(body, gone=kind == RTM_DELNEIGH)
            if found is not None:
                neighbours.append(found)
        elif kind in (NLMSG_DONE, NLMSG_ERROR) and len(body) >= _ERROR.size:
            error = error or -_ERROR.unpack_from(body)[0]
            done = done or kind == NLMSG_DONE
    return Part(tuple(neighbours), done, interrupted, error)


def _messages(datagram: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + _HEADER.size <= len(datagram):
        size, kind, flags, _, _ = _HEADER.unpack_from(datagram, at)
        if size < _HEADER.size or at + size > len(datagram):
            return
        yield kind, flags, datagram[at + _HEADER.size : at + size]
        at += size + 3 & ~3


def _attributes(body: bytes, at: int) -> dict[int, bytes]:
    found = {}
    while at + _ATTRIBUTE.size <= len(body):
        size, kind = _ATTRIBUTE.unpack_from(body, at)
        if size < _ATTRIBUTE.size or at + size > len(body):
            break
        found[kind] = body[at + _ATTRIBUTE.size : at + size]
        at += size + 3 & ~3
    return found


def _neighbour(body: bytes, *, gone: bool) -> Neighbour | None:
    if len(body) < _BODY.size:
        return None
    family, link, state, _, _ = _BODY.unpack_from(body)
    attributes = _attributes(body, _BODY.size)
    address = attributes.get(_NDA_DST, b"")
    if len(address) != _SIZES.get(family):
        return None
    if state & _FAILED:
        return Neighbour(link, address, None, Standing.FAILED)
    mac = attributes.get(_NDA_LLADDR, b"")
    if gone or state & _INCOMPLETE:
        return Neighbour(link, address, None, Standing.FORGOTTEN)
    # NOARP, what the kernel has for multicast and point-to-point links, tells of no device.
    return Neighbour(link, address, mac, Standing.KNOWN) if state & _KNOWN and is_device(mac) else None
