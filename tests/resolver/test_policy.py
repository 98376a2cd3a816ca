"""Policy on the query path: cloaking, special names, reloads in the middle of a question."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Network

import pytest

from schoolguard.categories import mask_of
from schoolguard.resolver.counts import Counts, Outcome
from schoolguard.resolver.resolver import Resolver
from tests.ask import Reply, packet
from tests.hostile import Hostile, address
from tests.resolver.conftest import Desk, until
from tests.site import GUEST, PRIMARY, STAFF, THCS, THPT

ALIASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "cname": ("A", ("@ 300 CNAME malware.example.", "malware.example. 300 A 192.0.2.1")),
    "cname below": ("A", ("@ 300 CNAME cdn.malware.example.", "cdn.malware.example. 300 A 192.0.2.1")),
    "chain": (
        "AAAA",
        (
            "@ 300 CNAME a.example.",
            "a.example. 300 CNAME malware.example.",
            "malware.example. 300 CNAME b.example.",
            "b.example. 300 AAAA 2001:db8::1",
        ),
    ),
    "cname asked for": ("CNAME", ("@ 300 CNAME malware.example.",)),
    "https": ("HTTPS", ("@ 300 HTTPS 1 malware.example. alpn=h2",)),
    "https alias": ("HTTPS", ("@ 300 HTTPS 0 malware.example.",)),
    "second https": ("HTTPS", ("@ 300 HTTPS 1 . alpn=h2", "@ 300 HTTPS 2 malware.example. alpn=h2")),
    "cname without the record": ("A", ("@ 300 CNAME malware.example.",)),
}


@pytest.mark.parametrize("kind", ALIASES)
@pytest.mark.parametrize("source", [PRIMARY, THPT, STAFF, GUEST, THCS])
async def test_a_name_that_leads_to_a_blocked_one_is_blocked(
    desk: Desk, hostile: Hostile, kind: str, source: str
) -> None:
    """Cloaking: a tracker would only need an alias in the site's own zone."""
    qtype, records = ALIASES[kind]
    hostile.script = lambda asked: asked.send(asked.reply(*records))
    for _ in range(2):
        reply = await desk.ask("innocent.example", qtype, source=source)
        assert reply.ede is not None
        assert (reply.ede[0], "Malware" in reply.ede[1]) == (17, True)
        assert "malware" not in " ".join(reply.rdatas).lower()
        assert "192.0.2.1" not in reply.rdatas
    assert len(hostile.asked) == 1


async def test_an_alias_is_judged_for_each_plan(desk: Desk, hostile: Hostile) -> None:
    hostile.script = lambda a: a.send(a.reply("@ 300 CNAME game.example.", "game.example. 300 A 192.0.2.1"))
    for _ in range(2):
        assert (await desk.ask("play.example", source=STAFF)).rdatas[-1] == "192.0.2.1"
        assert (await desk.ask("play.example", source=PRIMARY)).rdatas == ["0.0.0.0"]
        assert (await desk.ask("play.example", source=THPT)).rcode_name == "NXDOMAIN"
    assert len(hostile.asked) == 1


async def test_an_allowed_target_excuses_nothing(desk: Desk, hostile: Hostile) -> None:
    hostile.script = lambda a: a.send(a.reply("@ 300 CNAME 111.example.", "111.example. 300 A 192.0.2.1"))
    assert (await desk.ask("bet.example", source=PRIMARY)).rdatas == ["0.0.0.0"]
    assert hostile.asked == []


async def test_a_blocked_name_is_never_asked_upstream(desk: Desk, hostile: Hostile) -> None:
    for qtype in ("A", "HTTPS", "ANY", "TXT"):
        await desk.ask("bet.example", qtype, source=PRIMARY)
    assert hostile.asked == []


@pytest.mark.parametrize(("qtype", "rdata"), [("A", ["127.0.0.1"]), ("AAAA", ["::1"]), ("MX", [])])
@pytest.mark.parametrize("name", ["localhost", "a.LocalHost"])
async def test_localhost_is_answered_here(
    desk: Desk, hostile: Hostile, name: str, qtype: str, rdata: list[str]
) -> None:
    reply = await desk.ask(name, qtype)
    assert (reply.rcode_name, reply.rdatas) == ("NOERROR", rdata)
    assert hostile.asked == []


