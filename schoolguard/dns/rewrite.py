"""A kept answer taken apart into its records, and put together again after one of ours changed them.

It must not judge: which records stay is said by ``alias`` and ``ech``.
"""

from __future__ import annotations

from collections.abc import Iterable

from schoolguard.dns.answer import Answer
from schoolguard.dns.encode import Body
from schoolguard.dns.records import Record, Sections, read_sections
from schoolguard.dns.wire import HEADER_SIZE


def records_of(question: bytes, answer: Answer) -> Sections:
    """Return the records of the answer to ``question`` (lower-case wire name, type, class), names whole.

    Raises ``Malformed`` for a body that was not written for this question.
    """
    counts = (
        int.from_bytes(answer.counts[:2]),
        int.from_bytes(answer.counts[2:4]),
        int.from_bytes(answer.counts[4:]),
    )
    packet = bytes(HEADER_SIZE) + question + answer.body
    return read_sections(packet, HEADER_SIZE + len(question), counts, answer.rcode)


def answer_of(
    question: bytes, answers: Iterable[Record], authorities: Iterable[Record], ttl: int, like: Answer
) -> Answer:
    """Return an answer to ``question`` with these records, else as ``like`` is.

    ``ttl`` is how long the whole may be kept, in seconds. AA and AD are clear: no proof holds for what was
    rewritten.
    """
    body = Body(question[:-4])
    counts = 0
    for shift, section in ((32, answers), (16, authorities)):
        for record in section:
            body.add(record, record.ttl)
            counts += 1 << shift
    return Answer(
        rcode=like.rcode,
        flags=0,
        counts=counts.to_bytes(6),
        body=bytes(body.content),
        ttls=tuple(body.ttls),
        ttl=ttl,
        targets=like.targets,
        addresses=like.addresses,
        ede=like.ede,
    )
