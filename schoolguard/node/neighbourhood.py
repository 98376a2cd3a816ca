"""Which device has an address at this moment: the neighbour table and the lease files, read once.

It follows nothing: for that ``devices.follow`` is there, in the gateway. It must not log an address.
"""

from __future__ import annotations

import contextlib
import os
import socket

from schoolguard.devices.lease_files import LeaseReader, Unreadable
from schoolguard.devices.model import DeviceSources
from schoolguard.devices.neighbour import dump_request, read_part
from schoolguard.devices.table import Changes, Devices
from schoolguard.language import N_, Said

_SECONDS = 2.0
"""The kernel answers at once; longer than this it does not answer at all."""

_DATAGRAM = 1 << 16
_NETLINK_ROUTE = 0


def devices_now(sources: DeviceSources, now: float, notes: list[Said]) -> dict[bytes, bytes]:
    """Return MACs by packed address; what could not be read is added to ``notes``.

    ``now`` is Unix seconds.
    """
    devices = Devices()
    if sources.neighbours:
        try:
            _tell_neighbours(devices, now)
        except OSError as error:
            problem = error.strerror or str(error)
            notes.append(Said(N_("the neighbour table cannot be read: {problem}"), problem=problem))
    for source in sources.leases:
        reader = LeaseReader(source)
        try:
            # An empty file is believed at the second look only.
            leases = reader.look() or reader.look()
        except Unreadable as error:
            notes.append(Said(N_("leases {file}: {problem}"), file=source.file, problem=error))
            continue
        if leases is not None:
            devices.lease(str(source.file), leases.by_address, now)
    changes: Changes = devices.changes()
    return dict(changes.set)


def _tell_neighbours(devices: Devices, now: float) -> None:
    with contextlib.closing(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE)) as kernel:
        kernel.settimeout(_SECONDS)
        kernel.sendto(dump_request(1), (0, 0))
        while True:
            datagram, sender = kernel.recvfrom(_DATAGRAM)
            if sender[0] != 0:
                continue
            part = read_part(datagram)
            for neighbour in part.neighbours:
                devices.tell(neighbour, now)
            if part.error:
                raise OSError(part.error, os.strerror(part.error))
            if part.done:
                return
