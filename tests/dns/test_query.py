"""parse_query: what is a query, what is answered with an error, and what with silence."""

from __future__ import annotations

from struct import pack, unpack
from typing import TYPE_CHECKING

import pytest
from dnslib import EDNS0, DNSHeader, DNSQuestion, DNSRecord, EDNSOption
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.dns.query import Query, Rejected, Silence, parse_query
from schoolguard.dns.rr import RCode, RRType

if TYPE_CHECKING:
    from tests.dns.conftest import Craft

COOKIE = b"\0\x0a\0\x08abcdefgh"


def rejected(packet: bytes) -> Rejected:
    with pytest.raises(Rejected) as caught:
        parse_query(packet)
    assert len(caught.value.reply) <= len(packet)
    return caught.value


def test_a_common_query_is_read_as_dnslib_writes_it() -> None:
    record = DNSRecord.question("Www.Example.VN", "AAAA")
    record.header.id = 4711
    record.add_ar(EDNS0(flags="do", udp_len=1400))
    query = parse_query(bytes(record.pack()))
    assert query == Query(
        id=4711,
        flags=0x0100,
        name=b"\x03Www\x07Example\x02VN\0",
        question=b"\x03www\x07example\x02vn\0\0\x1c\0\x01",
        qtype=28,
        edns=True,
        size=1232,
        do=True,
        plain=False,
    )


def test_the_types_letters_are_not_taken_for_the_names(craft: Craft) -> None:
    assert parse_query(craft.query(craft.question("A.vn", RRType.HTTPS))).question[-4:] == b"\0\x41\0\x01"


def test_cd_is_seen(craft: Craft) -> None:
    assert parse_query(craft.query(craft.question(), flags=0x0110)).cd
    assert not parse_query(craft.query(craft.question())).cd


@pytest.mark.parametrize(
    ("asked", "size"), [(0, 512), (511, 512), (512, 512), (1000, 1000), (1232, 1232), (65535, 1232)]
)
def test_the_clients_payload_size_is_clamped(craft: Craft, asked: int, size: int) -> None:
    query = parse_query(craft.query(craft.question(), craft.opt(asked)))
    assert (query.edns, query.size) == (True, size)


def test_without_edns_a_client_takes_512_bytes(craft: Craft) -> None:
    query = parse_query(craft.query(craft.question()))
    assert (query.edns, query.size, query.do) == (False, 512, False)


def test_the_root_and_the_longest_name_are_names(craft: Craft) -> None:
    assert parse_query(craft.query(b"\0\0\2\0\1")).name == b"\0"
    longest = ".".join(["a" * 63] * 3 + ["b" * 61])
    assert len(parse_query(craft.query(craft.question(longest))).name) == 255


@pytest.mark.parametrize("flags", [0x0000, 0x0100, 0x0120, 0x0110, 0x0130])
def test_the_usual_spelling_is_plain(craft: Craft, flags: int) -> None:
    assert parse_query(craft.query(craft.question(), flags=flags)).plain
    assert parse_query(craft.query(craft.question(), craft.opt(), flags=flags)).plain
    assert parse_query(craft.query(craft.question(), craft.opt(flags=0x8000), flags=flags)).plain


def test_an_unusual_spelling_is_not_plain(craft: Craft) -> None:
    usual = craft.question()
    packets = [
        craft.query(craft.question("wwW.example.vn")),
        craft.query(usual, craft.opt(options=COOKIE)),
        craft.query(usual, craft.opt(flags=0x0001)),
        craft.query(usual, craft.opt(), craft.record(b"\0", RRType.SIG, bytes(20), 0, 255)),
        *(craft.query(usual, flags=flag) for flag in (0x0400, 0x0200, 0x0080, 0x0040, 0x0001)),
    ]
    assert not any(parse_query(packet).plain for packet in packets)


