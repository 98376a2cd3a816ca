"""Query types by name, as ``$dnstype`` and zone files write them. No parsing of records."""

from __future__ import annotations

from types import MappingProxyType

TYPES = MappingProxyType(
    {
        "A": 1,
        "NS": 2,
        "CNAME": 5,
        "SOA": 6,
        "PTR": 12,
        "HINFO": 13,
        "MX": 15,
        "TXT": 16,
        "RP": 17,
        "AFSDB": 18,
        "SIG": 24,
        "KEY": 25,
        "AAAA": 28,
        "LOC": 29,
        "SRV": 33,
        "NAPTR": 35,
        "KX": 36,
        "CERT": 37,
        "DNAME": 39,
        "APL": 42,
        "DS": 43,
        "SSHFP": 44,
        "IPSECKEY": 45,
        "RRSIG": 46,
        "NSEC": 47,
        "DNSKEY": 48,
        "DHCID": 49,
        "NSEC3": 50,
        "NSEC3PARAM": 51,
        "TLSA": 52,
        "SMIMEA": 53,
        "HIP": 55,
        "CDS": 59,
        "CDNSKEY": 60,
        "OPENPGPKEY": 61,
        "CSYNC": 62,
        "ZONEMD": 63,
        "SVCB": 64,
        "HTTPS": 65,
        "SPF": 99,
        "EUI48": 108,
        "EUI64": 109,
        "TKEY": 249,
        "TSIG": 250,
        "IXFR": 251,
        "AXFR": 252,
        "ANY": 255,
        "URI": 256,
        "CAA": 257,
    }
)
"""IANA "DNS parameters", resource record types in use."""


def type_number(word: str) -> int | None:
    """Return the number of a type by name, any case, or in RFC 3597's ``TYPE123`` form, else ``None``."""
    name = word.upper()
    if name in TYPES:
        return TYPES[name]
    digits = name.removeprefix("TYPE")
    if name.startswith("TYPE") and digits.isascii() and digits.isdigit() and len(digits) <= 5:
        number = int(digits)
        return number if 0 < number < 65_536 else None
    return None
