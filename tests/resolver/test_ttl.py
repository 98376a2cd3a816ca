"""How long an answer holds: ageing, absence (RFC 2308), bounds, prefetch, and stale when nobody answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from schoolguard.policy.model import Layer, Rule, Verb
from schoolguard.resolver.front import Entry
from tests.hostile import Asked, Hostile, address, silence
from tests.resolver.conftest import Desk, until
from tests.site import PRIMARY, STAFF

SOA = "example. {ttl} SOA ns.example. root.example. 1 2 3 4 {minimum}"


async def test_a_ttl_is_never_longer_than_what_is_left(desk: Desk, hostile: Hostile) -> None:
    hostile.script = address(ttl=300)
    born = desk.now
    while desk.now < born + 299:
        (ttl,) = (await desk.ask("www.example", number=1)).ttls
        # The finished reply may be given out again until it is dropped, so it counts from then.
        until_when = max(entry[0] for entry in _entries(desk))
        assert 0 <= ttl <= born + 300 - until_when
        assert ttl >= (born + 300 - desk.now) * 0.9 - 2, "and not much shorter either"
        desk.now += 7.3
    assert hostile.count("www.example") == 1


def _entries(desk: Desk) -> list[Entry]:
    entries = desk.rules.front.entries
    return [*entries.young.values(), *entries.old.values()]


async def test_an_answer_is_asked_for_again_after_its_ttl(desk: Desk, hostile: Hostile) -> None:
    hostile.script = address("192.0.2.1", ttl=10)
    assert (await desk.ask("www.example")).rdatas == ["192.0.2.1"]
    hostile.script = address("192.0.2.2", ttl=10)
    desk.now += 8
    assert (await desk.ask("www.example")).rdatas == ["192.0.2.1"]
    desk.now += 3
    assert (await desk.ask("www.example")).rdatas == ["192.0.2.2"]


async def test_a_ttl_of_zero_is_not_kept(desk: Desk, hostile: Hostile) -> None:
    hostile.script = address(ttl=0)
    for count in (1, 2, 3):
        assert (await desk.ask("zero.example")).ttls == [0]
        assert hostile.count("zero.example") == count


@pytest.mark.parametrize(
    ("rcode", "ttl", "minimum", "kept"), [(3, 3600, 60, 60), (0, 3600, 60, 60), (3, 30, 60, 30)]
)
async def test_absence_is_kept_as_its_soa_says(
    desk: Desk, hostile: Hostile, rcode: int, ttl: int, minimum: int, kept: int
) -> None:
    """RFC 2308 5: the lesser of the SOA's TTL and its minimum."""
    soa = SOA.format(ttl=ttl, minimum=minimum)
    hostile.script = lambda asked: asked.send(asked.reply(rcode=rcode, authority=(soa,)))
    for seconds in (0, kept * 0.85):
        desk.now += seconds
        reply = await desk.ask("none.example")
        assert (reply.rcode, reply.answers) == (rcode, [])
        (shown,) = reply.ttls
        assert shown <= kept
    assert hostile.count("none.example") == 1
    desk.now += kept
    await desk.ask("none.example")
    assert hostile.count("none.example") == 2


