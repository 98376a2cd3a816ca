"""Answers that policy rewrites: safe search, keys for encrypted names, resolvers known by their addresses."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from dnslib import RD, RR

from schoolguard.categories import SEALED, mask_of
from schoolguard.dns.names import search_key
from schoolguard.dns.resolver_addresses import compiled
from schoolguard.policy.bypass import Bypass
from schoolguard.policy.model import Group, School, Tier
from schoolguard.policy.safe_search import Engines, SafeSearch, YouTube
from schoolguard.resolver.counts import Outcome
from tests.ask import packet
from tests.hostile import Asked, Hostile
from tests.resolver.conftest import Desk

KEYS = b"\0\4\xfe\x0d\0\0"
STRICT, MODERATE, FREE = "127.0.0.5", "127.0.1.5", "127.0.2.5"
ENGINES = Engines(
    safe={search_key("www.google.example"): "forcesafe.google.example"},
    youtube={
        YouTube.STRICT: {search_key("www.youtube.example"): "restrict.youtube.example"},
        YouTube.MODERATE: {search_key("www.youtube.example"): "moderate.youtube.example"},
    },
    zones={search_key("coc.example"): "Cốc Cốc"},
)
SAFE = {
    "forcesafe.google.example.": "192.0.2.10",
    "restrict.youtube.example.": "192.0.2.20",
    "moderate.youtube.example.": "192.0.2.21",
}


def group(name: str, network: str, safe: SafeSearch, strip: bool) -> Group:
    tier = Tier(name, name, name, mask_of(["games", "encrypted-dns"] if strip else ["games"]) | SEALED)
    return Group("th", name, tier, (ip_network(network),), safe_search=safe, strip_ech=strip)


SCHOOL = School(
    "th",
    "Trường",
    "Xã",
    "thcs",
    (
        group("nhỏ", "127.0.0.0/24", SafeSearch(True, YouTube.STRICT), True),
        group("lớn", "127.0.1.0/24", SafeSearch(True, YouTube.MODERATE), True),
        group("GV", "127.0.2.0/24", SafeSearch(), False),
    ),
)


@pytest.fixture
def school(desk: Desk, hostile: Hostile) -> Desk:
    hostile.script = answering
    resolvers = compiled([(ip_network("9.9.9.9/32"), "Quad9")])
    settings = replace(desk.settings, schools=(SCHOOL,), engines=ENGINES, resolver_addresses=resolvers)
    return Desk(settings, desk.stack, hostile.port)


def answering(asked: Asked) -> None:
    kind = asked.record.q.qtype
    if kind == 1:
        asked.send(asked.reply(f"@ 300 A {SAFE.get(asked.name.lower(), '192.0.2.1')}"))
    elif kind == 65:
        reply = asked.record.reply(ra=1, aa=0)
        reply.ar.clear()
        params = b"\0\1\0" + b"\0\1\0\3\2h2" + b"\0\5\0\6" + KEYS
        reply.add_answer(RR(asked.name, 65, ttl=300, rdata=RD(params)))
        asked.send(bytes(reply.pack()))
    else:
        asked.send(asked.reply(authority=("example. 300 SOA a. b. 1 2 3 4 60",)))


async def test_a_search_engine_is_sent_to_its_safe_name(school: Desk, hostile: Hostile) -> None:
    reply = await school.ask("www.google.example", source=STRICT)
    assert reply.answers == [
        ("www.google.example.", "CNAME", "forcesafe.google.example."),
        ("forcesafe.google.example.", "A", "192.0.2.10"),
    ]
    assert reply.ede == (4, "Safe search is on at school.")
    assert (await school.ask("www.google.example", source=MODERATE)).rdatas[-1] == "192.0.2.10"
    assert len(hostile.asked) == 1, "the safe name's answer is kept"
    assert (await school.ask("www.google.example", source=FREE)).rdatas == ["192.0.2.1"]
    assert hostile.asked[-1].name.lower() == "www.google.example."


async def test_youtube_has_a_level_for_each_group(school: Desk) -> None:
    shown = {
        who: (await school.ask("www.youtube.example", source=who)).rdatas for who in (STRICT, MODERATE, FREE)
    }
    assert shown == {
        STRICT: ["restrict.youtube.example.", "192.0.2.20"],
        MODERATE: ["moderate.youtube.example.", "192.0.2.21"],
        FREE: ["192.0.2.1"],
    }


async def test_every_type_goes_the_safe_way(school: Desk) -> None:
    """A browser that asks HTTPS must not learn the unsafe service's hints."""
    https = await school.ask("www.google.example", "HTTPS", source=STRICT)
    assert https.answers[0][1:] == ("CNAME", "forcesafe.google.example.")
    assert https.answers[1][0] == "forcesafe.google.example."
    nothing = await school.ask("www.google.example", "AAAA", source=STRICT)
    assert nothing.answers == [("www.google.example.", "CNAME", "forcesafe.google.example.")]
    assert [str(rr.rname) for rr in nothing.record.auth] == ["example."]


async def test_an_engine_that_cannot_be_made_safe_is_closed(school: Desk) -> None:
    closed = await school.ask("search.coc.example", source=STRICT)
    assert closed.rdatas == ["0.0.0.0"]
    assert closed.ede is not None
    assert (await school.ask("search.coc.example", source=FREE)).rdatas == ["192.0.2.1"]


@pytest.mark.parametrize("order", [(STRICT, FREE), (FREE, STRICT)])
async def test_keys_for_encrypted_names_stay_behind_for_pupils_only(
    school: Desk, order: tuple[str, str]
) -> None:
    shown = {who: (await school.ask("hoc.example", "HTTPS", source=who)).raw for who in order}
    assert KEYS not in shown[STRICT]
    assert b"\2h2" in shown[STRICT]
    assert KEYS in shown[FREE]


@pytest.mark.parametrize("order", [(STRICT, FREE), (FREE, STRICT)])
async def test_a_finished_reply_with_keys_never_serves_pupils(school: Desk, order: tuple[str, str]) -> None:
    for who in order:
        await school.send(packet("hoc.example", "HTTPS", number=1), who)
    key = packet("hoc.example", "HTTPS", number=1)[2:]
    for who, wanted in ((STRICT, False), (FREE, True)):
        client = school.rules.admit(bytes(map(int, who.split("."))))
        assert client is not None
        entry = school.rules.front.find(key, client.seat, school.now)
        assert entry is not None
        assert (KEYS in entry.reply) is wanted


async def test_a_resolver_is_known_by_its_address(school: Desk, hostile: Hostile) -> None:
    hostile.script = lambda asked: asked.send(asked.reply("@ 300 A 9.9.9.9"))
    assert (await school.ask("innocent.example", source=STRICT)).rdatas == ["0.0.0.0"]
    assert (await school.ask("innocent.example", source=FREE)).rdatas == ["9.9.9.9"]
    school.rules.harvest()
    outcomes = {outcome for *_, outcome, _ in school.counts.take()["queries"]}  # type: ignore[attr-defined]
    assert Outcome.BYPASS + Bypass.ENCRYPTED_DNS_ADDRESS in outcomes
