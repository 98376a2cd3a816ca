"""Numbers of the DNS as IANA names them: RR types, response codes, Extended DNS Errors. Only look-ups.

Only what the package, its callers or an explanation for people needs is listed; the registries are longer.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

CLASS_IN: Final = 1
CLASS_ANY: Final = 255
UDP_PAYLOAD: Final = 1232
"""Largest UDP message sent or asked for, in bytes: fits IPv6's minimum MTU, so nothing fragments (DNS Flag
Day 2020)."""

_NUMBERED = re.compile(r"TYPE([0-9]{1,5})\Z")


class RRType(IntEnum):
    """Resource record types and query types."""

    A = 1
    NS = 2
    MD = 3
    MF = 4
    CNAME = 5
    SOA = 6
    MB = 7
    MG = 8
    MR = 9
    NULL = 10
    WKS = 11
    PTR = 12
    HINFO = 13
    MINFO = 14
    MX = 15
    TXT = 16
    RP = 17
    AFSDB = 18
    RT = 21
    SIG = 24
    KEY = 25
    PX = 26
    AAAA = 28
    LOC = 29
    NXT = 30
    SRV = 33
    NAPTR = 35
    KX = 36
    CERT = 37
    DNAME = 39
    OPT = 41
    DS = 43
    SSHFP = 44
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    NSEC3 = 50
    NSEC3PARAM = 51
    TLSA = 52
    SMIMEA = 53
    CDS = 59
    CDNSKEY = 60
    OPENPGPKEY = 61
    CSYNC = 62
    ZONEMD = 63
    SVCB = 64
    HTTPS = 65
    SPF = 99
    NXNAME = 128
    TKEY = 249
    TSIG = 250
    IXFR = 251
    AXFR = 252
    MAILB = 253
    MAILA = 254
    ANY = 255
    URI = 256
    CAA = 257


class RCode(IntEnum):
    """Response codes; those above 15 need an OPT record to be said (RFC 6891 6.1.3)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    NOTAUTH = 9
    BADVERS = 16


class EDE(IntEnum):
    """Extended DNS Error codes (RFC 8914)."""

    OTHER = 0
    STALE_ANSWER = 3
    FORGED_ANSWER = 4
    DNSSEC_BOGUS = 6
    CACHED_ERROR = 13
    NOT_READY = 14
    BLOCKED = 15
    CENSORED = 16
    FILTERED = 17
    PROHIBITED = 18
    STALE_NXDOMAIN_ANSWER = 19
    NOT_SUPPORTED = 21
    NO_REACHABLE_AUTHORITY = 22
    NETWORK_ERROR = 23
    INVALID_QUERY_TYPE = 30


def type_name(number: int) -> str:
    """Return the mnemonic of a type, or ``TYPE65280`` when it has none here (RFC 3597 5)."""
    try:
        return RRType(number).name
    except ValueError:
        return f"TYPE{number}"


def type_number(text: str) -> int:
    """Return the number of a type written as ``AAAA`` or ``TYPE28`` in any case, else ``ValueError``."""
    wanted = text.strip().upper()
    if wanted in RRType.__members__:
        return int(RRType[wanted])
    numbered = _NUMBERED.match(wanted)
    if numbered and int(numbered[1]) < 65536:
        return int(numbered[1])
    raise ValueError(f"{text!r} is not a record type: write its name (A, AAAA, HTTPS) or TYPE and its number")
