"""render and error: the same answer to every client, in its spelling, its EDNS and its size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from dnslib import DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.dns.answer import Answer
from schoolguard.dns.query import Query, parse_query
from schoolguard.dns.reply import error, render
from schoolguard.dns.rr import EDE, RCode
from schoolguard.dns.upstream import read_reply

if TYPE_CHECKING:
    from tests.dns.conftest import Craft

TEXT = "trang cờ bạc"


def ede_option(code: int, text: str) -> bytes:
    return code.to_bytes(2) + text.encode()


def options(packet: bytes) -> dict[int, bytes]:
    (opt,) = DNSRecord.parse(packet).ar
    return {option.code: bytes(option.data) for option in opt.rdata}


def ttls(packet: bytes) -> list[int]:
    parsed = DNSRecord.parse(packet)
    return [rr.ttl for rr in (*parsed.rr, *parsed.auth)]


@pytest.fixture(scope="module")
def query(craft: Craft) -> Query:
    return parse_query(craft.query(craft.question("wWw.eXample.vN")))


@pytest.fixture(scope="module")
def edns(craft: Craft) -> Query:
    return parse_query(craft.query(craft.question("wWw.eXample.vN"), craft.opt(1232, 0x8000)))


@pytest.fixture(scope="module")
def answer(craft: Craft) -> Answer:
    question = craft.question()
    records = [
        craft.record(b"\xc0\x0c", 5, craft.name("cdn.example.net"), 300),
        craft.record("cdn.example.net", 1, b"\1\2\3\4", 20),
        craft.record("cdn.example.net", 1, b"\1\2\3\5", 20),
    ]
    return read_reply(craft.reply(question, records), 0x1234, question)


def test_a_reply_reads_as_a_reply(query: Query, answer: Answer) -> None:
    packet = render(query, answer)
    parsed = DNSRecord.parse(packet)
    assert packet[:12] == b"\x12\x34\x81\x80\0\1\0\3\0\0\0\0"
    assert [str(rr.rname) for rr in parsed.rr] == ["wWw.eXample.vN.", "cdn.example.net.", "cdn.example.net."]
    assert [str(rr.rdata) for rr in parsed.rr] == ["cdn.example.net.", "1.2.3.4", "1.2.3.5"]
    assert packet[12:].startswith(b"\x03wWw\x07eXample\x02vN\0\0\1\0\1")


@pytest.mark.parametrize("flags", [0x0000, 0x0100, 0x0010, 0x0110])
def test_rd_and_cd_are_copied_and_nothing_else(craft: Craft, answer: Answer, flags: int) -> None:
    query = parse_query(craft.query(craft.question(), flags=flags | 0x0660))
    for packet in (render(query, answer), error(query, RCode.SERVFAIL)):
        assert int.from_bytes(packet[2:4]) & 0xFFF0 == 0x8080 | flags


def test_the_answers_flags_are_shown(query: Query, answer: Answer) -> None:
    assert render(query, replace(answer, flags=0x0420))[2:4] == b"\x85\xa0"


def test_an_opt_comes_only_to_an_opt(query: Query, edns: Query, answer: Answer) -> None:
    told = replace(answer, ede=(EDE.BLOCKED, TEXT))
    assert not DNSRecord.parse(render(query, told)).ar
    (opt,) = DNSRecord.parse(render(edns, answer)).ar
    assert (opt.edns_len, opt.edns_do, opt.edns_ver, opt.rdata) == (1232, 1, 0, [])
    without_do: Any = DNSRecord.parse(render(replace(edns, do=False), answer)).ar[0]
    assert without_do.edns_do == 0


def test_the_reason_stands_in_the_opt(edns: Query, answer: Answer) -> None:
    packet = render(edns, replace(answer, ede=(EDE.FILTERED, TEXT)))
    assert options(packet) == {15: ede_option(17, TEXT)}
    assert options(error(edns, RCode.SERVFAIL, (EDE.NETWORK_ERROR, "x"))) == {15: ede_option(23, "x")}


@pytest.mark.parametrize(("age", "expected"), [(0, [300, 20, 20]), (7, [293, 13, 13]), (50, [250, 0, 0])])
def test_ttls_fall_with_age_and_stop_at_zero(
    query: Query, answer: Answer, age: int, expected: list[int]
) -> None:
    assert ttls(render(query, answer, age)) == expected
    assert ttls(render(query, answer)) == [300, 20, 20]


def test_a_stale_answer_has_one_ttl(query: Query, answer: Answer) -> None:
    assert ttls(render(query, answer, age=9999, floor=30)) == [30, 30, 30]
    assert ttls(render(query, answer, floor=0)) == [0, 0, 0]


def test_what_does_not_fit_loses_the_text_then_all_records(edns: Query, answer: Answer) -> None:
    told = replace(answer, ede=(EDE.STALE_ANSWER, TEXT))
    whole = render(edns, told)
    assert render(edns, told, limit=len(whole)) == whole
    shorter = render(edns, told, limit=len(whole) - 1)
    assert options(shorter) == {15: ede_option(3, "")}
    assert len(DNSRecord.parse(shorter).rr) == 3
    cut = render(edns, told, limit=len(shorter) - 1)
    parsed = DNSRecord.parse(cut)
    assert (parsed.header.tc, parsed.rr, parsed.header.a) == (1, [], 0)
    assert options(cut) == {15: ede_option(3, "")}


def test_a_large_answer_is_whole_over_tcp_and_cut_over_udp(query: Query, edns: Query, answer: Answer) -> None:
    record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4abcd"
    large = replace(answer, counts=b"\0\x64\0\0\0\0", body=record * 100, ttls=())
    for asked in (query, edns):
        cut = render(asked, large, limit=asked.size)
        assert len(cut) <= asked.size
        assert DNSRecord.parse(cut).header.tc == 1
        assert len(DNSRecord.parse(render(asked, large)).rr) == 100
    huge = replace(answer, counts=b"\x10\0\0\0\0\0", body=record * 4096, ttls=())
    assert DNSRecord.parse(render(query, huge)).header.tc == 1


def test_an_extended_code_needs_edns(query: Query, edns: Query, answer: Answer) -> None:
    extended = replace(answer, rcode=23)
    assert render(query, extended)[3] & 15 == RCode.SERVFAIL
    packet = render(edns, extended)
    assert packet[3] & 15 == 7
    assert packet[-6] == 1
    assert error(query, RCode.BADVERS)[3] & 15 == RCode.SERVFAIL
    assert error(edns, RCode.BADVERS)[-6] == 1


def test_an_error_has_the_question_and_no_records(query: Query, edns: Query) -> None:
    packet = error(query, RCode.SERVFAIL)
    assert packet == b"\x12\x34\x81\x82\0\1\0\0\0\0\0\0" + query.name + b"\0\1\0\1"
    assert len(DNSRecord.parse(error(edns, RCode.SERVFAIL)).ar) == 1


def test_a_refused_stranger_sees_no_recursion(query: Query) -> None:
    assert error(query, RCode.REFUSED)[2:4] == b"\x81\x05"


@given(
    rcode=st.integers(0, 4095),
    age=st.integers(0, 2**31),
    limit=st.integers(512, 1232),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=2000),
    code=st.integers(0, 65535),
)
def test_no_reply_exceeds_its_limit(
    query: Query, edns: Query, answer: Answer, rcode: int, age: int, limit: int, text: str, code: int
) -> None:
    for asked in (query, edns):
        packet = render(asked, replace(answer, rcode=rcode, ede=(code, text)), age, limit)
        assert len(packet) <= limit
        assert bool(DNSRecord.parse(packet).ar) is asked.edns