async def test_absence_is_kept_for_max_negative_ttl_at_most(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    desk = new_desk(hostile.port, caches={"max_negative_ttl": 20})
    soa = SOA.format(ttl=86400, minimum=86400)
    hostile.script = lambda asked: asked.send(asked.reply(rcode=3, authority=(soa,)))
    (shown,) = (await desk.ask("none.example")).ttls
    assert shown <= 20, "the client must not keep it longer than we do"
    desk.now += 21
    await desk.ask("none.example")
    assert hostile.count("none.example") == 2


async def test_threat_10_no_ttl_is_longer_than_the_cap(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    """A ghost domain lives as long as the longest TTL that somebody keeps."""
    desk = new_desk(hostile.port, caches={"max_ttl": 60})
    hostile.script = lambda a: a.send(a.reply("@ 604800 CNAME w.example.", "w.example. 9000 A 192.0.2.1"))
    assert max((await desk.ask("ghost.example")).ttls) <= 60
    desk.now += 61
    await desk.ask("ghost.example")
    assert hostile.count("ghost.example") == 2


async def test_min_ttl_raises_what_is_shorter(new_desk: Callable[..., Desk], hostile: Hostile) -> None:
    desk = new_desk(hostile.port, caches={"min_ttl": 60})
    hostile.script = address(ttl=1)
    for _ in range(3):
        assert max((await desk.ask("short.example")).ttls) <= 1
        desk.now += 18
    assert hostile.count("short.example") == 1


async def test_prefetch_renews_what_is_still_asked_for(desk: Desk, hostile: Hostile) -> None:
    hostile.script = address("192.0.2.1", ttl=100)
    await desk.ask("popular.example")
    hostile.script = address("192.0.2.2", ttl=100)
    desk.now += 95
    assert (await desk.ask("popular.example")).rdatas == ["192.0.2.1"]
    await until(lambda: hostile.count("popular.example") == 2, "the prefetch")
    await until(lambda: desk.lookup.fresh(POPULAR, desk.now + 50), "its answer")
    assert (await desk.ask("popular.example")).rdatas == ["192.0.2.2"]
    assert desk.event("prefetch") == 1


POPULAR = b"\x07popular\x07example\0\0\1\0\1\0"


async def _stop_answering(desk: Desk, hostile: Hostile, name: str, script: Callable[[Asked], object]) -> None:
    hostile.script = address("192.0.2.1", ttl=60)
    assert (await desk.ask(name)).rdatas == ["192.0.2.1"]
    hostile.script = script
    desk.now += 100


@pytest.mark.parametrize(
    "script", [silence, lambda a: a.send(a.reply(rcode=2)), lambda a: a.send(a.reply(rcode=5))]
)
async def test_stale_is_better_than_nothing(
    desk: Desk, hostile: Hostile, script: Callable[[Asked], object]
) -> None:
    """RFC 8767, with EDE 3 and 30 seconds."""
    await _stop_answering(desk, hostile, "www.example", script)
    for _ in range(2):
        reply = await desk.ask("www.example")
        assert (reply.rcode_name, reply.rdatas, reply.ttls) == ("NOERROR", ["192.0.2.1"], [30])
        assert reply.ede is not None
        assert reply.ede[0] == 3
    hostile.script = address("192.0.2.2", ttl=60)
    desk.now += 400  # past the pause after failures
    await until(lambda: True, "")
    reply = await desk.ask("www.example")
    assert (reply.rdatas, reply.ede) == (["192.0.2.2"], None)


async def test_stale_ends(new_desk: Callable[..., Desk], hostile: Hostile) -> None:
    desk = new_desk(hostile.port, caches={"serve_stale": 100})
    await _stop_answering(desk, hostile, "www.example", lambda a: a.send(a.reply(rcode=2)))
    assert (await desk.ask("www.example")).rdatas == ["192.0.2.1"]
    desk.now += 61
    assert (await desk.ask("www.example")).rcode_name == "SERVFAIL"


async def test_stale_can_be_switched_off(new_desk: Callable[..., Desk], hostile: Hostile) -> None:
    desk = new_desk(hostile.port, caches={"serve_stale": 0})
    await _stop_answering(desk, hostile, "www.example", lambda a: a.send(a.reply(rcode=2)))
    assert (await desk.ask("www.example")).rcode_name == "SERVFAIL"


async def test_threat_11_a_stale_answer_is_judged_again(desk: Desk, hostile: Hostile) -> None:
    """Stale answers kept past the policy would open what was closed since."""
    hostile.script = lambda a: a.send(a.reply("@ 60 CNAME game.example.", "game.example. 60 A 192.0.2.1"))
    assert (await desk.ask("alias.example", source=STAFF)).rdatas[-1] == "192.0.2.1"
    hostile.script = lambda a: a.send(a.reply(rcode=2))
    desk.now += 100
    stale = await desk.ask("alias.example", source=STAFF)
    assert stale.ede is not None
    assert stale.ede[0] == 3
    blocked = await desk.ask("alias.example", source=PRIMARY)
    assert blocked.rdatas == ["0.0.0.0"]
    assert blocked.ede is not None
    assert blocked.ede[0] == 17
    (school,) = desk.settings.schools
    closing = Rule(Layer.SCHOOL, Verb.BLOCK, frozenset({"alias.example"}))
    denied = [replace(group, rules=(closing,)) for group in school.groups]
    desk.apply(replace(desk.settings, schools=(replace(school, groups=tuple(denied)),)))
    assert (await desk.ask("alias.example", source=STAFF)).answers == []
