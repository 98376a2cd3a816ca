"""What a blocked name is answered with: every query type, every block answer, the reason, the lifetime."""

from __future__ import annotations

import pytest
from dnslib import QTYPE

from tests.servers import Gateway
from tests.site import GUEST, PAGE, PRIMARY, STAFF, THCS, THPT, TTL

TYPES: tuple[str | int, ...] = (
    *("A", "AAAA", "CNAME", "MX", "TXT", "NS", "SOA", "SRV", "PTR", "HTTPS", "SVCB", "CAA", "DNSKEY", "DS"),
    *("NAPTR", "TLSA", 256, 65280, "ANY"),
)
"""256 is URI, 65280 a private type."""

LEAKS = ("203.0.113.66", "2001:db8:66::66", "you should not see this")


@pytest.mark.parametrize("qtype", TYPES)
@pytest.mark.parametrize("source", [PRIMARY, THPT, STAFF, GUEST, THCS])
@pytest.mark.parametrize("name", ["bet.example", "www.bet.example"])
def test_every_type_of_a_blocked_name_is_blocked(
    gateway: Gateway, name: str, source: str, qtype: str | int
) -> None:
    reply = gateway.asker(source).ask(name, qtype)
    assert not any(leak in str(reply.record) for leak in LEAKS)
    assert reply.ede is not None
    assert reply.ede[0] == 17
    if qtype not in ("A", "AAAA"):
        assert reply.answers == []


@pytest.mark.parametrize("tcp", [False, True])
def test_null_address(gateway: Gateway, tcp: bool) -> None:
    primary = gateway.asker(PRIMARY)
    for qtype, rdata in (("A", "0.0.0.0"), ("AAAA", "::")):
        reply = primary.ask("bet.example", qtype, tcp=tcp)
        assert reply.answers == [("bet.example.", qtype, rdata)]
        assert reply.ttls == [TTL]
        assert reply.rcode_name == "NOERROR"
    nodata = primary.ask("bet.example", "MX", tcp=tcp)
    assert (nodata.rcode_name, nodata.answers) == ("NOERROR", [])
    _has_soa(nodata.record, TTL)


def test_nxdomain(gateway: Gateway) -> None:
    for qtype in ("A", "TXT"):
        reply = gateway.asker(THPT).ask("bet.example", qtype)
        assert (reply.rcode_name, reply.answers) == ("NXDOMAIN", [])
        _has_soa(reply.record, TTL)


def test_nodata(gateway: Gateway) -> None:
    for qtype in ("A", "AAAA", "HTTPS"):
        reply = gateway.asker(STAFF).ask("bet.example", qtype)
        assert (reply.rcode_name, reply.answers) == ("NOERROR", [])
        _has_soa(reply.record, TTL)


def test_refused(gateway: Gateway) -> None:
    reply = gateway.asker(GUEST).ask("bet.example")
    assert (reply.rcode_name, reply.answers, reply.record.auth) == ("REFUSED", [], [])
    assert reply.ede is not None


def test_block_page(gateway: Gateway) -> None:
    thcs = gateway.asker(THCS)
    for qtype, rdata in (("A", PAGE[0]), ("AAAA", PAGE[1])):
        reply = thcs.ask("bet.example", qtype)
        assert reply.answers == [("bet.example.", qtype, rdata)]
        assert reply.ttls == [30]
    nodata = thcs.ask("bet.example", "HTTPS")
    assert (nodata.rcode_name, nodata.answers) == ("NOERROR", [])
    _has_soa(nodata.record, 30)


def _has_soa(record: object, ttl: int) -> None:
    """Check the SOA that lets clients keep an absence (RFC 2308): its TTL and its minimum."""
    (soa,) = record.auth  # type: ignore[attr-defined]
    assert (soa.rtype, soa.ttl, soa.rdata.times[4]) == (QTYPE.SOA, ttl, ttl)


@pytest.mark.parametrize(
    ("source", "name", "code", "text"),
    [
        (PRIMARY, "bet.example", 17, "Cờ bạc"),
        (PRIMARY, "adult.example", 17, "Nội dung người lớn"),
        (STAFF, "bet.example", 17, "Gambling"),
        (GUEST, "malware.example", 17, "Malware"),
        (STAFF, "order.example", 16, "order of the authorities"),
        (PRIMARY, "denied.hoc.example", 15, ""),
    ],
)
def test_the_reason_stands_in_the_groups_language(
    gateway: Gateway, source: str, name: str, code: int, text: str
) -> None:
    ede = gateway.asker(source).ask(name).ede
    assert ede is not None
    assert ede[0] == code
    assert text in ede[1]
    assert name not in ede[1]
    assert len(ede[1].encode()) < 100


def test_a_vietnamese_deny_is_told_in_vietnamese(gateway: Gateway) -> None:
    ede = gateway.asker(PRIMARY).ask("denied.hoc.example").ede
    assert ede is not None
    assert not ede[1].isascii()


def test_no_reason_without_edns(gateway: Gateway) -> None:
    reply = gateway.asker(PRIMARY).ask("bet.example", edns=None)
    assert reply.rdatas == ["0.0.0.0"]
    assert reply.record.ar == []


def test_the_blocks_reason_survives_the_cache(gateway: Gateway) -> None:
    primary = gateway.asker(PRIMARY)
    first = primary.ask("once.bet.example", number=7)
    assert primary.ask("once.bet.example", number=7).raw == first.raw


@pytest.mark.parametrize("qtype", ["A", "HTTPS", "TXT"])
def test_allowed_by_a_list_below_a_blocked_name(gateway: Gateway, qtype: str) -> None:
    reply = gateway.asker(PRIMARY).ask("fine.bet.example", qtype)
    assert reply.ede is None
    assert reply.rdatas == (["203.0.113.66"] if qtype == "A" else [])


def test_the_safety_net_is_never_blocked(gateway: Gateway) -> None:
    for source in (PRIMARY, THPT, STAFF, GUEST, THCS):
        assert gateway.asker(source).ask("help.hoc.example").rdatas == ["192.0.2.111"]
        assert gateway.asker(source).ask("111.example").rdatas == ["203.0.113.66"]
