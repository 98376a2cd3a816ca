"""Packets for the tests of this folder, put together byte by byte so that they can be wrong on purpose."""

from __future__ import annotations

from struct import pack

import pytest


class Craft:
    """Builds names, records and messages; nothing is checked."""

    def name(self, text: str) -> bytes:
        """Return ``text``, split at its dots, in wire form."""
        labels = [label.encode() for label in text.split(".") if label]
        return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"

    def question(self, text: str = "www.example.vn", qtype: int = 1, qclass: int = 1) -> bytes:
        """Return one entry of a question section."""
        return self.name(text) + pack("!HH", qtype, qclass)

    def record(
        self, owner: str | bytes, rrtype: int, rdata: bytes, ttl: int = 300, rrclass: int = 1
    ) -> bytes:
        """Return a record; ``owner`` as text or as wire bytes (a pointer, say)."""
        wire = self.name(owner) if isinstance(owner, str) else owner
        return wire + pack("!HHIH", rrtype, rrclass, ttl, len(rdata)) + rdata

    def opt(
        self, size: int = 1232, flags: int = 0, version: int = 0, upper: int = 0, options: bytes = b""
    ) -> bytes:
        """Return an OPT record; ``upper`` are the RCODE's upper bits."""
        return self.record(b"\0", 41, options, upper << 24 | version << 16 | flags, size)

    def query(self, question: bytes, *additional: bytes, flags: int = 0x0100, id: int = 0x1234) -> bytes:
        """Return a query whose counts tell the truth."""
        return pack("!6H", id, flags, 1, 0, 0, len(additional)) + question + b"".join(additional)

    def reply(
        self,
        question: bytes,
        answers: list[bytes] | None = None,
        authorities: list[bytes] | None = None,
        additionals: list[bytes] | None = None,
        flags: int = 0x8180,
    ) -> bytes:
        """Return a reply with ID 0x1234 whose counts tell the truth."""
        sections = [answers or [], authorities or [], additionals or []]
        header = pack("!6H", 0x1234, flags, 1, *(len(section) for section in sections))
        return header + question + b"".join(b"".join(section) for section in sections)

    def soa(self, owner: str, ttl: int = 3600, minimum: int = 60) -> bytes:
        """Return an SOA record."""
        rdata = self.name("ns." + owner) + self.name("root." + owner) + pack("!5I", 1, 2, 3, 4, minimum)
        return self.record(owner, 6, rdata, ttl)


@pytest.fixture(scope="session")
def craft() -> Craft:
    """The packet builder."""
    return Craft()
