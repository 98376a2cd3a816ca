"""Scrubbing: nothing stays but the question's chain, its set, and the proof of its absence."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from schoolguard.dns.answer import Answer
from schoolguard.dns.records import Record, read_sections
from schoolguard.dns.rr import RRType
from schoolguard.dns.scrub import MAX_CHAIN
from schoolguard.dns.upstream import Malformed, read_reply

if TYPE_CHECKING:
    from tests.dns.conftest import Craft

NAME = "www.example.vn"
A = b"\1\2\3\4"


class Reply:
    """A reply under test: ``answers`` and ``authorities`` as records, read with or without DO."""

    def __init__(self, craft: Craft, answers: list[bytes], authorities: list[bytes] | None = None) -> None:
        self.craft = craft
        self.answers = answers
        self.authorities = authorities or []

    def read(self, text: str = NAME, qtype: int = 1, do: bool = False, flags: int = 0x8180) -> Answer:
        question = self.craft.question(text, qtype)
        extra = [self.craft.record("ns.example.vn", RRType.A, A), self.craft.record("bank.vn", RRType.A, A)]
        packet = self.craft.reply(question, self.answers, self.authorities, extra, flags)
        return read_reply(packet, 0x1234, question, do)

    def kept(self, text: str = NAME, qtype: int = 1, do: bool = False, flags: int = 0x8180) -> list[Record]:
        answer = self.read(text, qtype, do, flags)
        counts = int.from_bytes(answer.counts[:2]), int.from_bytes(answer.counts[2:4]), 0
        assert answer.counts[4:] == b"\0\0"
        head = bytes(12) + self.craft.question(text, qtype)
        sections = read_sections(head + answer.body, len(head), counts, 0)
        return sections.answers + sections.authorities

    def shown(
        self, text: str = NAME, qtype: int = 1, do: bool = False, flags: int = 0x8180
    ) -> list[tuple[str, int]]:
        return [
            (".".join(self.split(record.owner)), record.rrtype)
            for record in self.kept(text, qtype, do, flags)
        ]

    def split(self, wire: bytes) -> list[str]:
        return [wire[1 : 1 + wire[0]].decode(), *self.split(wire[1 + wire[0] :])] if wire[0] else []

    def fault(self, text: str = NAME, qtype: int = 1, flags: int = 0x8180) -> str:
        with pytest.raises(Malformed) as caught:
            self.read(text, qtype, flags=flags)
        return caught.value.reason


def cname(craft: Craft, owner: str, target: str) -> bytes:
    return craft.record(owner, RRType.CNAME, craft.name(target))


def rrsig(craft: Craft, owner: str, covered: int, signer: str) -> bytes:
    return craft.record(owner, RRType.RRSIG, covered.to_bytes(2) + bytes(16) + craft.name(signer) + b"sig")


def test_foreign_records_stay_behind(craft: Craft) -> None:
    answers = [
        craft.record("bank.vn", RRType.A, b"\6\6\6\6"),
        craft.record(NAME, RRType.A, A),
        craft.record(NAME, RRType.AAAA, bytes(16)),
        craft.record(NAME, RRType.A, b"\7\7\7\7", rrclass=3),
        craft.record("example.vn", RRType.A, b"\6\6\6\6"),
        cname(craft, "bank.vn", "evil.example"),
    ]
    authorities = [
        craft.record("vn", RRType.NS, craft.name("ns.evil.example")),
        craft.soa("example.vn"),
        craft.record("bank.vn", RRType.A, b"\6\6\6\6"),
    ]
    answer = Reply(craft, answers, authorities).read()
    assert answer.addresses == (A,)
    assert answer.targets == ()
    assert answer.body == b"\xc0\x0c\0\1\0\1\0\0\x01\x2c\0\4" + A


def test_a_chain_is_followed_in_any_order_and_case(craft: Craft) -> None:
    answers = [
        craft.record("C.example", RRType.A, A),
        cname(craft, "B.example", "c.EXAMPLE"),
        cname(craft, "WWW.example.VN", "b.example"),
        cname(craft, "d.example", "www.example.vn"),
    ]
    reply = Reply(craft, answers)
    assert reply.shown() == [(NAME, 5), ("b.example", 5), ("c.example", 1)]
    assert reply.read().targets == (craft.name("b.example"), craft.name("c.example"))


def test_a_chain_that_ends_in_nothing_is_an_absence_with_its_targets(craft: Craft) -> None:
    reply = Reply(craft, [cname(craft, NAME, "b.example")])
    answer = reply.read()
    assert answer.targets == (craft.name("b.example"),)
    assert (answer.addresses, answer.ttl) == ((), 5)


def test_loops_and_long_chains_are_malformed(craft: Craft) -> None:
    assert Reply(craft, [cname(craft, NAME, NAME)]).fault() == "loop"
    pair = [cname(craft, NAME, "B.example"), cname(craft, "b.example", "WWW.example.vn")]
    assert Reply(craft, pair).fault() == "loop"
    names = [NAME, *(f"n{index}.example" for index in range(MAX_CHAIN + 1))]
    chain = [cname(craft, owner, target) for owner, target in pairwise(names)]
    assert len(Reply(craft, chain[:MAX_CHAIN]).read().targets) == MAX_CHAIN
    assert Reply(craft, chain).fault() == "chain"


def test_two_cnames_at_one_owner_are_malformed(craft: Craft) -> None:
    assert Reply(craft, [cname(craft, NAME, "a.vn"), cname(craft, NAME, "b.vn")]).fault() == "singleton"
    assert Reply(craft, [cname(craft, NAME, "a.vn")] * 2).fault() == "singleton"
    assert Reply(craft, [cname(craft, NAME, "a.vn")] * 2).fault(qtype=RRType.CNAME) == "singleton"
    elsewhere = [craft.record(NAME, 1, A), cname(craft, "x.vn", "a.vn"), cname(craft, "x.vn", "b.vn")]
    assert Reply(craft, elsewhere).shown() == [(NAME, 1)]


def test_a_cname_beside_the_set_is_malformed(craft: Craft) -> None:
    assert Reply(craft, [craft.record(NAME, 1, A), cname(craft, NAME, "b.vn")]).fault() == "cname"


def test_a_cname_asked_for_is_not_followed(craft: Craft) -> None:
    reply = Reply(
        craft, [cname(craft, NAME, "b.vn"), craft.record("b.vn", 1, A), cname(craft, "b.vn", "c.vn")]
    )
    assert reply.shown(qtype=RRType.CNAME) == [(NAME, 5)]


def test_repeated_records_are_one(craft: Craft) -> None:
    assert Reply(craft, [craft.record(NAME, 1, A)] * 3).shown() == [(NAME, 1)]


def test_an_nxdomain_with_the_records_asked_for_is_malformed(craft: Craft) -> None:
    assert Reply(craft, [craft.record(NAME, 1, A)]).fault(flags=0x8183) == "nxdomain"


def test_a_dname_stays_with_the_cname_made_from_it(craft: Craft) -> None:
    dname = craft.record("example.vn", RRType.DNAME, craft.name("Example.net"))
    answers = [dname, cname(craft, NAME, "www.example.NET"), craft.record("www.example.net", 1, A)]
    reply = Reply(craft, answers)
    assert reply.shown() == [("example.vn", 39), (NAME, 5), ("www.example.net", 1)]
    assert reply.read().targets == (craft.name("www.example.net"),)
    assert reply.shown(qtype=RRType.CNAME) == [("example.vn", 39), (NAME, 5)]


def test_a_foreign_dname_stays_behind(craft: Craft) -> None:
    dname = craft.record("bank.vn", RRType.DNAME, craft.name("evil.example"))
    assert Reply(craft, [dname, cname(craft, NAME, "b.vn"), craft.record("b.vn", 1, A)]).shown() == [
        (NAME, 5),
        ("b.vn", 1),
    ]


def test_a_dname_with_another_cname_or_twice_is_malformed(craft: Craft) -> None:
    dname = craft.record("example.vn", RRType.DNAME, craft.name("example.net"))
    other = craft.record("example.vn", RRType.DNAME, craft.name("example.org"))
    assert Reply(craft, [dname, cname(craft, NAME, "www.evil.example")]).fault() == "dname"
    assert Reply(craft, [dname, other, cname(craft, NAME, "www.example.net")]).fault() == "singleton"
    assert Reply(craft, [dname]).fault() == "dname"


def test_only_the_soa_of_the_chains_end_stays(craft: Craft) -> None:
    strangers = [craft.soa("evil.example"), craft.soa("a.www.example.vn"), craft.soa("xample.vn")]
    reply = Reply(craft, [], [*strangers, craft.soa("vn"), craft.soa("example.vn", minimum=77)])
    assert reply.shown() == [("example.vn", 6)]
    assert reply.read().ttl == 77
    chained = Reply(craft, [cname(craft, NAME, "b.example")], [craft.soa("example.vn"), craft.soa("example")])
    assert chained.shown() == [(NAME, 5), ("example", 6)]
    assert Reply(craft, [], strangers).read().body == b""
    assert Reply(craft, [], [craft.soa("")]).shown() == [("", 6)]


def test_two_soas_of_one_zone_are_malformed(craft: Craft) -> None:
    assert Reply(craft, [], [craft.soa("vn"), craft.soa("vn", 1)]).fault() == "singleton"


def test_signatures_stay_only_with_do(craft: Craft) -> None:
    answers = [
        cname(craft, NAME, "b.example"),
        rrsig(craft, NAME, RRType.CNAME, "example.vn"),
        rrsig(craft, NAME, RRType.MX, "example.vn"),
        craft.record("b.example", 1, A),
        rrsig(craft, "b.example", 1, "example"),
        rrsig(craft, "bank.vn", 1, "vn"),
    ]
    reply = Reply(craft, answers)
    assert reply.shown() == [(NAME, 5), ("b.example", 1)]
    assert reply.shown(do=True) == [(NAME, 5), (NAME, 46), ("b.example", 1), ("b.example", 46)]


def test_proofs_stay_only_with_do_and_within_the_signed_zone(craft: Craft) -> None:
    nsec = craft.record("alpha.example.vn", RRType.NSEC, craft.name("zulu.example.vn") + b"\0\1\x40")
    foreign = craft.record("alpha.bank.vn", RRType.NSEC, craft.name("zulu.bank.vn") + b"\0\1\x40")
    authorities = [
        craft.soa("example.vn"),
        rrsig(craft, "example.vn", RRType.SOA, "example.vn"),
        nsec,
        rrsig(craft, "alpha.example.vn", RRType.NSEC, "example.vn"),
        foreign,
        rrsig(craft, "alpha.bank.vn", RRType.NSEC, "bank.vn"),
    ]
    reply = Reply(craft, [], authorities)
    assert reply.shown(flags=0x8183) == [("example.vn", 6)]
    signed = [("example.vn", 46), ("alpha.example.vn", 47), ("alpha.example.vn", 46)]
    assert reply.shown(do=True, flags=0x8183) == [("example.vn", 6), *signed]
    wildcard = Reply(craft, [craft.record(NAME, 1, A)], authorities)
    assert wildcard.shown() == [(NAME, 1)]
    assert wildcard.shown(do=True) == [(NAME, 1), *signed]


def test_a_set_of_signatures_asked_for_is_a_set(craft: Craft) -> None:
    reply = Reply(craft, [rrsig(craft, NAME, 1, "vn"), rrsig(craft, NAME, 28, "vn")])
    assert reply.shown(qtype=RRType.RRSIG) == [(NAME, 46), (NAME, 46)]
    assert reply.shown(qtype=RRType.RRSIG, do=True) == [(NAME, 46), (NAME, 46)]
