"""Reading names out of a message without trusting a byte of it. No I/O; knows nothing of records.

Every reader here either returns what lies wholly inside the packet or raises ``Malformed``. An ``IndexError``
of a read past the end is turned into ``Malformed`` by whoever walks a whole section, once, not at every byte.
"""

from __future__ import annotations

from typing import Final

from schoolguard.dns.names import MAX_LABEL, MAX_WIRE

HEADER_SIZE: Final = 12
MAX_JUMPS: Final = 16
"""Compression pointers followed for one name. Encoders need one; 16 leaves room for nested suffixes and
bounds the work a hostile message can ask for (RFC 9267 2.1)."""


class Malformed(Exception):
    """A message that breaks the format; ``reason`` is one short word for counters."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_name(packet: bytes, at: int, memo: dict[int, bytes], jumps: int = 0) -> tuple[bytes, int]:
    """Return the name at ``at``, uncompressed and in the case received, and the offset behind it.

    ``memo`` holds the names already read by offset, one dict per message. A pointer must lead to a place
    before its own name, so chains end; raises ``Malformed`` with ``pointer``, ``label`` or ``name``, and
    ``IndexError`` when the packet ends inside the name. Source: RFC 1035 4.1.4, RFC 9267 2.
    """
    start = at
    size = packet[at]
    while 0 < size <= MAX_LABEL:
        at += size + 1
        size = packet[at]
    if size == 0:
        end = at + 1
        name = packet[start:end]
    elif size >= 0xC0:
        end = at + 2
        target = (size & 0x3F) << 8 | packet[at + 1]
        if target >= start or target < HEADER_SIZE or jumps >= MAX_JUMPS:
            raise Malformed("pointer")
        suffix = memo.get(target)
        if suffix is None:
            suffix = read_name(packet, target, memo, jumps + 1)[0]
        name = packet[start:at] + suffix
    else:
        raise Malformed("label")
    if len(name) > MAX_WIRE:
        raise Malformed("name")
    memo[start] = name
    return name, end


def plain_name_end(packet: bytes, at: int) -> int:
    """Return the offset behind the name at ``at``, which may hold no pointer.

    Raises as ``read_name`` does. For places where compression is forbidden (RFC 3597 4, RFC 8945 4.2).
    """
    start = at
    while size := packet[at]:
        if size > MAX_LABEL:
            raise Malformed("label")
        at += size + 1
        if at - start >= MAX_WIRE:
            raise Malformed("name")
    return at + 1


def is_within(name: bytes, zone: bytes) -> bool:
    """Return whether wire ``name`` is ``zone`` or below it; both lower case."""
    if not name.endswith(zone):
        return False
    # Equal bytes may begin inside a label, whose content can be any byte, so only label borders count.
    at, goal = 0, len(name) - len(zone)
    while at < goal:
        at += name[at] + 1
    return at == goal
