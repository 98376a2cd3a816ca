"""HTTPS and SVCB answers lose the keys of Encrypted Client Hello and nothing else."""

from __future__ import annotations

from dataclasses import replace
from struct import pack
from typing import TYPE_CHECKING

import pytest
from dnslib import DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.dns.answer import Answer
from schoolguard.dns.ech import stripped_rdata, without_ech
from schoolguard.dns.names import to_wire
from schoolguard.dns.query import parse_query
from schoolguard.dns.rdata import read_service
from schoolguard.dns.reply import render
from schoolguard.dns.rewrite import records_of
from schoolguard.dns.upstream import Malformed, read_reply

if TYPE_CHECKING:
    from tests.dns.conftest import Craft

NAME, HTTPS, SVCB, CNAME, RRSIG, A = "www.example.vn", 65, 64, 5, 46, 1
MANDATORY, ALPN, ECH, HINT = 0, 1, 5, 4


def param(key: int, value: bytes) -> bytes:
    return pack("!HH", key, len(value)) + value


def service(*params: bytes, priority: int = 1, target: str = "") -> bytes:
    return pack("!H", priority) + (to_wire(target) if target else b"\0") + b"".join(params)


def asked(qtype: int = HTTPS, name: str = NAME) -> bytes:
    return to_wire(name) + pack("!HH", qtype, 1)


def signature(covered: int) -> bytes:
    return pack("!HBBIIIH", covered, 8, 2, 300, 2, 1, 7) + to_wire("example.vn") + b"signed"


def answered(craft: Craft, *answers: bytes, qtype: int = HTTPS) -> Answer:
    question = craft.question(NAME, qtype)
    return read_reply(craft.reply(question, list(answers)), 0x1234, question, do=True)


def rdatas(answer: Answer, qtype: int = HTTPS) -> list[bytes]:
    return [record.rdata for record in records_of(asked(qtype), answer).answers if record.rrtype == qtype]


KEYS = param(ECH, b"\0\x04\xfe\x0d\0\0")
PLAIN = (param(ALPN, b"\2h3\2h2"), param(HINT, b"\1\2\3\4"))


@pytest.mark.parametrize("qtype", [HTTPS, SVCB])
def test_the_keys_go_and_the_rest_stays(craft: Craft, qtype: int) -> None:
    rdata = service(*PLAIN, KEYS, param(6, bytes(15) + b"\1"))
    kept = answered(craft, craft.record(NAME, qtype, rdata, 300), qtype=qtype)
    answer = without_ech(asked(qtype), kept)
    assert rdatas(answer, qtype) == [service(*PLAIN, param(6, bytes(15) + b"\1"))]
    assert (answer.ttl, answer.ttls[0][1]) == (300, 300)
    assert (answer.targets, answer.addresses) == (kept.targets, kept.addresses)
    reply = DNSRecord.parse(render(parse_query(craft.query(asked(qtype))), answer, 100))
    (record,) = reply.rr
    assert record.ttl == 200
    if qtype == HTTPS:
        assert [key for key, _ in record.rdata.params] == [ALPN, HINT, 6]


def test_mandatory_no_longer_names_them(craft: Craft) -> None:
    both = service(param(MANDATORY, b"\0\1\0\5"), PLAIN[0], KEYS)
    alone = service(param(MANDATORY, b"\0\5"), PLAIN[0], KEYS, priority=2)
    kept = answered(craft, craft.record(NAME, HTTPS, both), craft.record(NAME, HTTPS, alone))
    assert rdatas(without_ech(asked(), kept)) == [
        service(param(MANDATORY, b"\0\1"), PLAIN[0]),
        service(PLAIN[0], priority=2),
    ]


def test_signatures_of_a_changed_set_go_and_others_stay(craft: Craft) -> None:
    kept = answered(
        craft,
        craft.record(NAME, CNAME, to_wire("cdn.example.vn"), 300),
        craft.record(NAME, RRSIG, signature(CNAME), 300),
        craft.record("cdn.example.vn", HTTPS, service(*PLAIN, KEYS), 300),
        craft.record("cdn.example.vn", RRSIG, signature(HTTPS), 300),
    )
    answer = without_ech(asked(), replace(kept, flags=0x20))
    records = records_of(asked(), answer).answers
    assert [(record.rrtype, record.rdata[:2]) for record in records if record.rrtype == RRSIG] == [
        (RRSIG, b"\0\5")
    ]
    assert [record.rrtype for record in records] == [CNAME, RRSIG, HTTPS]
    assert answer.flags == 0
    assert answer.body.startswith(kept.body[:20])


def test_records_that_only_the_keys_told_apart_are_one(craft: Craft) -> None:
    other = param(ECH, b"\0\x04\xfe\x0d\0\1")
    kept = answered(craft, *(craft.record(NAME, HTTPS, service(*PLAIN, key)) for key in (KEYS, other)))
    assert rdatas(without_ech(asked(), kept)) == [service(*PLAIN)]


@pytest.mark.parametrize(
    "rdata",
    [
        service(*PLAIN),
        service(priority=0, target="other.example"),
        service(param(ALPN, b"\0\5\0\5"), param(7, b"\0\5x")),  # the number somewhere else
    ],
)
def test_an_answer_without_keys_is_the_same_object(craft: Craft, rdata: bytes) -> None:
    kept = answered(craft, craft.record(NAME, HTTPS, rdata), craft.record(NAME, RRSIG, signature(HTTPS)))
    assert without_ech(asked(), kept) is kept


def test_other_types_are_not_looked_at() -> None:
    odd = Answer(0, 0, b"\0\1\0\0\0\0", b"\0\5 is no record", (), 60)
    assert without_ech(asked(A), odd) is odd


@pytest.mark.parametrize(
    "rdata",
    [
        service(KEYS, PLAIN[0]),  # not in order
        service(KEYS, KEYS),
        service(pack("!HH", ECH, 9) + b"short"),
        service(KEYS) + b"\0",
        service(KEYS, target="a")[:-12],
        b"",
    ],
)
def test_what_is_no_parameter_is_refused(rdata: bytes) -> None:
    with pytest.raises((Malformed, IndexError)):
        stripped_rdata(rdata)


PARAMS = st.dictionaries(st.integers(7, 20), st.binary(max_size=12), max_size=4)
LISTS = st.lists(st.integers(1, 9), unique=True, max_size=5).map(sorted)


@given(PARAMS, LISTS, st.binary(min_size=1, max_size=9), st.integers(0, 3))
def test_any_parameters_lose_only_the_keys(
    params: dict[int, bytes], mandatory: list[int], keys: bytes, priority: int
) -> None:
    given_ = {ECH: keys, **params}
    if mandatory:
        given_[MANDATORY] = b"".join(number.to_bytes(2) for number in mandatory)
    left = {key: value for key, value in given_.items() if key != ECH}
    if mandatory:
        numbers = [number for number in mandatory if number != ECH]
        left[MANDATORY] = b"".join(number.to_bytes(2) for number in numbers)
        if not numbers:
            del left[MANDATORY]
    before = service(*(param(key, given_[key]) for key in sorted(given_)), priority=priority)
    after = stripped_rdata(before)
    assert after == service(*(param(key, left[key]) for key in sorted(left)), priority=priority)
    assert stripped_rdata(after) == after
    read_service(after)


@given(st.binary(max_size=40))
def test_rubbish_is_refused_or_read(rdata: bytes) -> None:
    try:
        after = stripped_rdata(rdata)
    except (Malformed, IndexError):
        return
    assert read_service(after).target == read_service(rdata).target
    assert len(after) <= len(rdata)
