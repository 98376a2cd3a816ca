"""HTTPS and SVCB records without the keys of Encrypted Client Hello, so that a filter behind sees the name.

Source: RFC 9460 (SvcParams, ``mandatory``), RFC 9848 (``ech`` is SvcParam 5). A client that gets no key says
the name in the clear, as it does to every site that has none. It must not touch anything else.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from schoolguard.dns.answer import Answer
from schoolguard.dns.rdata import read_service
from schoolguard.dns.records import Record
from schoolguard.dns.rewrite import answer_of, records_of
from schoolguard.dns.rr import RRType
from schoolguard.dns.wire import plain_name_end

_SERVICES: Final = (int(RRType.SVCB), int(RRType.HTTPS))
_ASKED: Final = (*_SERVICES, int(RRType.ANY))
_RRSIG: Final = int(RRType.RRSIG)
_MANDATORY: Final = 0
_ECH: Final = 5
_ECH_KEY: Final = b"\0\5"
_PAIR: Final = Struct("!HH")


def without_ech(question: bytes, answer: Answer) -> Answer:
    """Return the answer to ``question`` with no ``ech`` in any record; the same object when there was none.

    Signatures of a changed set go, the other records stay byte for byte. ``question`` is a cache key (wire
    name, type, class): the names in the body are compressed against it. Raises ``Malformed`` for parameters
    that are none, which ``read_reply`` never lets through.
    """
    if int.from_bytes(question[-4:-2]) not in _ASKED or _ECH_KEY not in answer.body:
        return answer
    sections = records_of(question, answer)
    kept: dict[tuple[bytes, int, bytes], Record] = {}
    changed = set()
    for record in sections.answers:
        stripped = _stripped(record)
        if stripped is not record:
            changed.add((record.owner, record.rrtype))
        # Two records that only their keys told apart are one now (RFC 2181 5).
        kept.setdefault((record.owner, record.rrtype, stripped.rdata), stripped)
    if not changed:
        return answer
    answers = [record for record in kept.values() if not _signs(record, changed)]
    return answer_of(question, answers, sections.authorities, answer.ttl, answer)


def _signs(record: Record, changed: set[tuple[bytes, int]]) -> bool:
    covered = int.from_bytes(record.rdata[:2])
    return record.rrtype == _RRSIG and (record.owner, covered) in changed


def _stripped(record: Record) -> Record:
    if record.rrtype not in _SERVICES or _ECH_KEY not in record.rdata:
        return record
    rdata = stripped_rdata(record.rdata)
    return record if rdata == record.rdata else record._replace(rdata=rdata)


def stripped_rdata(rdata: bytes) -> bytes:
    """Return SVCB or HTTPS RDATA without ``ech``, and without its number in ``mandatory``.

    A ``mandatory`` that held nothing else goes too: an empty one is malformed (RFC 9460 8). Raises as
    ``read_service`` does; RDATA that ``read_rdata`` returned holds a whole target.
    """
    read_service(rdata)
    at = plain_name_end(rdata, 2)
    parts = [rdata[:at]]
    while at < len(rdata):
        key, size = _PAIR.unpack_from(rdata, at)
        value = rdata[at + 4 : at + 4 + size]
        at += 4 + size
        if key == _ECH:
            continue
        if key == _MANDATORY:
            without = _without_key(value)
            if value and not without:
                continue
            value = without
        parts += (_PAIR.pack(key, len(value)), value)
    return b"".join(parts)


def _without_key(mandatory: bytes) -> bytes:
    """Return the list of keys, two bytes each, without ``ech``'s; a last odd byte stays as it is."""
    pairs = (mandatory[i : i + 2] for i in range(0, len(mandatory), 2))
    return b"".join(pair for pair in pairs if pair != _ECH_KEY)
