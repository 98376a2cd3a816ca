"""Who asks over a Unix socket, as the kernel says it, and what that lets him do. It asks for no password.

The credentials are those of the process that connected, at that moment (SO_PEERCRED, SO_PEERGROUPS, unix(7));
nobody can send others. Source of the number that Python does not name: Linux, asm-generic/socket.h.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass

_SO_PEERGROUPS = 59
_BUFFER = 1_024
"""Bytes that Python lets one ask for: 256 groups. Of a user in more, only the primary group is known."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A user by number and name, and all groups of his process."""

    uid: int
    name: str
    groups: frozenset[int]

    @property
    def operates(self) -> bool:
        """Whether he is root or the user that this gateway runs as: he can read its files anyway."""
        return self.uid in (0, os.geteuid())

    def is_in(self, group: str | None) -> bool:
        """Return whether he is a member of a Unix group, which this machine must know."""
        if group is None:
            return False
        try:
            return grp.getgrnam(group).gr_gid in self.groups
        except KeyError:
            return False


def peer_of(sock: socket.socket) -> Peer:
    """Return who connected a Unix socket; raises ``OSError``."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
    _, uid, gid = struct.unpack("iII", raw)
    return Peer(uid, _name(uid), frozenset({gid, *_groups(sock)}))


def _groups(sock: socket.socket) -> tuple[int, ...]:
    try:
        raw = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _BUFFER)
    except OSError as error:
        if error.errno != errno.ERANGE:
            raise
        return ()
    return struct.unpack(f"{len(raw) // 4}I", raw)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
