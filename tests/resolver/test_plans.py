"""Plans that change with the time, passes and devices, on the query path."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from ipaddress import ip_address, ip_network

import pytest

from schoolguard.categories import SEALED, mask_of
from schoolguard.policy.budgets import Budget
from schoolguard.policy.calendar import Calendar, DayKind, SchoolYear, Term
from schoolguard.policy.model import Group, Layer, Rule, School, Tier, Verb
from schoolguard.policy.timetable import VIETNAM, Hours, Timetable, Window
from schoolguard.resolver.counts import Outcome
from schoolguard.resolver.present import Granted
from schoolguard.resolver.resolver import Verdict
from tests.ask import packet
from tests.hostile import Hostile, address, silence
from tests.resolver.conftest import LESSON, Desk, until

PUPIL, OTHER = "127.0.0.5", "127.0.0.6"
MAC = bytes.fromhex("02aabbccdd01")
EVENING = datetime(2026, 11, 24, 19, 30, tzinfo=VIETNAM).timestamp()
NIGHT = datetime(2026, 11, 24, 22, 0, tzinfo=VIETNAM).timestamp()
TIER = Tier("thcs", "THCS", "Lower secondary", mask_of(["games", "social", "gambling"]) | SEALED)
YEAR = SchoolYear("2026", (Term("HK I", date(2026, 9, 7), date(2027, 1, 16)),))
TABLE = Timetable(
    Calendar(years=(YEAR,)),
    (
        Window("toi", "", frozenset({DayKind.SCHOOL_DAY}), frozenset(), (Hours(19 * 60, 21 * 60 + 30),)),
        Window("thi", "", frozenset({DayKind.SCHOOL_DAY}), frozenset(), (Hours(7 * 60, 8 * 60),)),
    ),
)


def rule(verb: Verb, *names: str, layer: Layer = Layer.GROUP, during: str = "", **more: object) -> Rule:
    windows = frozenset(during.split())
    return Rule(layer, verb, frozenset(names), during=windows, owner="Trường", reason="vì thế", **more)  # type: ignore[arg-type]


EVENING_GAMES = Rule(
    Layer.GROUP, Verb.ALLOW, frozenset(), categories=mask_of(["games"]), during=frozenset({"toi"})
)


def school(*rules: Rule, **more: object) -> School:
    group = Group("th", "Lớp 6A", TIER, (ip_network("127.0.0.0/24"),), rules=rules, **more)  # type: ignore[arg-type]
    return School("th", "Trường", "Xã", "thcs", (group,), timetable=TABLE)


def under(desk: Desk, *schools: School) -> None:
    desk.apply(replace(desk.settings, schools=schools))


@pytest.fixture(autouse=True)
def answering(hostile: Hostile) -> None:
    hostile.script = address()


async def test_a_window_opens_and_closes(desk: Desk, hostile: Hostile) -> None:
    under(desk, school(EVENING_GAMES))
    assert (await desk.ask("game.example", source=PUPIL)).rdatas == ["0.0.0.0"]
    desk.turn(EVENING)
    assert (await desk.ask("game.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    desk.turn(NIGHT)
    assert (await desk.ask("game.example", source=PUPIL)).rdatas == ["0.0.0.0"]
    assert len(hostile.asked) == 1


async def test_the_next_turn_is_when_the_next_window_opens(desk: Desk) -> None:
    under(desk, school(EVENING_GAMES))
    desk.turn(LESSON)
    seven = datetime(2026, 11, 24, 19, 0, tzinfo=VIETNAM).timestamp()
    assert desk.rules.due == desk.now + seven - LESSON


async def test_a_plan_that_comes_back_finds_its_replies(desk: Desk) -> None:
    """Evenings come every day: the front must not begin empty each time."""
    under(desk, school(EVENING_GAMES))
    client = desk.rules.admit(ip_address(PUPIL).packed)
    assert client is not None
    lesson = client.seat
    desk.turn(EVENING)
    evening = client.seat
    desk.turn(LESSON)
    assert client.seat == lesson != evening
    desk.turn(EVENING)
    assert client.seat == evening
    assert desk.rules.admit(ip_address(PUPIL).packed) is client


async def test_a_question_in_flight_is_judged_at_its_end(desk: Desk, hostile: Hostile) -> None:
    """The window closes while the upstream thinks."""
    under(desk, school(EVENING_GAMES))
    desk.turn(EVENING)
    hostile.script = silence
    asking = asyncio.ensure_future(desk.ask("game.example", source=PUPIL))
    await until(lambda: hostile.asked, "the question upstream")
    desk.turn(NIGHT)
    first = hostile.asked[0]
    first.send(first.reply("@ 300 A 192.0.2.1"))
    assert (await asking).rdatas == ["0.0.0.0"]


async def test_no_answer_outlives_the_next_turn(desk: Desk) -> None:
    under(desk, school(EVENING_GAMES))
    desk.turn(datetime(2026, 11, 24, 21, 29, tzinfo=VIETNAM).timestamp())
    assert max((await desk.ask("game.example", source=PUPIL)).ttls) <= 60


async def test_in_exam_mode_only_the_list_is_open(desk: Desk) -> None:
    under(desk, school(rule(Verb.ALLOW_ONLY, "thi.example", during="thi")))
    desk.turn(datetime(2026, 11, 24, 7, 30, tzinfo=VIETNAM).timestamp())
    assert (await desk.ask("bai.thi.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    closed = await desk.ask("hoc.example", source=PUPIL)
    assert closed.rdatas == ["0.0.0.0"]
    assert closed.ede is not None
    assert closed.ede[0] == 15
    assert (await desk.ask("111.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    desk.turn(LESSON)
    assert (await desk.ask("hoc.example", source=PUPIL)).rdatas == ["192.0.2.1"]


@pytest.mark.parametrize("when", [None, datetime(2028, 3, 1, 19, 30, tzinfo=VIETNAM).timestamp()])
async def test_a_time_nobody_knows_is_the_strictest(desk: Desk, when: float | None) -> None:
    """No clock, or a calendar that ended long ago."""
    under(desk, school(EVENING_GAMES, rule(Verb.ALLOW_ONLY, "thi.example", during="thi")))
    desk.turn(EVENING)
    assert (await desk.ask("game.example", source=PUPIL)).rcode == 0
    desk.turn(when)
    assert (await desk.ask("game.example", source=PUPIL)).rdatas == ["0.0.0.0"]
    assert (await desk.ask("hoc.example", source=PUPIL)).rdatas == ["0.0.0.0"]
    assert (await desk.ask("thi.example", source=PUPIL)).rdatas == ["192.0.2.1"]


def granted(names: str, until_: float, device: bytes | None = None, group: str | None = "Lớp 6A") -> Granted:
    by = Rule(Layer.PASS, Verb.ALLOW, frozenset(names.split()), owner="Cô Hoa", reason="bài 5", until=until_)
    return Granted("th", None if device is not None else group, device, by)


async def test_a_pass_begins_and_ends(desk: Desk) -> None:
    under(desk, school())
    desk.present.passes = (granted("mxh.example", LESSON + 2700),)
    desk.turn(LESSON)
    assert (await desk.ask("mxh.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    assert desk.rules.due <= desk.now + 2700
    desk.turn(LESSON + 2700)
    assert (await desk.ask("mxh.example", source=PUPIL)).rdatas == ["0.0.0.0"]


async def test_a_pass_of_a_device_is_for_no_other(desk: Desk) -> None:
    under(desk, school())
    desk.present.passes = (granted("mxh.example", LESSON + 60, device=MAC),)
    desk.present.devices[ip_address(PUPIL).packed] = MAC
    desk.turn(LESSON)
    assert (await desk.ask("mxh.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    assert (await desk.ask("mxh.example", source=OTHER)).rdatas == ["0.0.0.0"]


async def test_no_pass_opens_what_is_locked(desk: Desk) -> None:
    under(desk, school(rule(Verb.LOCKED_BLOCK, "mxh.example", layer=Layer.PROVINCE)))
    desk.present.passes = (granted("mxh.example order.example", LESSON + 60),)
    desk.turn(LESSON)
    locked = await desk.ask("mxh.example", source=PUPIL)
    assert locked.ede is not None
    assert "vì thế" in locked.ede[1]
    assert (await desk.ask("order.example", source=PUPIL)).rdatas == ["0.0.0.0"]


GAMES = Budget("games", "Trò chơi", 60, categories=mask_of(["games"]))


async def test_a_used_up_budget_closes_for_its_device(desk: Desk) -> None:
    under(desk, school(EVENING_GAMES, budgets=(GAMES,)))
    desk.turn(EVENING)
    reply = await desk.ask("game.example", source=PUPIL)
    assert (reply.rdatas, reply.ttls) == (["192.0.2.1"], [60])
    key = ip_address(PUPIL).packed
    assert desk.rules.harvest() == [(key, "games")]
    assert desk.rules.harvest() == []
    desk.present.spent = {key: frozenset({"games"})}
    desk.rules.seat_again({key})
    closed = await desk.ask("game.example", source=PUPIL)
    assert closed.rdatas == ["0.0.0.0"]
    assert closed.ede is not None
    assert "Trò chơi" in closed.ede[1]
    assert (await desk.ask("game.example", source=OTHER)).rdatas == ["192.0.2.1"]
    assert desk.rules.harvest() == [(ip_address(OTHER).packed, "games")]


async def test_a_watcher_sees_what_became_of_a_budgeted_name(desk: Desk) -> None:
    under(desk, school(EVENING_GAMES, budgets=(GAMES,)))
    desk.turn(EVENING)
    seen: list[Verdict] = []
    desk.resolver.watcher = seen.append
    await desk.ask("game.example", source=PUPIL)
    assert [verdict.outcome for verdict in seen] == [Outcome.ALLOWED]


async def test_a_pass_uses_no_budget(desk: Desk) -> None:
    under(desk, school(budgets=(GAMES,)))
    desk.present.passes = (granted("game.example", LESSON + 60),)
    desk.turn(LESSON)
    assert (await desk.ask("game.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    assert desk.rules.harvest() == []


async def test_counts_of_devices_with_budgets_are_their_groups(desk: Desk) -> None:
    under(desk, school(EVENING_GAMES, budgets=(GAMES,)))
    desk.turn(EVENING)
    for source in (PUPIL, OTHER):
        await desk.ask("game.example", source=source)
        await desk.ask("bet.example", source=source)
    desk.rules.retire()
    counted = {
        (group, outcome): number
        for _, group, _, outcome, number in desk.counts.take()["queries"]  # type: ignore[attr-defined]
    }
    gambling = Outcome.BLOCKED + 3
    assert counted == {("Lớp 6A", Outcome.ALLOWED): 2, ("Lớp 6A", gambling): 2}


async def test_a_device_is_in_its_group_whatever_its_address(desk: Desk) -> None:
    staff = Group("th", "Giáo viên", replace(TIER, name="staff", blocked=SEALED), devices=frozenset({MAC}))
    pupils = school()
    under(desk, replace(pupils, groups=(*pupils.groups, staff)))
    assert (await desk.ask("game.example", source=PUPIL)).rdatas == ["0.0.0.0"]
    packed = ip_address(PUPIL).packed
    desk.rules.forget(desk.present.learn({packed: MAC}, ()))
    assert (await desk.ask("game.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    desk.rules.forget(desk.present.learn({packed: bytes.fromhex("02aabbccdd02")}, ()))
    assert (await desk.ask("game.example", source=PUPIL)).rdatas == ["0.0.0.0"]


async def test_the_unknown_fall_to_the_default_group(desk: Desk) -> None:
    guests = Group("th", "Khách", replace(TIER, name="guest"), listeners=frozenset({("127.0.0.1", 5399)}))
    known = school()
    whole = (ip_network("127.1.0.0/16"),)
    under(desk, replace(known, groups=(*known.groups, guests), networks=whole, default="Khách"))
    for source, served in ((PUPIL, "Lớp 6A"), ("127.1.2.3", "Khách"), ("127.2.0.1", None)):
        client = desk.rules.admit(ip_address(source).packed)
        assert (client.group.name if client else None) == served
    at = desk.rules.admit(ip_address("127.2.0.1").packed, ("127.0.0.1", 5399))
    assert at is not None
    assert at.group.name == "Khách"


async def test_many_plans_begin_anew_without_a_wrong_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schoolguard.resolver.standing.MAX_SEATS", 3)
    under(desk, school())
    for number in range(8):
        desk.present.passes = (granted("mxh.example", LESSON + 60 + number),) if number % 2 else ()
        desk.turn(LESSON + number)
        expected = ["192.0.2.1"] if number % 2 else ["0.0.0.0"]
        assert (await desk.ask("mxh.example", source=PUPIL)).rdatas == expected


async def test_more_devices_of_their_own_than_seats(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each device has another set of used-up budgets: those without a seat are judged one by one."""
    monkeypatch.setattr("schoolguard.resolver.standing.OWN_SEATS", 3)
    sites = [f"g{number}.example" for number in range(6)]
    budgets = tuple(Budget(site, site, 60, names=frozenset({site})) for site in sites)
    under(desk, school(budgets=budgets))
    sources = [f"127.0.0.{10 + number}" for number in range(6)]
    desk.present.spent = {
        ip_address(source).packed: frozenset({site}) for source, site in zip(sources, sites, strict=True)
    }
    for _ in range(2):
        desk.turn(LESSON)
        for source, own in zip(sources, sites, strict=True):
            for site in sites:
                shown = (await desk.ask(site, source=source)).rdatas
                assert shown == (["0.0.0.0"] if site == own else ["192.0.2.1"])
    assert (await desk.ask("g0.example", source=PUPIL)).rdatas == ["192.0.2.1"]


