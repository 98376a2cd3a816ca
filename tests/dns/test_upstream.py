"""build_query and read_reply: what leaves for an upstream, and whose reply is taken as what."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

import pytest
from dnslib import DNSRecord
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.dns.answer import Answer
from schoolguard.dns.query import parse_query
from schoolguard.dns.records import MAX_RECORDS
from schoolguard.dns.reply import render
from schoolguard.dns.rr import RCode, RRType
from schoolguard.dns.upstream import Malformed, Mismatch, Truncated, build_query, mix_case, read_reply

if TYPE_CHECKING:
    from tests.dns.conftest import Craft

C00C = b"\xc0\x0c"
NAME = "www.example.vn"


def read(craft: Craft, packet: bytes, text: str = NAME, qtype: int = 1, do: bool = False) -> Answer:
    return read_reply(packet, 0x1234, craft.question(text, qtype), do)


def malformed(craft: Craft, packet: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        read(craft, packet)
    return caught.value.reason


def test_a_query_to_an_upstream(craft: Craft) -> None:
    question = craft.question(NAME, RRType.HTTPS)
    packet = build_query(question, 0xABCD, do=False, cd=False, mixed_name=None)
    assert packet == pack("!6H", 0xABCD, 0x0100, 1, 0, 0, 1) + question + craft.opt()
    mixed = craft.name("wWw.ExAmple.vN")
    packet = build_query(question, 1, do=True, cd=True, mixed_name=mixed)
    assert packet == pack("!6H", 1, 0x0110, 1, 0, 0, 1) + mixed + question[-4:] + craft.opt(flags=0x8000)
    query = parse_query(packet)
    assert (query.question, query.name, query.do, query.cd) == (question, mixed, True, True)


@given(st.binary(min_size=19, max_size=19))
def test_mixed_case_is_the_same_name(entropy: bytes) -> None:
    name = b"\x03www\x0a-1_example\x02vn\0"
    mixed = mix_case(name, entropy)
    assert mixed.lower() == name
    upper = [b != n for b, n in zip(mixed, name, strict=True)]
    assert upper == [bool(e & 0x20) and 97 <= n <= 122 for e, n in zip(entropy, name, strict=True)]


def test_a_reply_becomes_an_answer_and_a_reply_again(craft: Craft) -> None:
    records = [
        craft.record(C00C, RRType.CNAME, craft.name("CDN.example.net"), 300),
        craft.record("cdn.Example.NET", RRType.CNAME, craft.name("e1.example.org"), 100),
        craft.record("e1.example.org", RRType.A, b"\1\2\3\4", 20),
        craft.record("E1.example.org", RRType.A, b"\1\2\3\5", 20),
    ]
    answer = read(craft, craft.reply(craft.question(), records, additionals=[craft.opt()]))
    assert (answer.rcode, answer.flags, answer.ttl) == (0, 0, 20)
    assert answer.targets == (craft.name("cdn.example.net"), craft.name("e1.example.org"))
    assert answer.addresses == (b"\1\2\3\4", b"\1\2\3\5")
    parsed = DNSRecord.parse(render(parse_query(craft.query(craft.question())), answer))
    assert [(str(rr.rname), rr.ttl, str(rr.rdata)) for rr in parsed.rr] == [
        ("www.example.vn.", 300, "CDN.example.net."),
        ("CDN.example.net.", 100, "e1.example.org."),
        ("e1.example.org.", 20, "1.2.3.4"),
        ("e1.example.org.", 20, "1.2.3.5"),
    ]


def test_our_random_case_does_not_reach_the_cache(craft: Craft) -> None:
    sent = craft.question("wWw.eXample.vN")
    alias = craft.record(C00C, RRType.CNAME, b"\x03CDN\xc0\x10")
    target = craft.record(b"\x03cdn\xc0\x10", RRType.A, bytes(4))
    mixed = read_reply(craft.reply(sent, [alias, target]), 0x1234, sent)
    assert mixed == read(craft, craft.reply(craft.question(), [alias, target]))
    assert b"\x03CDN\xc0\x10" in mixed.body
    assert mixed.targets == (craft.name("cdn.example.vn"),)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: 0x13}, "id"),
        ({1: 0x35}, "id"),
        ({2: 0x01}, "qr"),
        ({2: 0x89}, "opcode"),
        ({5: 0}, "qdcount"),
        ({5: 2}, "qdcount"),
        ({13: ord("v")}, "question"),
        ({13: ord("W")}, "case"),
        ({29: 28}, "question"),
        ({31: 3}, "question"),
        ({29: 0x61}, "question"),
    ],
)
def test_a_packet_that_is_not_the_reply_is_a_mismatch(
    craft: Craft, change: dict[int, int], reason: str
) -> None:
    packet = bytearray(craft.reply(craft.question(), [craft.record(C00C, 1, bytes(4))]))
    for at, value in change.items():
        packet[at] = value
    with pytest.raises(Mismatch) as caught:
        read(craft, bytes(packet))
    assert caught.value.reason == reason


@pytest.mark.parametrize("size", range(12))
def test_a_short_packet_is_a_mismatch(craft: Craft, size: int) -> None:
    with pytest.raises(Mismatch, match="short"):
        read(craft, craft.reply(craft.question())[:size])


def test_a_lower_cased_echo_of_a_mixed_question_is_told_apart(craft: Craft) -> None:
    sent = craft.question("wWw.eXample.vN", RRType.HTTPS)
    with pytest.raises(Mismatch, match="case"):
        read_reply(craft.reply(craft.question(NAME, RRType.HTTPS)), 0x1234, sent)
    with pytest.raises(Mismatch, match="question"):
        read_reply(craft.reply(craft.question(NAME, 0x61)), 0x1234, sent)


def test_tc_is_told_before_the_records_are_read(craft: Craft) -> None:
    with pytest.raises(Truncated):
        read(craft, craft.reply(craft.question(), [b"\xff"], flags=0x8380))


def test_every_prefix_is_malformed_or_a_mismatch(craft: Craft) -> None:
    records = [craft.record(C00C, RRType.CNAME, craft.name("b.vn")), craft.record("b.vn", 1, bytes(4))]
    packet = craft.reply(craft.question(), records, [craft.soa("vn")], [craft.opt(options=b"\0\x0f\0\2\0\6")])
    read(craft, packet)
    for size in range(len(packet)):
        with pytest.raises((Malformed, Mismatch)):
            read(craft, packet[:size])


def test_malformed_replies(craft: Craft) -> None:
    question, a, opt = craft.question(), craft.record(C00C, 1, bytes(4)), craft.opt()
    cases: list[tuple[bytes, str]] = [
        (craft.reply(question, [a]) + b"\0", "trailing"),
        (craft.reply(question, [b""]), "short"),
        (craft.reply(question, [a[:-1]]), "short"),
        (craft.reply(question, [craft.record(C00C, 1, bytes(5))]), "rdata"),
        (craft.reply(question, [craft.record(C00C, 5, b"\x01a")]), "short"),
        (craft.reply(question, [craft.record(b"\xc0\x20", 1, bytes(4))]), "pointer"),
        (craft.reply(question, [craft.record(b"\xc0\x00", 1, bytes(4))]), "pointer"),
        (craft.reply(question, [craft.record(b"\x7f" + bytes(127), 1, bytes(4))]), "label"),
        (craft.reply(question, [craft.record(b"\x01a" * 128 + b"\0", 1, bytes(4))]), "name"),
        (craft.reply(question, [a, opt]), "opt"),
        (craft.reply(question, [a], [opt]), "opt"),
        (craft.reply(question, [a], additionals=[opt, opt]), "opt"),
        (craft.reply(question, [a], additionals=[craft.record("a", 41, b"")]), "opt"),
        (craft.reply(question, [a], additionals=[craft.opt(options=b"\0\x0f\0\3\0\6")]), "option"),
        (craft.reply(question, [a] * (MAX_RECORDS + 1)), "records"),
        (pack("!6H", 0x1234, 0x8180, 1, 65535, 65535, 65535) + question, "records"),
    ]
    for packet, reason in cases:
        assert malformed(craft, packet) == reason


def test_the_top_bit_of_a_ttl_means_zero(craft: Craft) -> None:
    answer = read(craft, craft.reply(craft.question(), [craft.record(C00C, 1, bytes(4), 0x80000001)]))
    assert (answer.ttl, answer.ttls) == (0, ((6, 0),))
    answer = read(craft, craft.reply(craft.question(), [craft.record(C00C, 1, bytes(4), 0x7FFFFFFF)]))
    assert answer.ttl == 0x7FFFFFFF


@pytest.mark.parametrize("rcode", [1, 2, 4, 5, 6, 15])
def test_an_error_has_no_records_and_is_not_kept(craft: Craft, rcode: int) -> None:
    packet = craft.reply(
        craft.question(), [craft.record(C00C, 1, bytes(4))], [craft.soa("vn")], flags=0x8180 | rcode
    )
    assert read(craft, packet) == Answer(rcode, 0, bytes(6), b"", (), 0)


def test_the_opt_gives_the_upper_bits_and_the_upstreams_reason(craft: Craft) -> None:
    reason = b"\0\x0a\0\1x\0\x0f\0\6\0\6text"
    opt = craft.opt(upper=1, options=reason)
    answer = read(craft, craft.reply(craft.question(), additionals=[opt], flags=0x8187))
    assert (answer.rcode, answer.ede) == (23, (6, ""))


def test_an_absence_is_kept_as_rfc_2308_says(craft: Craft) -> None:
    for flags in (0x8180, 0x8183):
        packet = craft.reply(craft.question(), authorities=[craft.soa("example.vn", 3600, 60)], flags=flags)
        answer = read(craft, packet)
        assert (answer.rcode, answer.ttl, answer.counts) == (flags & 15, 60, b"\0\0\0\1\0\0")
        assert [ttl for _, ttl in answer.ttls] == [60]
        packet = craft.reply(craft.question(), authorities=[craft.soa("vn", 30, 60)], flags=flags)
        assert read(craft, packet).ttl == 30
        answer = read(craft, craft.reply(craft.question(), flags=flags))
        assert (answer.ttl, answer.body) == (5, b"")


def test_an_absence_behind_an_alias_is_kept_no_longer_than_the_alias(craft: Craft) -> None:
    alias = craft.record(C00C, RRType.CNAME, craft.name("gone.example.net"), 10)
    packet = craft.reply(craft.question(), [alias], [craft.soa("example.net")], flags=0x8183)
    answer = read(craft, packet)
    assert (answer.rcode, answer.ttl, answer.counts) == (RCode.NXDOMAIN, 10, b"\0\1\0\1\0\0")
    assert answer.targets == (craft.name("gone.example.net"),)


def test_a_referral_is_a_failure(craft: Craft) -> None:
    referral = craft.reply(
        craft.question(), authorities=[craft.record("vn", RRType.NS, craft.name("a.dns-servers.vn"))]
    )
    assert read(craft, referral) == Answer(RCode.SERVFAIL, 0, bytes(6), b"", (), 0)


@pytest.mark.parametrize("qtype", [RRType.HTTPS, RRType.SVCB])
def test_services_show_policy_their_targets_and_hints(craft: Craft, qtype: RRType) -> None:
    hints = b"\0\4\0\4\x0a\0\0\1\0\6\0\x10" + bytes(15) + b"\1"
    records = [
        craft.record(C00C, qtype, b"\0\1\0" + hints),
        craft.record(C00C, qtype, b"\0\2" + craft.name("CDN.example.net")),
    ]
    answer = read(craft, craft.reply(craft.question(NAME, qtype), records), qtype=qtype)
    assert answer.targets == (craft.name("cdn.example.net"),)
    assert answer.addresses == (b"\x0a\0\0\1", bytes(15) + b"\1")
    broken = craft.reply(craft.question(NAME, qtype), [craft.record(C00C, qtype, b"\0\1\0\0\4\0\3abc")])
    with pytest.raises(Malformed, match="svcb"):
        read(craft, broken, qtype=qtype)


@pytest.mark.parametrize("qtype", [RRType.CNAME, RRType.DNAME])
def test_an_alias_asked_for_shows_policy_its_target(craft: Craft, qtype: RRType) -> None:
    records = [craft.record(C00C, qtype, craft.name("Cloaked.example.net"))]
    answer = read(craft, craft.reply(craft.question(NAME, qtype), records), qtype=qtype)
    assert answer.targets == (craft.name("cloaked.example.net"),)
    assert answer.counts == b"\0\1\0\0\0\0"


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    question = b"\x03www\x07example\x02vn\0\0\1\0\1"
    name = b"\x03cdn\xc0\x10"
    rrtypes = st.sampled_from([int(rrtype) for rrtype in RRType])
    rdatas = st.sampled_from([bytes(4), name, b"\0\1" + name, name * 2 + bytes(20), bytes(18) + b"\0x"])
    owners = st.sampled_from([C00C, name, b"\xc0\x10", b"\x01a\0", b"\xc0\x20"])
    records = [
        owner + pack("!HHIH", rrtype, 1, 60, len(rdata)) + rdata
        for owner, rrtype, rdata in draw(st.lists(st.tuples(owners, rrtypes, rdatas), max_size=6))
    ]
    split = draw(st.integers(0, len(records)))
    counts = (split, len(records) - split, 0)
    packet = bytearray(pack("!6H", 0x1234, draw(st.sampled_from([0x8180, 0x8183])), 1, *counts) + question)
    packet += b"".join(records)
    for _ in range(draw(st.integers(0, 3))):
        packet[draw(st.integers(0, len(packet) - 1))] = draw(st.integers(0, 255))
    return bytes(packet) + draw(st.one_of(st.just(b""), st.binary(max_size=4)))


@settings(max_examples=1500, deadline=None)
@given(
    packet=st.one_of(
        spoilt(),
        st.binary(max_size=100),
        st.binary(max_size=100).map(
            lambda b: b"\x12\x34\x81\x80\0\1\0\2\0\1\0\0\x03www\x07example\x02vn\0\0\1\0\1" + b
        ),
    ),
    do=st.booleans(),
)
def test_any_packet_is_an_answer_or_dropped(craft: Craft, packet: bytes, do: bool) -> None:
    try:
        answer = read(craft, packet, do=do)
    except (Malformed, Mismatch, Truncated):
        return
    question = craft.question()
    again = craft.reply(question, [answer.body], flags=0x8180 | answer.rcode)
    again = again[:6] + answer.counts + again[12:]
    if answer.rcode in (0, 3):
        assert read(craft, again, do=do) == answer
    assert all(0 <= ttl <= 0x7FFFFFFF for _, ttl in answer.ttls)
    assert len(answer.ttls) == sum(answer.counts)
