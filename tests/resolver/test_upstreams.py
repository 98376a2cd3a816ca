"""Several upstreams: one that fails is passed over, rested, and found again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schoolguard.resolver.counts import BOUNDS, MICROSECONDS, TOOK
from tests.hostile import Asked, Hostile, address, silence
from tests.resolver.conftest import Desk, until
from tests.servers import free_port


@pytest.mark.parametrize(
    "fault",
    [
        silence,
        *((lambda a, code=code: a.send(a.reply(rcode=code))) for code in (1, 2, 4, 5)),
        lambda a: a.send(a.reply()[:15]),
        lambda a: a.send(a.reply(authority=("example. 300 NS ns.example.",))),
    ],
)
async def test_the_next_is_asked_when_one_fails(
    new_desk: Callable[..., Desk], hostile: Hostile, fault: Callable[[Asked], object]
) -> None:
    hostile.script = address("192.0.2.1")
    with Hostile(fault) as bad:
        desk = new_desk(bad.port, hostile.port)
        for i in range(5):
            assert (await desk.ask(f"w{i}.example")).rdatas == ["192.0.2.1"]


async def test_one_that_is_not_there_is_passed_over(new_desk: Callable[..., Desk], hostile: Hostile) -> None:
    hostile.script = address("192.0.2.1")
    desk = new_desk(free_port(), hostile.port)
    for i in range(5):
        assert (await desk.ask(f"w{i}.example")).rdatas == ["192.0.2.1"]


async def test_answers_taken_are_counted_with_their_time_by_upstream(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    hostile.script = address("192.0.2.1")
    with Hostile(lambda asked: asked.send(asked.reply(rcode=2))) as bad:
        desk = new_desk(bad.port, hostile.port)
        for i in range(5):
            await desk.ask(f"w{i}.example")
        good, refused = f"127.0.0.1@{hostile.port}", f"127.0.0.1@{bad.port}"
        told = desk.counts.events
        assert sum(told[f"{TOOK}{at}:{good}"] for at in range(len(BOUNDS) + 1)) == 5
        assert f"{MICROSECONDS}:{good}" in told
        assert told[f"upstream-servfail:{refused}"] >= 1
        assert not [event for event in told if event.startswith(TOOK) and event.endswith(refused)]


async def test_a_failing_one_rests_and_is_found_again(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    hostile.script = address("192.0.2.2")
    with Hostile(silence) as main:
        desk = new_desk(main.port, hostile.port)
        assert (await desk.ask("first.example")).rdatas == ["192.0.2.2"]
        asked = len(main.asked)
        for i in range(40):
            await desk.ask(f"w{i}.example")
        assert len(main.asked) - asked <= 8, "only the few probes go to the one that fails"
        main.script = address("192.0.2.1")
        desk.now += 120
        for i in range(400):
            await desk.ask(f"v{i}.example")
        assert len(main.asked) > asked + 8, "and it is asked again when its rest is over"


async def test_all_down_is_an_error_at_once_and_recovery_too(new_desk: Callable[..., Desk]) -> None:
    """With all of them resting, one that is back is found with the next question."""
    port, other = free_port(), free_port()
    desk = new_desk(port, other)
    down = await desk.ask("w.example")
    assert (down.rcode_name, down.ede and down.ede[0]) == ("SERVFAIL", 23)
    with Hostile(address("192.0.2.1"), port) as _:
        assert (await desk.ask("other.example")).rdatas == ["192.0.2.1"]


async def test_a_late_reply_of_the_first_does_no_harm(
    new_desk: Callable[..., Desk], hostile: Hostile
) -> None:
    with Hostile(silence) as slow:
        desk = new_desk(slow.port, hostile.port)
        hostile.script = address("192.0.2.2")
        assert (await desk.ask("w.example")).rdatas == ["192.0.2.2"]
        asked = await until(lambda: slow.asked, "the slow one's question")
        asked[0].send(asked[0].reply("@ 300 A 203.0.113.13"))
        assert (await desk.ask("w.example")).rdatas == ["192.0.2.2"]


async def test_the_upstreams_reason_for_failing_is_passed_on(desk: Desk, hostile: Hostile) -> None:
    """That a zone is bogus is for the client to know; the upstream's own words are not relayed."""

    def script(asked: Asked) -> None:
        raw = asked.reply(rcode=2)
        option = b"\0\x0f\0\x08\0\x06secret"
        asked.send(raw[:-2] + len(option).to_bytes(2) + option)

    hostile.script = script
    reply = await desk.ask("bogus.example")
    assert reply.rcode_name == "SERVFAIL"
    assert reply.ede is not None
    assert reply.ede[0] == 6
    assert "secret" not in reply.ede[1]


async def test_do_and_cd_are_questions_of_their_own(desk: Desk, hostile: Hostile) -> None:
    """Threat 24: a cache key without DO or CD gives one client what another asked for."""
    hostile.script = address("192.0.2.1")
    ways = [(do, cd) for do in (False, True) for cd in (False, True)]
    for do, cd in ways * 2:
        assert (await desk.ask("w.example", do=do, cd=cd)).rdatas == ["192.0.2.1"]
    seen = [(asked.record.ar[0].ttl >> 15 & 1, asked.record.header.cd) for asked in hostile.asked]
    assert seen == [(int(do), int(cd)) for do, cd in ways]