PRIVATE = [
    *("secret.onion", "onion", "printer.local", "x.invalid", "x.test", "router.home.arpa"),
    *("1.0.0.10.in-addr.arpa", "10.in-addr.arpa", "1.1.168.192.in-addr.arpa", "9.31.172.in-addr.arpa"),
    *("1.0.16.172.in-addr.arpa", "1.0.0.127.in-addr.arpa", "1.1.254.169.in-addr.arpa", "0.in-addr.arpa"),
    *("255.255.255.255.in-addr.arpa", "1.2.0.192.in-addr.arpa", "1.100.51.198.in-addr.arpa"),
    "1." + 31 * "0." + "ip6.arpa",
    32 * "0." + "ip6.arpa",
    "1." + 29 * "0." + "d.f.ip6.arpa",
    "1." + 29 * "0." + "c.f.ip6.arpa",
    "1." + 28 * "0." + "8.e.f.ip6.arpa",
    "1." + 28 * "0." + "b.e.f.ip6.arpa",
    "1." + 23 * "0." + "8.b.d.0.1.0.0.2.ip6.arpa",
]

PUBLIC = [
    *("1.0.15.172.in-addr.arpa", "1.0.32.172.in-addr.arpa", "8.8.8.8.in-addr.arpa", "168.192.example"),
    *(
        "1.192.168.in-addr.arpa",
        "1.169.254.in-addr.arpa",
        "254.255.255.255.in-addr.arpa",
        "localhost.example",
    ),
    *("f.d.ip6.arpa", "e.f.ip6.arpa", "0.0.2.ip6.arpa", "onion.example", "notlocal", "arpa", "ip6.arpa"),
]


@pytest.mark.parametrize("name", PRIVATE)
async def test_private_names_do_not_leave(desk: Desk, hostile: Hostile, name: str) -> None:
    """RFC 6761, 6762, 6303, 7686, 8375: the public DNS must not see who is asked for inside."""
    for qtype in ("PTR", "A"):
        reply = await desk.ask(name, qtype)
        assert (reply.rcode_name, reply.answers) == ("NXDOMAIN", [])
    assert hostile.asked == []


@pytest.mark.parametrize("name", PUBLIC)
async def test_names_that_only_look_private_are_asked(desk: Desk, hostile: Hostile, name: str) -> None:
    hostile.script = address("192.0.2.1")
    assert (await desk.ask(name)).rdatas == ["192.0.2.1"]


async def test_a_question_in_flight_over_a_reload_is_judged_by_the_new_rules(
    desk: Desk, hostile: Hostile
) -> None:
    waiting = asyncio.create_task(desk.ask("mxh.example", source=STAFF))
    asked = await until(lambda: hostile.asked, "the question upstream")
    (school,) = desk.settings.schools
    stricter = [replace(group, tier=school.groups[0].tier) for group in school.groups]
    desk.apply(replace(desk.settings, schools=(replace(school, groups=tuple(stricter)),)))
    asked[0].send(asked[0].reply("@ 300 A 192.0.2.1"))
    reply = await waiting
    assert reply.answers == []
    assert reply.ede is not None
    assert reply.ede[0] == 17


async def test_a_client_that_is_served_no_more_is_refused(desk: Desk, hostile: Hostile) -> None:
    waiting = asyncio.create_task(desk.ask("www.example", source=STAFF))
    asked = await until(lambda: hostile.asked, "the question upstream")
    (school,) = desk.settings.schools
    fewer = tuple(group for group in school.groups if group.tier.name != "staff")
    desk.apply(replace(desk.settings, schools=(replace(school, groups=fewer),)))
    asked[0].send(asked[0].reply("@ 300 A 192.0.2.1"))
    assert (await waiting).rcode_name == "REFUSED"


def test_before_the_first_policy_nothing_is_resolved() -> None:
    """Threat 51: closed, not open, and saying so."""
    resolver = Resolver(Counts(), lambda: 0.0)
    for name in ("www.example", "bet.example"):
        raw = resolver.reply(packet(name), b"\x7f\0\1\1", udp=True)
        assert isinstance(raw, bytes)
        reply = Reply(raw)
        assert (reply.rcode_name, reply.ede and reply.ede[0], reply.answers) == ("SERVFAIL", 14, [])


async def test_threat_18_a_stranger_gets_no_more_than_he_sent(new_desk: Callable[..., Desk]) -> None:
    """Any public address may be forged: a larger reply would make this gateway a weapon."""
    desk = new_desk(5399)
    for source in ("203.0.113.9", "2001:db8:ffff::9"):
        for message in (packet("big.example", "TXT"), packet("big.example", "ANY", do=True)):
            reply = await desk.send(message, source)
            assert reply is not None
            assert reply.rcode_name == "REFUSED"
            assert len(reply.raw) <= len(message)


async def test_the_front_keeps_only_the_usual_spelling(desk: Desk, hostile: Hostile) -> None:
    """Threat 24: 2^n spellings of one name must not fill the cache."""
    hostile.script = address("192.0.2.1")
    await desk.ask("www.example")
    kept = len(desk.rules.front)
    for i in range(64):
        name = "".join(c.upper() if i >> k & 1 else c for k, c in enumerate("www.example"))
        await desk.ask(name)
    assert len(desk.rules.front) == kept
    assert len(hostile.asked) == 1


