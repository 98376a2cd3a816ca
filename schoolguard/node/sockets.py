"""The gateway's listening sockets, opened by the control process and inherited by the workers.

Control keeps them open, so queries wait in the kernel while a worker is replaced, and an address that cannot
be had is an error at start and not in a child. It must not read from them.
"""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from schoolguard.language import N_, Said
from schoolguard.settings import Endpoint

RECEIVE_BUFFER = 4 << 20
"""Bytes asked for: at 30,000 q/s it holds a stall of a fifth of a second (a small datagram takes 768)."""

NOBODY = -1
"""The number of no worker."""

_BACKLOG = 512
_SO_RCVBUFFORCE = 33
_IP_PKTINFO = 8
_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to
_log = logging.getLogger("schoolguard.sockets")
_ADVICE = {
    errno.EADDRINUSE: N_(
        "another program has it; `ss -lunpt 'sport = :{port}'` names it. Stop that program, or choose"
        " another port under `listen`"
    ),
    errno.EACCES: N_("ports below 1024 need CAP_NET_BIND_SERVICE; start by systemd, or choose a higher port"),
    errno.EADDRNOTAVAIL: N_("this machine has no such address; `ip address` shows those it has"),
    errno.EAFNOSUPPORT: N_("this machine has no IPv6; remove the address from `listen`"),
}


class CannotListen(Said):
    """An address that cannot be listened on; the message says what to do."""


class Seat(NamedTuple):
    """The place of one socket: which worker reads it, and what it is bound to.

    The seat ``NOBODY`` with transport ``claim`` keeps a second gateway off the address: SO_REUSEPORT alone
    would let the two share it, and each answer every other query.
    """

    worker: int
    endpoint: Endpoint
    transport: str

    @property
    def wildcard(self) -> bool:
        """Whether it is bound to every address of the machine."""
        return self.endpoint.host in _ANY


def seats(listeners: Iterable[Endpoint], workers: int) -> set[Seat]:
    """Return the seats that a configuration needs: UDP and TCP for each listener and worker, and a claim."""
    endpoints = tuple(listeners)
    claims = {Seat(NOBODY, endpoint, "claim") for endpoint in endpoints}
    return claims | {Seat(n, e, t) for e in endpoints for n in range(workers) for t in ("udp", "tcp")}


def open_sockets(wanted: set[Seat], opened: Mapping[Seat, socket.socket]) -> dict[Seat, socket.socket]:
    """Return a socket for each wanted seat, new ones where ``opened`` has none.

    Raises ``CannotListen``, with nothing left open that was not before.
    """
    result: dict[Seat, socket.socket] = {}
    try:
        for seat in sorted(wanted):
            result[seat] = opened[seat] if seat in opened else _open(seat)
    except CannotListen:
        for seat, sock in result.items():
            if seat not in opened:
                sock.close()
        raise
    return result


def _open(seat: Seat) -> socket.socket:
    if seat.transport == "claim":
        return _claim(seat)
    host, port = seat.endpoint
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = socket.SOCK_DGRAM if seat.transport == "udp" else socket.SOCK_STREAM
    try:
        sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    except OSError as error:
        raise _cannot(seat, error) from error
    try:
        _prepare(sock, seat)
        sock.bind((host, port))
        if seat.transport == "tcp":
            sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise _cannot(seat, error) from error
    return sock


def _claim(seat: Seat) -> socket.socket:
    """Take an abstract Unix address, which the kernel frees when this process ends, however it ends."""
    host, port = seat.endpoint
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        sock.bind(f"\0schoolguard/{host}@{port}")
    except OSError as error:
        sock.close()
        msgid = N_("cannot listen on {host}@{port}: another SchoolGuard listens there; stop it first")
        raise CannotListen(msgid, host=host, port=port) from error
    return sock


def close_to_new(sock: socket.socket) -> None:
    """Let the kernel give new datagrams to the other sockets of the address; those here can still be read.

    A UDP socket that is connected, to itself here, is left out when the kernel spreads other clients'
    datagrams; closing it instead would lose what arrived since it was last read.
    """
    host, port, *_ = sock.getsockname()
    try:
        sock.connect((_LOOPBACK.get(host, host), port))
    except OSError as error:
        _log.warning("queries may be lost at this socket", extra={"host": host, "error": str(error)})


def _prepare(sock: socket.socket, seat: Seat) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if seat.transport == "tcp":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    with suppress(PermissionError):  # beyond net.core.rmem_max only with CAP_NET_ADMIN; see systemd/
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    if seat.wildcard:
        # The reply has to leave from the address that was asked.
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)


def _cannot(seat: Seat, error: OSError) -> CannotListen:
    host, port = seat.endpoint
    known = _ADVICE.get(error.errno or 0)
    advice = Said(known, port=port) if known else error.strerror or str(error)
    msgid = N_("cannot listen on {address} ({transport}): {advice}")
    return CannotListen(msgid, address=f"{host}@{port}", transport=seat.transport, advice=advice)
