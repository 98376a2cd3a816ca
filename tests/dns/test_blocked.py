"""Blocked answers: every shape for every type, kept by clients no longer than configured, and ANY."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dnslib import DNSRecord

from schoolguard.dns.answer import Answer
from schoolguard.dns.blocked import BlockAnswer, any_answer, blocked_answer
from schoolguard.dns.query import parse_query
from schoolguard.dns.reply import render
from schoolguard.dns.rr import EDE, RCode, RRType

if TYPE_CHECKING:
    from tests.dns.conftest import Craft

TYPES = [int(t) for t in RRType if t not in range(128, 256) and t != RRType.OPT] + [65280]
PAGE = ("192.0.2.1", "2001:db8::1", "192.0.2.2")
REASON = (int(EDE.BLOCKED), "x")


def shown(craft: Craft, answer: Answer, qtype: int) -> DNSRecord:
    query = parse_query(craft.query(craft.question("Bad.vn", qtype), craft.opt()))
    parsed = DNSRecord.parse(render(query, answer))
    assert parsed.header.aa == 0
    assert all(str(rr.rname) == "Bad.vn." and rr.ttl == 60 for rr in (*parsed.rr, *parsed.auth))
    return parsed


def block(craft: Craft, shape: str, qtype: int, page: tuple[str, ...] = PAGE) -> DNSRecord:
    answer = blocked_answer(craft.question("bad.vn", qtype), shape, page, 60, REASON)
    assert (answer.ede, answer.ttl) == (REASON, 60)
    return shown(craft, answer, qtype)


def is_absence(parsed: DNSRecord, rcode: int) -> bool:
    (soa,) = parsed.auth
    assert soa.rtype == RRType.SOA
    assert soa.rdata.times[4] == 60
    return bool(parsed.header.rcode == rcode) and not parsed.rr


@pytest.mark.parametrize("qtype", TYPES)
def test_every_shape_answers_every_type(craft: Craft, qtype: int) -> None:
    assert is_absence(block(craft, "nxdomain", qtype), RCode.NXDOMAIN)
    assert is_absence(block(craft, "nodata", qtype), RCode.NOERROR)
    refused = block(craft, "refused", qtype)
    assert (refused.header.rcode, refused.rr, refused.auth) == (RCode.REFUSED, [], [])
    if qtype not in (RRType.A, RRType.AAAA):
        assert is_absence(block(craft, "null-address", qtype), RCode.NOERROR)
        assert is_absence(block(craft, "block-page", qtype), RCode.NOERROR)


@pytest.mark.parametrize(
    ("shape", "qtype", "expected"),
    [
        ("null-address", RRType.A, ["0.0.0.0"]),
        ("null-address", RRType.AAAA, ["::"]),
        ("block-page", RRType.A, ["192.0.2.1", "192.0.2.2"]),
        ("block-page", RRType.AAAA, ["2001:db8::1"]),
    ],
)
def test_addresses(craft: Craft, shape: str, qtype: int, expected: list[str]) -> None:
    parsed = block(craft, shape, qtype)
    assert parsed.header.rcode == RCode.NOERROR
    assert [str(rr.rdata) for rr in parsed.rr] == expected
    assert not parsed.auth


def test_a_page_without_that_family_is_an_absence(craft: Craft) -> None:
    assert is_absence(block(craft, "block-page", RRType.AAAA, ("192.0.2.1",)), RCode.NOERROR)
    assert is_absence(block(craft, "block-page", RRType.A, ()), RCode.NOERROR)


def test_the_shapes_are_those_of_the_configuration() -> None:
    assert set(BlockAnswer) == {"null-address", "nxdomain", "nodata", "refused", "block-page"}


def test_an_unknown_shape_or_address_is_an_error(craft: Craft) -> None:
    with pytest.raises(ValueError, match="drop"):
        blocked_answer(craft.question(), "drop", (), 60, REASON)
    with pytest.raises(ValueError, match="nowhere"):
        blocked_answer(craft.question(), "block-page", ("nowhere",), 60, REASON)


def test_any_is_answered_with_one_hinfo(craft: Craft) -> None:
    question = craft.question("bad.vn", RRType.ANY)
    parsed = shown(craft, any_answer(question, 60), RRType.ANY)
    (record,) = parsed.rr
    assert record.rtype == RRType.HINFO
    assert bytes(record.rdata.data) == b"\x07RFC8482\0"
    with pytest.raises(ValueError, match="ANY"):
        any_answer(craft.question(), 60)