async def test_clients_remembered_are_bounded(desk: Desk) -> None:
    (school,) = desk.settings.schools
    wide = replace(school.groups[0], networks=(IPv6Network("2001:db8::/64"),))
    desk.apply(replace(desk.settings, schools=(replace(school, groups=(wide,)),)))
    for i in range(45_000):
        assert desk.rules.admit(b"\x20\x01\x0d\xb8" + i.to_bytes(12)) is not None
        assert desk.rules.count_clients() <= 20_000


INSIDE = {
    "A": ["192.168.1.1", "10.0.0.1", "127.0.0.1", "0.0.0.0", "169.254.169.254", "172.20.1.1"],
    "AAAA": ["fd00::1", "fe80::1", "::1", "::ffff:a00:1", "64:ff9b::a00:1"],
}


@pytest.mark.parametrize(("qtype", "inside"), [(t, a) for t, each in INSIDE.items() for a in each])
async def test_threat_26_a_public_name_does_not_lead_inside(
    desk: Desk, hostile: Hostile, qtype: str, inside: str
) -> None:
    """DNS rebinding: a page on the name would reach the school's router as if it were its own server."""
    hostile.script = lambda asked: asked.send(asked.reply(f"@ 300 {qtype} {inside}"))
    for source in (PRIMARY, STAFF):
        reply = await desk.ask("rebind.example", qtype, source)
        assert (reply.rcode_name, reply.answers) == ("NOERROR", [])
        assert reply.ede is not None
        assert reply.ede[0] == 15
    desk.rules.harvest()
    counted = sum(row[Outcome.REBINDING] for row in desk.counts.queries.values())
    assert counted == 2


async def test_threat_26_one_private_address_among_public_ones(desk: Desk, hostile: Hostile) -> None:
    hostile.script = lambda asked: asked.send(
        asked.reply("@ 300 CNAME x.example.", "x.example. 300 A 192.0.2.1", "x.example. 300 A 10.1.1.1")
    )
    assert (await desk.ask("www.example")).rdatas == []


async def test_the_schools_own_zones_may_lead_inside(new_desk: Callable[..., Desk], hostile: Hostile) -> None:
    zones = frozenset(["truong.example", "20.10.in-addr.arpa"])
    desk = new_desk(hostile.port, upstreams={"local_zones": zones})
    hostile.script = lambda asked: asked.send(asked.reply("@ 300 A 10.20.0.5"))
    assert (await desk.ask("may-in.truong.example")).rdatas == ["10.20.0.5"]
    assert (await desk.ask("xtruong.example")).rdatas == []
    hostile.script = lambda asked: asked.send(asked.reply("@ 300 PTR may-in.truong.example."))
    assert (await desk.ask("5.0.20.10.in-addr.arpa", "PTR")).rdatas == ["may-in.truong.example."]
    assert (await desk.ask("5.0.21.10.in-addr.arpa", "PTR")).rcode_name == "NXDOMAIN"


@pytest.mark.parametrize("name", ["use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com"])
async def test_threat_28_browsers_that_ask_may_not_go_round(desk: Desk, hostile: Hostile, name: str) -> None:
    """NXDOMAIN is what their makers document as the network's no; any address would be a yes."""
    hostile.script = address("192.0.2.1")
    blocked = mask_of(["encrypted-dns", "proxy-vpn"])
    (school,) = desk.settings.schools
    groups = tuple(
        replace(group, tier=replace(group.tier, blocked=group.tier.blocked | blocked))
        if group.tier.name == "tieu-hoc"
        else group
        for group in school.groups
    )
    desk.apply(replace(desk.settings, schools=(replace(school, groups=groups),)))
    for qtype in ("A", "AAAA", "HTTPS"):
        reply = await desk.ask(name, qtype, PRIMARY)
        assert (reply.rcode_name, reply.answers) == ("NXDOMAIN", [])
    assert (await desk.ask(name, "A", STAFF)).rdatas == ["192.0.2.1"], "a plan that does not block it"


async def test_threat_28_no_other_resolver_is_designated(desk: Desk, hostile: Hostile) -> None:
    """RFC 9462: what the upstream designates for itself would take the clients past the policy."""
    for name, qtype in (("_dns.resolver.arpa", "SVCB"), ("resolver.arpa", "A")):
        reply = await desk.ask(name, qtype)
        assert (reply.rcode_name, reply.answers) == ("NOERROR", [])
    assert hostile.asked == []


async def test_a_reload_leaves_no_ring_of_the_former_rules(desk: Desk, hostile: Hostile) -> None:
    """Clients and rules point at each other: tens of megabytes stayed until a full collection."""
    hostile.script = address("192.0.2.1")
    await desk.ask("www.example")
    former = weakref.ref(desk.rules)
    gc.collect()
    gc.disable()
    try:
        desk.rules.retire()
        desk.apply(desk.settings)
        assert former() is None
    finally:
        gc.enable()
