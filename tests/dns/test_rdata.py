"""RDATA: names uncompressed where senders may compress, everything else exact or malformed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.dns.rdata import LAYOUTS, Service, read_rdata, read_service
from schoolguard.dns.rr import RRType
from schoolguard.dns.wire import Malformed

HEAD = bytes(12) + b"\x02vn\0"
WHOLE = b"\x01a\x02vn\0"
SHORT = b"\x01a\xc0\x0c"

COMPRESSED = {
    RRType.CNAME: (b"", b""),
    RRType.NS: (b"", b""),
    RRType.PTR: (b"", b""),
    RRType.DNAME: (b"", b""),
    RRType.MX: (b"\0\x0a", b""),
    RRType.AFSDB: (b"\0\1", b""),
    RRType.RT: (b"\0\1", b""),
    RRType.SRV: (b"\0\1\0\2\0\3", b""),
    RRType.NAPTR: (b"\0\1\0\2\1u\3sip\0", b""),
    RRType.SIG: (bytes(18), b"signature"),
}
TWO_NAMES = {RRType.SOA: bytes(20), RRType.MINFO: b"", RRType.RP: b""}
BROKEN = [
    (RRType.A, bytes(3)),
    (RRType.A, bytes(5)),
    (RRType.AAAA, bytes(4)),
    (RRType.CNAME, b""),
    (RRType.CNAME, WHOLE + b"\0"),
    (RRType.CNAME, WHOLE[:-1]),
    (RRType.MX, b"\0"),
    (RRType.MX, b"\0\x0a"),
    (RRType.SOA, WHOLE + WHOLE + bytes(19)),
    (RRType.SOA, WHOLE + WHOLE + bytes(21)),
    (RRType.SRV, bytes(6)),
    (RRType.NAPTR, b"\0\1\0\2\1u\x09sip\0" + WHOLE),
    (RRType.HINFO, b"\1a"),
    (RRType.HINFO, b"\1a\1b\1c"),
    (RRType.TXT, b""),
    (RRType.TXT, b"\3ab"),
    (RRType.RRSIG, bytes(17)),
    (RRType.RRSIG, bytes(18) + SHORT + b"sig"),
    (RRType.NSEC, SHORT + b"\0\1\x40"),
    (RRType.HTTPS, b"\0\1" + SHORT),
    (RRType.HTTPS, b"\0"),
]


def read(rdata: bytes, rrtype: int, behind: bytes = b"") -> bytes:
    packet = HEAD + rdata + behind
    return read_rdata(packet, len(HEAD), len(HEAD) + len(rdata), rrtype, {})


@pytest.mark.parametrize("rrtype", COMPRESSED)
def test_a_name_is_uncompressed(rrtype: RRType) -> None:
    before, after = COMPRESSED[rrtype]
    assert read(before + SHORT + after, rrtype) == before + WHOLE + after


@pytest.mark.parametrize("rrtype", TWO_NAMES)
def test_two_names_are_uncompressed(rrtype: RRType) -> None:
    after = TWO_NAMES[rrtype]
    assert read(b"\x01b\xc0\x0c\xc0\x10" + after, rrtype) == b"\x01b\x02vn\0" * 2 + after


@pytest.mark.parametrize(("rrtype", "rdata"), BROKEN)
@pytest.mark.parametrize("behind", [b"", bytes(40)])
def test_what_does_not_fill_its_length_is_malformed(rrtype: int, rdata: bytes, behind: bytes) -> None:
    with pytest.raises((Malformed, IndexError)):
        read(rdata, rrtype, behind)


def test_a_type_without_layout_is_opaque() -> None:
    assert RRType.CAA not in LAYOUTS
    assert read(b"\xc0\x0c\xff", RRType.CAA) == b"\xc0\x0c\xff"


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(sorted(LAYOUTS)))
def test_any_rdata_is_read_or_malformed(rdata: bytes, rrtype: int) -> None:
    try:
        read(rdata, rrtype, b"\x05after\0")
    except (Malformed, IndexError):
        return


def test_a_services_target_and_hints() -> None:
    target = b"\x03CDN\x02vn\0"
    hints = b"\0\4\0\x08\1\2\3\4\5\6\7\x08" + b"\0\6\0\x10" + bytes(16)
    service = read_service(b"\0\1" + target + b"\0\1\0\3\2h2" + hints)
    assert service == Service(target.lower(), (b"\1\2\3\4", b"\5\6\7\x08", bytes(16)))
    assert read_service(b"\0\0\0") == Service(b"\0", ())


@pytest.mark.parametrize(
    "parameters",
    [
        b"\0",
        b"\0\1\0\4h2",
        b"\0\4\0\0",
        b"\0\4\0\3abc",
        b"\0\6\0\4abcd",
        b"\0\1\0\0\0\1\0\0",
        b"\0\4\0\4abcd\0\1\0\0",
    ],
)
def test_bad_service_parameters_are_malformed(parameters: bytes) -> None:
    with pytest.raises(Malformed, match="svcb"):
        read_service(b"\0\1\0" + parameters)
