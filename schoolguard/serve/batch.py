"""Datagrams in batches: Linux ``recvmmsg`` and ``sendmmsg`` through ctypes on preallocated buffers.

It must not know DNS. A reply is written over its query in the same slot, so the ID and the client's address
are already in place. Source of the numbers: recvmmsg(2); 64 datagrams a call is where the cost per
datagram stops falling.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket

SLOT = 4096
"""Bytes a slot holds; a longer datagram is cut by the kernel and so rejected as malformed."""

BATCH = 64
_MSG_DONTWAIT = 0x40
_AGAIN = frozenset({errno.EAGAIN, errno.EINTR})


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("len", ctypes.c_size_t))


class _Msghdr(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("namelen", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iovlen", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("controllen", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Mmsghdr(ctypes.Structure):
    _fields_ = (("hdr", _Msghdr), ("len", ctypes.c_uint))


STRIDE = ctypes.sizeof(_Mmsghdr) // 4
LENGTH = _Mmsghdr.len.offset // 4
_NAMES = {socket.AF_INET: (16, 4, 8), socket.AF_INET6: (28, 8, 24)}
# in_pktinfo is 12 bytes (CMSG_SPACE 32), in6_pktinfo 20 bytes (CMSG_SPACE 40).
_CONTROL = {socket.AF_INET: 32, socket.AF_INET6: 40}


class Batch:
    """The buffers of one UDP socket and the two system calls on them.

    ``slots`` holds BATCH slots of SLOT bytes; ``names`` the clients' socket addresses, ``name_size`` bytes
    each, the packed IP address at ``[address_from:address_to]`` of each; ``received[i * STRIDE + LENGTH]``
    is the length of datagram ``i``; ``reply_sizes[2 * i + 1]`` the length of the reply in slot ``i``.
    """

    def __init__(self, sock: socket.socket, pktinfo: bool) -> None:
        self.fileno = sock.fileno()
        self.name_size, self.address_from, self.address_to = _NAMES[sock.family]
        self.control_size = _CONTROL[sock.family] if pktinfo else 0
        self.slots = mmap.mmap(-1, BATCH * SLOT)
        self.names = mmap.mmap(-1, BATCH * self.name_size)
        self.controls = mmap.mmap(-1, max(1, BATCH * self.control_size))
        self._incoming, self._outgoing = (_Mmsghdr * BATCH)(), (_Mmsghdr * BATCH)()
        self._room, self._replies = (_Iovec * BATCH)(), (_Iovec * BATCH)()
        for messages, vectors in ((self._incoming, self._room), (self._outgoing, self._replies)):
            self._point(messages, vectors)
        # Plain integer views: several times cheaper per datagram than ctypes attributes.
        self.received = memoryview(self._incoming).cast("B").cast("I")
        self.reply_sizes = memoryview(self._replies).cast("B").cast("Q")
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._at_in, self._at_out = ctypes.addressof(self._incoming), ctypes.addressof(self._outgoing)
        self._recvmmsg, self._sendmmsg = self._libc.recvmmsg, self._libc.sendmmsg
        pointer, integer = ctypes.c_void_p, ctypes.c_int
        self._recvmmsg.argtypes = [integer, pointer, ctypes.c_uint, integer, pointer]
        self._sendmmsg.argtypes = [integer, pointer, ctypes.c_uint, integer]

    def _point(self, messages: ctypes.Array[_Mmsghdr], vectors: ctypes.Array[_Iovec]) -> None:
        slots, names, controls = map(_address, (self.slots, self.names, self.controls))
        for i in range(BATCH):
            vectors[i].base, vectors[i].len = slots + i * SLOT, SLOT
            header = messages[i].hdr
            header.name, header.namelen = names + i * self.name_size, self.name_size
            header.iov, header.iovlen = ctypes.addressof(vectors) + i * ctypes.sizeof(_Iovec), 1
            if self.control_size:
                # The kernel fills exactly this much; sent back unchanged it makes the reply leave from
                # the address that the query came to (ip(7), IP_PKTINFO).
                header.control = controls + i * self.control_size
                header.controllen = self.control_size

    def receive(self) -> int:
        """Fill the slots; return how many datagrams came, 0 when none waits. Raises ``OSError``."""
        count: int = self._recvmmsg(self.fileno, self._at_in, BATCH, _MSG_DONTWAIT, None)
        if count >= 0:
            return count
        code = ctypes.get_errno()
        if code in _AGAIN:
            return 0
        raise OSError(code, os.strerror(code))

    def send(self, first: int, last: int) -> int:
        """Send the replies in slots ``first`` to ``last - 1``; return how many the kernel did not take.

        One that cannot be sent (a client that vanished, a full queue) is skipped: datagrams may be lost.
        """
        failed = 0
        while first < last:
            at = self._at_out + first * ctypes.sizeof(_Mmsghdr)
            sent = self._sendmmsg(self.fileno, at, last - first, _MSG_DONTWAIT)
            if sent <= 0:
                if sent < 0 and ctypes.get_errno() == errno.EINTR:
                    continue
                failed += 1
                sent = 1
            first += sent
        return failed

    def name(self, i: int) -> bytes:
        """Return the socket address of slot ``i``, to send to later."""
        return self.names[i * self.name_size : (i + 1) * self.name_size]

    def control(self, i: int) -> bytes:
        """Return the control bytes of slot ``i`` (empty without pktinfo)."""
        return self.controls[i * self.control_size : (i + 1) * self.control_size]


def _address(buffer: mmap.mmap) -> int:
    return ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))