async def test_more_groups_than_seats(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schoolguard.resolver.standing.MAX_SEATS", 2)
    groups = tuple(
        Group(
            "th",
            f"Lớp {number}",
            TIER,
            (ip_network(f"127.0.{number}.0/24"),),
            rules=(rule(Verb.BLOCK, f"g{number}.example"),),
        )
        for number in range(5)
    )
    under(desk, School("th", "Trường", "Xã", "thcs", groups))
    for _ in range(2):
        desk.turn(LESSON)
        for number in range(5):
            for name in range(5):
                shown = (await desk.ask(f"g{name}.example", source=f"127.0.{number}.9")).rdatas
                assert shown == (["0.0.0.0"] if name == number else ["192.0.2.1"])


async def test_an_odd_plan_that_judged_first_makes_room(desk: Desk) -> None:
    """An exam that asked first must not leave each of fifty other plans with a copy of its own."""
    exam = Group(
        "th",
        "Phòng thi",
        TIER,
        (ip_network("127.0.0.0/24"),),
        rules=(rule(Verb.ALLOW_ONLY, "thi.example"),),
    )
    others = tuple(
        Group(
            "th",
            f"Lớp {number}",
            TIER,
            (ip_network(f"127.0.{number}.0/24"),),
            rules=(rule(Verb.BLOCK, f"g{number}.example"),),
        )
        for number in range(1, 6)
    )
    under(desk, School("th", "Trường", "Xã", "thcs", (exam, *others)))
    await desk.send(packet("hoc.example", number=1), "127.0.0.9")
    for number in range(1, 6):
        await desk.send(packet("hoc.example", number=1), f"127.0.{number}.9")
    assert len(desk.rules.front) == 2
    for number in range(6):
        reply = await desk.ask("hoc.example", source=f"127.0.{number}.9")
        assert reply.rdatas == (["192.0.2.1"] if number else ["0.0.0.0"])


def test_rules_and_budgets_travel_to_other_processes() -> None:
    """Hashes of texts differ there, so a kept hash must not travel."""
    code = (
        "import pickle,sys; a,b,c=pickle.loads(sys.stdin.buffer.read());"
        "from schoolguard.policy.rule import Rule; from schoolguard.policy.budgets import Budget;"
        "assert a in c and b in c and {a:1}[pickle.loads(pickle.dumps(a))]==1;"
        "assert hash(a)==hash(Rule(a.layer,a.verb,frozenset(a.names),owner=a.owner,reason=a.reason))"
    )
    one, two = rule(Verb.BLOCK, "a.example", "b.example"), GAMES
    sent = pickle.dumps((one, two, frozenset({one, two})))
    done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert pickle.loads(sent)[0] == one


async def test_what_is_on_trial_is_counted_and_open(desk: Desk) -> None:
    tried = rule(Verb.BLOCK, "hoc.example", shadow=True)
    under(desk, school(tried, shadow=mask_of(["social"])))
    assert (await desk.ask("hoc.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    assert (await desk.ask("mxh.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    desk.rules.harvest()
    outcomes = {outcome for *_, outcome, _ in desk.counts.take()["queries"]}  # type: ignore[attr-defined]
    assert outcomes == {Outcome.SHADOW_RULED, Outcome.SHADOW + 11}


async def test_a_list_on_trial_is_counted_where_its_category_is_blocked(desk: Desk) -> None:
    class Trial:
        layers = ()

        def mask(self, key: str, qtype: int = 0) -> int:
            return 1 << 25 if key.startswith("example.new.") else 0

    desk.stack = Trial()  # type: ignore[assignment]
    settings = replace(desk.settings, shadow_lists={25: ("new-games", mask_of(["games"]))})
    desk.apply(replace(settings, schools=(school(),)))
    assert (await desk.ask("new.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    assert (await desk.ask("old.example", source=PUPIL)).rdatas == ["192.0.2.1"]
    desk.rules.harvest()
    outcomes = sorted(outcome for *_, outcome, _ in desk.counts.take()["queries"])  # type: ignore[attr-defined]
    assert outcomes == [Outcome.ALLOWED, Outcome.SHADOW + 10]