def test_any_and_unknown_types_are_queries(craft: Craft) -> None:
    for qtype in (RRType.ANY, RRType.HTTPS, RRType.RRSIG, RRType.CAA, 127, 65280, 65535):
        assert parse_query(craft.query(craft.question(qtype=qtype))).qtype == qtype


@pytest.mark.parametrize("size", range(12))
def test_less_than_a_header_meets_silence(craft: Craft, size: int) -> None:
    with pytest.raises(Silence, match="short"):
        parse_query(craft.query(craft.question())[:size])


@given(st.binary(max_size=64))
def test_a_reply_is_never_answered(rest: bytes) -> None:
    with pytest.raises(Silence, match="reply"):
        parse_query(b"\0\0\x80\0" + bytes(8) + rest)


@pytest.mark.parametrize("opcode", range(1, 16))
def test_other_opcodes_are_not_implemented(craft: Craft, opcode: int) -> None:
    error = rejected(craft.query(craft.question(), craft.opt(), flags=opcode << 11 | 0x0130))
    assert (error.rcode, error.reason) == (RCode.NOTIMP, "opcode")
    assert unpack("!H", error.reply[2:4])[0] == 0x8000 | opcode << 11 | 0x0110 | RCode.NOTIMP
    assert error.reply.endswith(craft.opt())


def test_a_bare_header_of_another_opcode_gets_a_bare_header() -> None:
    error = rejected(pack("!6H", 7, 0x7800, 0, 0, 0, 0))
    assert error.reply == pack("!6H", 7, 0xF804, 0, 0, 0, 0)


@pytest.mark.parametrize("count", [0, 2, 65535])
def test_one_question_and_no_other_count(craft: Craft, count: int) -> None:
    packet = pack("!6H", 1, 0x0100, count, 0, 0, 0) + craft.question() * min(count, 2)
    error = rejected(packet)
    assert (error.rcode, error.reason) == (RCode.FORMERR, "qdcount")
    assert len(error.reply) == 12


def test_an_opt_alone_gets_an_opt(craft: Craft) -> None:
    error = rejected(pack("!6H", 1, 0x0100, 0, 0, 0, 1) + craft.opt())
    assert error.reply == pack("!6H", 1, 0x8101, 0, 0, 0, 1) + craft.opt()


@pytest.mark.parametrize("qclass", [0, 2, 3, 4, 254, 255, 65535])
def test_classes_but_in_are_refused(craft: Craft, qclass: int) -> None:
    question = craft.question("version.bind", RRType.TXT, qclass)
    error = rejected(craft.query(question, craft.opt()))
    assert (error.rcode, error.reason) == (RCode.REFUSED, "class")
    assert error.reply == pack("!6H", 0x1234, 0x8105, 1, 0, 0, 1) + question + craft.opt()


@pytest.mark.parametrize(
    ("qtype", "rcode"),
    [
        (0, RCode.FORMERR),
        (RRType.OPT, RCode.FORMERR),
        (RRType.NXNAME, RCode.FORMERR),
        (200, RCode.FORMERR),
        (248, RCode.FORMERR),
        (RRType.TKEY, RCode.FORMERR),
        (RRType.TSIG, RCode.FORMERR),
        (RRType.IXFR, RCode.REFUSED),
        (RRType.AXFR, RCode.REFUSED),
        (RRType.MAILB, RCode.NOTIMP),
        (RRType.MAILA, RCode.NOTIMP),
    ],
)
def test_what_cannot_be_asked(craft: Craft, qtype: int, rcode: int) -> None:
    error = rejected(craft.query(craft.question(qtype=qtype)))
    assert (error.rcode, error.reason) == (rcode, "type")


