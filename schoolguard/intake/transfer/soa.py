"""The SOA record of a zone: from the wire, and to and from the first line of a kept file. No I/O."""

from __future__ import annotations

import struct
from typing import NamedTuple

from schoolguard.dns.wire import read_name
from schoolguard.intake.transfer.text import absolute

_NUMBERS = struct.Struct("!5I")


class Soa(NamedTuple):
    """Names as a master file writes them (absolute, escaped), serial, and the four times in seconds."""

    mname: bytes
    rname: bytes
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int

    def line(self) -> bytes:
        """Return the record as a line of a master file, for the apex."""
        numbers = " ".join(str(number) for number in self[2:])
        return b"@ SOA " + self.mname + b" " + self.rname + b" " + numbers.encode() + b"\n"


def soa_of(message: bytes, at: int, memo: dict[int, bytes]) -> tuple[Soa, int]:
    """Return the SOA whose RDATA begins at ``at``, and the offset behind it.

    Raises ``Malformed``, ``IndexError`` or ``struct.error``.
    """
    mname, at = read_name(message, at, memo)
    rname, at = read_name(message, at, memo)
    return Soa(absolute(mname), absolute(rname), *_NUMBERS.unpack_from(message, at)), at + _NUMBERS.size


def soa_of_line(line: bytes) -> Soa:
    """Return the SOA of a line that ``Soa.line`` wrote; raises ``ValueError`` for another one."""
    words = line.split()
    if len(words) != 9 or words[:2] != [b"@", b"SOA"]:
        raise ValueError(f"{line[:80]!r} is no SOA line")
    return Soa(words[2], words[3], *(int(word) for word in words[4:]))
