"""An answer given under another name: the CNAME first, everything still readable, nothing signed."""

from __future__ import annotations

from itertools import pairwise
from struct import pack
from typing import TYPE_CHECKING

import pytest
from dnslib import DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.dns.alias import alias_answer
from schoolguard.dns.answer import Answer
from schoolguard.dns.blocked import BlockAnswer, blocked_answer
from schoolguard.dns.names import to_wire
from schoolguard.dns.query import parse_query
from schoolguard.dns.reply import render
from schoolguard.dns.rewrite import records_of
from schoolguard.dns.upstream import Malformed, read_reply

if TYPE_CHECKING:
    from tests.dns.conftest import Craft

NAME, SAFE = "www.google.com.vn", "forcesafesearch.google.com"
A, NS, CNAME, SOA, MX, AAAA, SRV, DS, RRSIG, NSEC, HTTPS = 1, 2, 5, 6, 15, 28, 33, 43, 46, 47, 65


def asked(name: str, qtype: int) -> bytes:
    return to_wire(name) + pack("!HH", qtype, 1)


def signature(craft: Craft, covered: int) -> bytes:
    return pack("!HBBIIIH", covered, 8, 2, 300, 2, 1, 7) + craft.name("google.com") + b"signed"


def answered(craft: Craft, qtype: int, *answers: bytes, soa: bytes = b"", rcode: int = 0) -> Answer:
    """Return what is kept of an upstream's reply about the safe name, DNSSEC records and all."""
    question = craft.question(SAFE, qtype)
    reply = craft.reply(question, list(answers), [soa] if soa else [], flags=0x8180 | rcode)
    return read_reply(reply, 0x1234, question, do=True)


def shown(answer: Answer, name: str, qtype: int, age: int = 0) -> DNSRecord:
    """Return the reply a client gets, read by a parser that is not ours."""
    query = parse_query(pack("!6H", 7, 0x0100, 1, 0, 0, 0) + asked(name, qtype))
    return DNSRecord.parse(render(query, answer, age))


def lines(record: DNSRecord) -> list[tuple[str, int, int, str]]:
    return [(str(rr.rname), rr.rtype, rr.ttl, str(rr.rdata)) for rr in record.rr]


def test_addresses_follow_the_alias(craft: Craft) -> None:
    kept = answered(
        craft,
        A,
        craft.record(SAFE, CNAME, craft.name("edge.google.com"), 200),
        craft.record(SAFE, RRSIG, signature(craft, CNAME), 200),
        craft.record("edge.google.com", A, b"\1\2\3\4", 300),
        craft.record("edge.google.com", A, b"\1\2\3\5", 300),
        craft.record("edge.google.com", RRSIG, signature(craft, A), 300),
    )
    answer = alias_answer(asked(NAME, A), to_wire(SAFE), kept)
    assert lines(shown(answer, NAME, A)) == [
        (NAME + ".", CNAME, 200, SAFE + "."),
        (SAFE + ".", CNAME, 200, "edge.google.com."),
        ("edge.google.com.", A, 300, "1.2.3.4"),
        ("edge.google.com.", A, 300, "1.2.3.5"),
    ]
    assert [ttl for _, _, ttl, _ in lines(shown(answer, NAME, A, age=50))] == [150, 150, 250, 250]
    assert (answer.ttl, answer.flags, answer.rcode) == (200, 0, 0)
    assert answer.targets == (to_wire("edge.google.com"),), "our own choice of a name is no cloaking"
    assert answer.addresses == (b"\1\2\3\4", b"\1\2\3\5")


@pytest.mark.parametrize(
    ("qtype", "rdata"),
    [
        (AAAA, bytes(15) + b"\1"),
        (HTTPS, b"\0\1\0" + b"\0\1\0\3\2h2"),
        (HTTPS, b"\0\0\4safe\7example\0"),
        (MX, b"\0\x0a" + to_wire("mail." + NAME)),
        (NS, to_wire("ns." + SAFE)),
        (SRV, bytes(6) + to_wire("host." + NAME)),
        (65280, b"anything"),
    ],
)
def test_every_type_reads_back(craft: Craft, qtype: int, rdata: bytes) -> None:
    kept = answered(craft, qtype, craft.record(SAFE, qtype, rdata, 60))
    question = asked(NAME, qtype)
    answer = alias_answer(question, to_wire(SAFE), kept)
    alias, record = records_of(question, answer).answers
    assert (alias.owner, alias.rrtype, alias.rdata) == (to_wire(NAME), CNAME, to_wire(SAFE))
    assert (record.owner, record.rrtype, record.ttl, record.rdata) == (to_wire(SAFE), qtype, 60, rdata)


@pytest.mark.parametrize("rcode", [0, 3])
def test_an_absence_keeps_the_start_of_authority_of_its_zone(craft: Craft, rcode: int) -> None:
    kept = answered(craft, AAAA, soa=craft.soa("google.com", 900, 60), rcode=rcode)
    reply = shown(alias_answer(asked(NAME, AAAA), to_wire(SAFE), kept), NAME, AAAA)
    assert reply.header.rcode == rcode
    assert lines(reply) == [(NAME + ".", CNAME, 60, SAFE + ".")]
    (authority,) = reply.auth
    assert (str(authority.rname), authority.rtype, authority.ttl) == ("google.com.", SOA, 60)