def test_an_ixfr_with_its_soa_is_refused(craft: Craft) -> None:
    packet = (
        pack("!6H", 1, 0, 1, 0, 1, 0) + craft.question("example.vn", RRType.IXFR) + craft.soa("example.vn")
    )
    assert rejected(packet).rcode == RCode.REFUSED


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (b"", "short"),
        (b"\x03www", "short"),
        (b"\x03www\x00\x00\x01\x00", "short"),
        (b"\x3fwww\x00\x00\x01\x00\x01", "short"),
        (b"\xc0\x0c\x00\x01\x00\x01", "pointer"),
        (b"\x03www\xc0\x0c\x00\x01\x00\x01", "pointer"),
        (b"\xff\xff\x00\x01\x00\x01", "pointer"),
        (b"\x40" + b"a" * 64 + b"\x00\x00\x01\x00\x01", "label"),
        (b"\x80" + b"a" * 128 + b"\x00\x00\x01\x00\x01", "label"),
        (b"\x01a" * 128 + b"\x00\x00\x01\x00\x01", "name"),
        (b"\x3f" + b"a" * 63 + b"\x01a" * 96 + b"\x00\x00\x01\x00\x01", "name"),
    ],
)
def test_a_bad_question_is_a_format_error_without_question(question: bytes, reason: str) -> None:
    error = rejected(pack("!6H", 9, 0x0100, 1, 0, 0, 0) + question)
    assert (error.rcode, error.reason) == (RCode.FORMERR, reason)
    assert error.reply == pack("!6H", 9, 0x8101, 0, 0, 0, 0)


@pytest.mark.parametrize("counts", [(1, 0, 0), (0, 1, 0), (65535, 0, 0), (0, 65535, 0), (1, 1, 1)])
def test_a_query_with_answers_is_a_format_error(craft: Craft, counts: tuple[int, int, int]) -> None:
    error = rejected(pack("!6H", 9, 0x0100, 1, *counts) + craft.question())
    assert (error.rcode, error.reason) == (RCode.FORMERR, "counts")


def test_bad_additional_sections(craft: Craft) -> None:
    opt, question = craft.opt(), craft.question()
    cases: list[tuple[int, bytes, str]] = [
        (0, b"\0", "trailing"),
        (0, opt, "trailing"),
        (1, opt + b"\0", "trailing"),
        (1, b"", "short"),
        (2, opt, "short"),
        (65535, opt, "short"),
        (1, opt[:-1], "short"),
        (1, opt[:-1] + b"\x04", "short"),
        (2, opt + opt, "opt"),
        (1, craft.record("a", RRType.OPT, b""), "opt"),
        (1, craft.record(b"\xc0\x0c", RRType.OPT, b""), "label"),
        (1, craft.opt(options=b"\0\x0a\0"), "option"),
        (1, craft.opt(options=b"\0\x0a\0\x05abcd"), "option"),
        (1, craft.opt(options=COOKIE + b"\0"), "option"),
        (1, craft.record("a.vn", RRType.A, bytes(4)), "record"),
        (2, opt + craft.record("a.vn", RRType.A, bytes(4)), "record"),
        (2, craft.record("a.vn", RRType.A, bytes(4)) + opt, "record"),
        (1, craft.record(b"\0", RRType.SIG, b"\0\1" + bytes(18)), "record"),
        (1, craft.record("key", RRType.TSIG, bytes(17), ttl=0, rrclass=1), "record"),
    ]
    for count, section, reason in cases:
        error = rejected(pack("!6H", 9, 0x0100, 1, 0, 0, count) + question + section)
        assert (error.rcode, error.reason) == (RCode.FORMERR, reason), section
        assert error.reply == pack("!6H", 9, 0x8101, 1, 0, 0, 0) + question


def test_another_edns_version_gets_badvers_and_ours(craft: Craft) -> None:
    question = craft.question()
    error = rejected(craft.query(question, craft.opt(4096, 0x8000, version=1, options=COOKIE)))
    assert (error.rcode, error.reason) == (RCode.BADVERS, "version")
    assert error.reply == pack("!6H", 0x1234, 0x8100, 1, 0, 0, 1) + question + craft.opt(upper=1)


