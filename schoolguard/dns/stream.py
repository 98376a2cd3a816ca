"""DNS messages on a byte stream: a two-byte length before each (RFC 7766 8). No I/O, no clock."""

from __future__ import annotations

from typing import Final

MAX_FRAME: Final = 65_535


class BadFrame(Exception):
    """A length that can't be a message's, so the stream ends here; ``reason`` is ``empty`` or ``long``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def frame(packet: bytes) -> bytes:
    """Return ``packet`` with its length before it; ``ValueError`` when it is empty or over 65535 bytes."""
    if not 0 < len(packet) <= MAX_FRAME:
        raise ValueError(f"a message of {len(packet)} bytes can't be framed: 1 to {MAX_FRAME} are possible")
    return len(packet).to_bytes(2) + packet


class Frames:
    """The reading side of one stream: bytes in, complete messages out, at most one partial message held."""

    __slots__ = ("_buffer", "_limit")

    def __init__(self, limit: int = MAX_FRAME) -> None:
        """Take messages of up to ``limit`` bytes: for queries a few hundred do, replies need all."""
        self._limit = limit
        self._buffer = bytearray()

    @property
    def partial(self) -> bool:
        """Whether a message has begun and not ended: what a deadline for whole messages is set on."""
        return bool(self._buffer)

    def feed(self, received: bytes) -> list[bytes]:
        """Return the messages that ``received`` completes, in order.

        Raises ``BadFrame`` with ``empty`` or ``long`` as soon as such a length is seen; messages complete
        before it are lost with the connection, which must be closed.
        """
        buffer = self._buffer
        buffer += received
        messages = []
        at = 0
        while at + 2 <= len(buffer):
            size = buffer[at] << 8 | buffer[at + 1]
            if size == 0:
                raise BadFrame("empty")
            if size > self._limit:
                raise BadFrame("long")
            if at + 2 + size > len(buffer):
                break
            messages.append(bytes(buffer[at + 2 : at + 2 + size]))
            at += 2 + size
        del buffer[:at]
        return messages