def test_proofs_of_absence_go_with_the_signatures(craft: Craft) -> None:
    question = craft.question(SAFE, AAAA)
    proofs = [
        craft.soa("google.com"),
        craft.record("google.com", RRSIG, signature(craft, SOA)),
        craft.record(SAFE, NSEC, craft.name("g.google.com") + b"\0\1\x40"),
        craft.record(SAFE, RRSIG, signature(craft, NSEC)),
    ]
    kept = read_reply(craft.reply(question, [], proofs), 0x1234, question, do=True)
    assert int.from_bytes(kept.counts[2:4]) == 4
    answer = alias_answer(asked(NAME, AAAA), to_wire(SAFE), kept)
    assert [record.rrtype for record in records_of(asked(NAME, AAAA), answer).authorities] == [SOA]


def test_the_alias_itself_is_all_there_is_of_its_type(craft: Craft) -> None:
    kept = answered(craft, CNAME, soa=craft.soa("google.com", 900, 60))
    answer = alias_answer(asked(NAME, CNAME), to_wire(SAFE), kept)
    assert lines(shown(answer, NAME, CNAME)) == [(NAME + ".", CNAME, 60, SAFE + ".")]
    assert answer.counts == b"\0\1\0\0\0\0"


@pytest.mark.parametrize("last", [A, AAAA])
def test_a_chain_that_leads_back_is_cut_short(craft: Craft, last: int) -> None:
    """A twin that is itself an alias of the engine's name would make a loop of our CNAME."""
    kept = answered(
        craft,
        A,
        craft.record(SAFE, CNAME, craft.name(NAME.upper()), 100),
        *([craft.record(NAME, A, b"\1\2\3\4", 90)] if last == A else []),
        soa=b"" if last == A else craft.soa("google.com.vn", 80, 80),
    )
    answer = alias_answer(asked(NAME, A), to_wire(SAFE), kept)
    expected = [(SAFE + ".", A, 90, "1.2.3.4")] if last == A else []
    ttl = 90 if last == A else 80
    assert lines(shown(answer, NAME, A)) == [(NAME + ".", CNAME, ttl, SAFE + "."), *expected]


def test_the_lifetime_can_be_bounded(craft: Craft) -> None:
    kept = answered(craft, A, craft.record(SAFE, A, b"\1\2\3\4", 300))
    assert alias_answer(asked(NAME, A), to_wire(SAFE), kept, ttl=60).ttl == 60
    assert alias_answer(asked(NAME, A), to_wire(SAFE), kept, ttl=600).ttl == 300
    assert alias_answer(asked(NAME, A), to_wire(SAFE), kept, ttl=0).ttls[0][1] == 0


def test_a_failure_stays_a_failure(craft: Craft) -> None:
    failed = answered(craft, A, rcode=2)
    assert alias_answer(asked(NAME, A), to_wire(SAFE), failed) is failed


def test_an_answer_of_our_own_can_be_led_to() -> None:
    local = blocked_answer(asked(SAFE, A), BlockAnswer.NODATA, (), 10, (15, "x"))
    answer = alias_answer(asked(NAME, A), to_wire(SAFE), local)
    reply = shown(answer, NAME, A)
    assert [str(rr.rname) for rr in reply.auth] == [SAFE + "."]
    assert answer.ede == (15, "x")


def test_a_name_is_no_alias_of_itself(craft: Craft) -> None:
    kept = answered(craft, A, craft.record(SAFE, A, b"\1\2\3\4"))
    with pytest.raises(ValueError, match="itself"):
        alias_answer(asked(SAFE, A), to_wire(SAFE), kept)


def test_a_body_for_another_question_is_refused(craft: Craft) -> None:
    kept = answered(craft, MX, craft.record(SAFE, MX, b"\0\1" + craft.name("a." + SAFE)))
    longer = Answer(0, 0, kept.counts, kept.body + b"\0", kept.ttls, kept.ttl)
    with pytest.raises(Malformed):
        alias_answer(asked(NAME, MX), to_wire(SAFE), longer)


NAMES = st.lists(st.from_regex(r"[a-z]{1,12}", fullmatch=True), min_size=1, max_size=8).map(".".join)


@given(NAMES, NAMES, st.lists(NAMES, max_size=5), st.binary(min_size=4, max_size=4))
def test_any_names_read_back(craft: Craft, name: str, safe: str, chain: list[str], address: bytes) -> None:
    if name == safe or len({name, safe, *chain}) != 2 + len(chain):
        return
    names = [safe, *chain]
    question = craft.question(safe)
    pairs = pairwise(names)
    records = [craft.record(owner, CNAME, craft.name(target), 9) for owner, target in pairs]
    reply = craft.reply(question, [*records, craft.record(names[-1], A, address, 9)])
    kept = read_reply(reply, 0x1234, question)
    answer = alias_answer(asked(name, A), to_wire(safe), kept)
    chained = list(zip([name, *names], names, strict=False))
    found = lines(shown(answer, name, A))
    assert [(owner, target) for owner, _, _, target in found[:-1]] == [(f"{o}.", f"{t}.") for o, t in chained]
    assert found[-1][:2] == (names[-1] + ".", A)