def test_a_signed_query_is_told_that_its_key_is_unknown(craft: Craft) -> None:
    head = craft.name("hmac-sha256") + bytes(6) + b"\x01\x2c"
    tsig = craft.record("key", RRType.TSIG, head + b"\0\x20" + b"m" * 32 + b"\x12\x34" + bytes(4), 0, 255)
    question = craft.question()
    error = rejected(craft.query(question, craft.opt(), tsig))
    assert (error.rcode, error.reason) == (RCode.NOTAUTH, "tsig")
    told = craft.record("key", RRType.TSIG, head + b"\0\0\x12\x34\0\x11\0\0", 0, 255)
    assert error.reply == pack("!6H", 0x1234, 0x8109, 1, 0, 0, 2) + question + craft.opt() + told


@pytest.mark.parametrize("cut", range(1, 62))
def test_a_cut_signature_is_a_format_error(craft: Craft, cut: int) -> None:
    rdata = (craft.name("hmac-sha256") + bytes(8) + b"\0\x20" + bytes(38))[:-cut]
    error = rejected(craft.query(craft.question(), craft.record("key", RRType.TSIG, rdata, 0, 255)))
    assert error.rcode == RCode.FORMERR


def test_a_sig0_is_passed_over(craft: Craft) -> None:
    sig0 = craft.record(b"\0", RRType.SIG, bytes(30), 0, 255)
    assert parse_query(craft.query(craft.question(), craft.opt(), sig0)).edns


def test_every_prefix_of_a_query_is_a_format_error_or_silence() -> None:
    record = DNSRecord.question("www.example.vn")
    record.add_ar(EDNS0(udp_len=1232, opts=[EDNSOption(10, b"abcdefgh")]))
    packet = bytes(record.pack())
    assert parse_query(packet).edns
    for size in range(12, len(packet)):
        assert rejected(packet[:size]).rcode == RCode.FORMERR


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    qtype = draw(st.sampled_from([RRType.A, RRType.HTTPS, RRType.ANY, RRType.AXFR]))
    record = DNSRecord(DNSHeader(id=1, rd=1), q=DNSQuestion("www.example.vn", int(qtype)))
    if draw(st.booleans()):
        record.add_ar(EDNS0(udp_len=1232, opts=[EDNSOption(10, b"abcdefgh")]))
    packet = bytearray(record.pack())
    for _ in range(draw(st.integers(0, 4))):
        packet[draw(st.integers(0, len(packet) - 1))] = draw(st.integers(0, 255))
    return bytes(packet) + draw(st.binary(max_size=6))


@settings(max_examples=1500, deadline=None)
@given(
    st.one_of(
        spoilt(),
        st.binary(max_size=80),
        st.binary(max_size=80).map(lambda b: b"\0\1\1\0\0\1\0\0\0\0\0\1" + b),
    )
)
def test_any_packet_is_a_query_an_error_or_silence(packet: bytes) -> None:
    outcome = verdict(packet)
    if outcome is None:
        assert len(packet) < 12 or packet[2] & 0x80
    elif isinstance(outcome, Rejected):
        reply = outcome.reply
        assert len(reply) <= len(packet)
        assert reply[:2] == packet[:2]
        assert reply[2] & 0xFB == 0x80 | packet[2] & 0x79
        assert reply[3] & 0xF0 == packet[3] & 0x10
        echoed = reply[12:-11] if reply[11] else reply[12:]
        assert outcome.reason == "tsig" or packet[12:].startswith(echoed)
    else:
        assert packet[12:].startswith(outcome.name)
        assert outcome.question == outcome.name.lower() + packet[12 + len(outcome.name) :][:4]
        assert 512 <= outcome.size <= 1232


def verdict(packet: bytes) -> Query | Rejected | None:
    try:
        return parse_query(packet)
    except Silence:
        return None
    except Rejected as error:
        return error
