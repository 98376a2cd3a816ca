"""Which records of a reply belong to its question: the CNAME chain, the set asked for, the proof of absence.

Everything else an upstream sends along (other owners, foreign zones, additional records) is what cache
poisoning lives on, and is left behind here. Pure; the records are already checked for form.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from schoolguard.dns.records import Record, Sections
from schoolguard.dns.rr import RCode, RRType
from schoolguard.dns.wire import Malformed, is_within, plain_name_end

MAX_CHAIN: Final = 11
"""CNAMEs followed in one reply, as in Unbound; longer chains are loops or attacks."""

_CNAME: Final = int(RRType.CNAME)
_DNAME: Final = int(RRType.DNAME)
_SOA: Final = int(RRType.SOA)
_RRSIG: Final = int(RRType.RRSIG)
_PROOFS: Final = (int(RRType.NSEC), int(RRType.NSEC3))
_SINGLETONS: Final = (_CNAME, _DNAME, _SOA)
_SIGNER_AT: Final = 18

_Sets = dict[tuple[bytes, int], list[Record]]


class Kept(NamedTuple):
    """The records that stay, in order; ``names`` are the question's and the chain's targets, lower case."""

    answers: list[Record]
    authorities: list[Record]
    names: list[bytes]
    positive: bool


def scrub(sections: Sections, name: bytes, qtype: int, do: bool) -> Kept:
    """Return what of ``sections`` answers ``name`` (lower-case wire); DNSSEC records only with ``do``.

    Raises ``Malformed``: ``loop``, ``chain`` (too long), ``singleton`` (two CNAMEs at one owner and the
    like), ``cname`` (beside the set asked for), ``dname`` (a substitution that is missing or wrong, RFC 6672
    3.1), ``nxdomain`` (with the records asked for).
    """
    sets: _Sets = {}
    for record in sections.answers:
        sets.setdefault((record.owner, record.rrtype), []).append(record)
    kept, names = _follow(sets, name, qtype, do)
    end = names[-1]
    final = _set(sets, end, qtype)
    if final:
        if sections.rcode == RCode.NXDOMAIN:
            raise Malformed("nxdomain")
        if qtype == _CNAME:
            kept += _dname_above(sets, end, final[0].rdata, do)
        kept += final
        if do and qtype != _RRSIG:
            kept += _signatures(sets, end, qtype)
    else:
        _dname_above(sets, end, b"", do)
    authorities = [] if final else _start_of_authority(sections.authorities, end)
    if do:
        authorities += _proofs(sections.authorities, names)
    return Kept(kept, authorities, names, bool(final))


def _follow(sets: _Sets, name: bytes, qtype: int, do: bool) -> tuple[list[Record], list[bytes]]:
    kept: list[Record] = []
    names = [name]
    while qtype != _CNAME and (aliases := _set(sets, names[-1], _CNAME)):
        owner, alias = names[-1], aliases[0]
        if (owner, qtype) in sets:
            raise Malformed("cname")
        kept += _dname_above(sets, owner, alias.rdata, do)
        kept.append(alias)
        if do:
            kept += _signatures(sets, owner, _CNAME)
        target = alias.rdata.lower()
        if target in names:
            raise Malformed("loop")
        if len(names) > MAX_CHAIN:
            raise Malformed("chain")
        names.append(target)
    return kept, names


def _set(sets: _Sets, owner: bytes, rrtype: int) -> list[Record]:
    """Return the set without repeated records (RFC 2181 5)."""
    found = sets.get((owner, rrtype), [])
    if len(found) > 1:
        if rrtype in _SINGLETONS:
            raise Malformed("singleton")
        found = list({record.rdata: record for record in found}.values())
    return found


def _dname_above(sets: _Sets, name: bytes, target: bytes, do: bool) -> list[Record]:
    """Return the DNAME above ``name``, with its signatures, after checking that it leads to ``target``.

    Nothing for an ordinary CNAME. A DNAME without its CNAME (``target`` empty) fails the check.
    """
    for owner, rrtype in sets:
        if rrtype == _DNAME and owner != name and is_within(name, owner):
            (dname,) = _set(sets, owner, _DNAME)
            made = name[: len(name) - len(owner)] + dname.rdata.lower()
            if made != target.lower():
                raise Malformed("dname")
            return [dname, *(_signatures(sets, owner, _DNAME) if do else ())]
    return []


def _signatures(sets: _Sets, owner: bytes, covered: int) -> list[Record]:
    wanted = covered.to_bytes(2)
    return [record for record in sets.get((owner, _RRSIG), ()) if record.rdata[:2] == wanted]


def _start_of_authority(authorities: list[Record], name: bytes) -> list[Record]:
    """Return the SOA of the closest zone ``name`` is in: it bounds its absence (RFC 2308 5)."""
    found = [record for record in authorities if record.rrtype == _SOA and is_within(name, record.owner)]
    if not found:
        return []
    closest = max(found, key=lambda record: len(record.owner))
    if sum(record.owner == closest.owner for record in found) > 1:
        raise Malformed("singleton")
    return [closest]


def _proofs(authorities: list[Record], names: list[bytes]) -> list[Record]:
    """Return NSEC, NSEC3 and their and the SOA's signatures that stand in a signed zone of the chain.

    An NSEC's owner is a neighbour of the name, not its ancestor, so what counts is the zone that signed it.
    """
    zones = set()
    for record in authorities:
        if record.rrtype == _RRSIG:
            zone = record.rdata[_SIGNER_AT : plain_name_end(record.rdata, _SIGNER_AT)].lower()
            if any(is_within(name, zone) for name in names):
                zones.add(zone)
    return [
        record
        for record in authorities
        if (record.rrtype in _PROOFS or record.rrtype == _RRSIG)
        and any(is_within(record.owner, zone) for zone in zones)
    ]
