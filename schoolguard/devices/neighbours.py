"""Follows the kernel's neighbour table over rtnetlink. It decides nothing: it passes on what the kernel says.

The group RTNLGRP_NEIGH is joined first and the table asked for afterwards, so that nothing falls between.
When the socket's buffer overflows (ENOBUFS) messages are lost: the whole table is asked for again, and what
it does not hold any more is forgotten. No privilege is needed.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable
from typing import Final

from schoolguard.devices.neighbour import Standing, dump_request, read_part
from schoolguard.devices.table import Devices

_log = logging.getLogger("schoolguard.devices")

_NETLINK_ROUTE: Final = 0
_GROUP_NEIGH: Final = 1 << 2
_RECEIVE_BUFFER: Final = 1 << 20
_DATAGRAM: Final = 1 << 16
_BATCH: Final = 64
"""Datagrams taken before others have their turn."""
_RETRY: Final = 1.0
"""Seconds until the table is asked for again when the kernel refused (EBUSY: a dump is still running)."""


class NeighbourWatch:
    """Keeps ``devices`` as the kernel's table is, and calls ``touched`` after each batch of messages.

    Making one opens the socket, in the network namespace of the calling thread; raises ``OSError``.
    """

    def __init__(self, devices: Devices, touched: Callable[[], None], now: Callable[[], float]) -> None:
        self.overflows = 0
        self._devices = devices
        self._touched = touched
        self._now = now
        self._sequence = 0
        self._present: set[tuple[int, bytes]] | None = None
        self._again = False
        self._retry: asyncio.TimerHandle | None = None
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, _NETLINK_ROUTE
        )
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.bind((0, _GROUP_NEIGH))

    def start(self) -> None:
        """Read from now on, in the running loop; first comes the table as it stands."""
        asyncio.get_running_loop().add_reader(self._socket, self._readable)
        self._dump()

    def close(self) -> None:
        """End it."""
        if self._retry is not None:
            self._retry.cancel()
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()

    def _dump(self) -> None:
        self._retry = None
        if self._present is not None:
            self._again = True
            return
        self._again = False
        self._present = set()
        self._sequence += 1
        try:
            self._socket.sendto(dump_request(self._sequence), (0, 0))
        except OSError as error:
            self._refused(error.errno or 0)

    def _readable(self) -> None:
        for _ in range(_BATCH):
            try:
                datagram, sender = self._socket.recvfrom(_DATAGRAM)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.overflows += 1
                self._dump()
                continue
            if sender[0] == 0:  # the kernel; anyone may send to a netlink socket
                self._take(datagram)
        self._touched()

    def _take(self, datagram: bytes) -> None:
        part = read_part(datagram)
        now = self._now()
        for neighbour in part.neighbours:
            self._devices.tell(neighbour, now)
            if self._present is not None:
                key = neighbour.link, neighbour.address
                if neighbour.standing is Standing.KNOWN:
                    self._present.add(key)
                else:
                    self._present.discard(key)
        self._again = self._again or part.interrupted
        if part.error:
            self._refused(part.error)
        elif part.done and self._present is not None:
            present, self._present = self._present, None
            if self._again:
                self._dump()
            else:
                self._devices.only(present, now)

    def _refused(self, code: int) -> None:
        _log.warning("neighbour table not given, asked for again", extra={"error": os.strerror(code)})
        self._present = None
        if self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(_RETRY, self._dump)
