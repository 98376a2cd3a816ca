"""The answer to a question that gets another name's records: a CNAME to that name first, then what it has.

It must not choose the name, nor ask for its records. What comes out is ours, so nothing in it is signed: a
signature or proof of absence would speak for records that were never published together (RFC 4035 3.2.3).
"""

from __future__ import annotations

from typing import Final

from schoolguard.dns.answer import Answer
from schoolguard.dns.records import Record
from schoolguard.dns.rewrite import answer_of, records_of
from schoolguard.dns.rr import RCode, RRType

_CNAME: Final = int(RRType.CNAME)
_CHAIN: Final = (_CNAME, int(RRType.DNAME))
_PROOFS: Final = frozenset((int(RRType.RRSIG), int(RRType.NSEC), int(RRType.NSEC3)))
_SAID: Final = (int(RRType.CNAME), int(RRType.RRSIG))
"""Types of which the name asked for has all it can have with its own CNAME (RFC 1034 3.6.2)."""
_ANSWERING: Final = (int(RCode.NOERROR), int(RCode.NXDOMAIN))


def alias_answer(question: bytes, target: bytes, answer: Answer, ttl: int | None = None) -> Answer:
    """Return the answer to ``question`` when its name is an alias of ``target`` (lower-case wire).

    ``answer`` is the answer to ``target`` with the same type and class. The code, the SOA that bounds an
    absence and the EDE stay as they are; a failure has no records and is returned unchanged. The CNAME's TTL
    is the least of what follows, at most ``ttl`` seconds. As ``answer`` ages, so does this: keep both under
    the same moment. ``targets`` are those behind ``target``, which is our own choice and no cloaking.

    Raises ``ValueError`` when a name would be an alias of itself, ``Malformed`` for a body not written for
    ``target``.
    """
    name = question[:-4]
    if name == target:
        raise ValueError("a name cannot be an alias of itself")
    if answer.rcode not in _ANSWERING:
        return answer
    sections = records_of(target + question[-4:], answer)
    lifetime = answer.ttl if ttl is None else min(ttl, answer.ttl)
    alias = Record(name, _CNAME, lifetime, target)
    if int.from_bytes(question[-4:-2]) in _SAID:
        return answer_of(question, [alias], [], lifetime, answer)
    records = [record for record in sections.answers if record.rrtype not in _PROOFS]
    authorities = [record for record in sections.authorities if record.rrtype not in _PROOFS]
    if any(record.rrtype == _CNAME and record.rdata.lower() == name for record in records):
        records = _flat(records, target)
    return answer_of(question, [alias, *records], authorities, lifetime, answer)


def _flat(records: list[Record], target: bytes) -> list[Record]:
    """Return the final set as ``target``'s own, for a chain that leads back to the name asked for: a loop."""
    return [record._replace(owner=target) for record in records if record.rrtype not in _CHAIN]
