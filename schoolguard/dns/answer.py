"""What is answered to a question, whoever asks: the value in caches that replies are made from. No logic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything of a reply behind the question.

    ``body`` is the answer and authority sections as they go on the wire. Its compression pointers lead to the
    question's name (0xC00C) or into the body itself, which begins at the same offset in every reply to one
    question. ``counts`` are the header's ANCOUNT, NSCOUNT, ARCOUNT; additional records are never kept, so the
    last is zero. ``ttls`` lists every record's TTL as (offset in body, seconds); ``ttl`` is how long the
    whole may be kept in seconds: the least of them, for NXDOMAIN and NODATA RFC 2308's, 0 for "don't cache".

    ``flags`` are AA and AD bits to show. For policy: ``targets`` are the CNAME chain's and SVCB/HTTPS
    records' target names (lower-case wire), ``addresses`` those in A, AAAA and SVCB hints (4 or 16 bytes).
    ``ede`` is an Extended DNS Error: code and text (RFC 8914).
    """

    rcode: int
    flags: int
    counts: bytes
    body: bytes
    ttls: tuple[tuple[int, int], ...]
    ttl: int
    targets: tuple[bytes, ...] = ()
    addresses: tuple[bytes, ...] = ()
    ede: tuple[int, str] | None = None
