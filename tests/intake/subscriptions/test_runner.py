"""The runner over time: a clock that the test holds, a real server, and a process that is killed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from schoolguard.intake.subscriptions.judging import Judged
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import DAY, Subscription, SubscriptionState
from schoolguard.intake.subscriptions.runner import Subscriptions
from schoolguard.lists.archive import digest_of
from tests.intake.subscriptions.https import Authority, Web, accepted, line, wanted

LIST = b"bet.example\ncasino.example\n"
STEPS = range(15, 700, 95)
"""A whole fetch runs some 700 lines of ours."""


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def runner(
    web: Web,
    kept: KeptLists,
    trusted: Authority,
    changed: Callable[[tuple[str, ...]], None],
    clock: Clock,
    names: tuple[str, ...] = ("list",),
) -> Subscriptions:
    lists = [wanted(f"{web.base}/{name}.txt", id=name) for name in names]
    return Subscriptions(lists, kept, accepted, changed, clock=clock, drawn=lambda: 0.0, line=line(trusted))


def _nobody(_: tuple[str, ...]) -> None:
    """Be told of nothing."""


def test_the_runner_fetches_at_start_and_again_when_told(
    web: Web, kept: KeptLists, trusted: Authority
) -> None:
    async def scene() -> None:
        told: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
        running = runner(web, kept, trusted, told.put_nowait, Clock(), ("one", "two"))
        task = asyncio.create_task(running.run())
        assert sorted(await asyncio.wait_for(told.get(), 10)) == ["one", "two"]
        (web.root / "two.txt").write_bytes(LIST + b"more.example\n")
        running.fetch_soon("two")
        assert await asyncio.wait_for(told.get(), 10) == ("two",)
        assert running.states["one"].failures == 0
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    (web.root / "one.txt").write_bytes(LIST)
    (web.root / "two.txt").write_bytes(LIST)
    asyncio.run(scene())


def test_who_asks_while_a_round_is_on_its_way_gets_one_more(
    web: Web, kept: KeptLists, trusted: Authority
) -> None:
    judging, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_wanted: Subscription, _path: Path, _agreed: bool) -> Judged:
        judging.set()
        await go_on.wait()
        return Judged()

    async def scene() -> None:
        told: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
        each = wanted(f"{web.base}/list.txt", id="list")
        running = Subscriptions(
            [each], kept, slow, told.put_nowait, clock=Clock(), drawn=lambda: 0.0, line=line(trusted)
        )
        task = asyncio.create_task(running.run())
        await asyncio.wait_for(judging.wait(), 10)
        (web.root / "list.txt").write_bytes(LIST + b"more.example\n")
        running.fetch_soon("list")
        go_on.set()
        await asyncio.wait_for(told.get(), 10)
        await asyncio.wait_for(told.get(), 10)
        assert b"more.example" in kept.path("list").read_bytes()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    (web.root / "list.txt").write_bytes(LIST)
    asyncio.run(scene())


def test_failures_wait_longer_each_time_and_age_becomes_an_alarm(
    web: Web, kept: KeptLists, trusted: Authority
) -> None:
    async def scene() -> list[float]:
        clock = Clock()
        running = runner(web, kept, trusted, _nobody, clock)
        running.prepare()
        waits = []
        for _ in range(4):
            (done,) = await running.fetch(["list"])
            assert done.refusal is not None
            assert done.refusal.reason == "status"
            waits.append(running._due["list"] - clock.now)
        state = running.states["list"]
        assert state.failures == 4
        assert running.failed == {("list", "status"): 4}
        assert state.alarmed(wanted(web.base), clock.now)
        return waits

    assert asyncio.run(scene()) == [45.0, 90.0, 180.0, 360.0]


def test_age_counts_from_the_last_word_of_the_server() -> None:
    state = SubscriptionState(sha256="x", changed=1.0, checked=100.0)
    assert state.age(160.0) == 60.0
    assert not state.alarmed(wanted("https://a.example"), 100.0 + 7 * DAY)
    assert state.alarmed(wanted("https://a.example"), 101.0 + 7 * DAY)
    assert SubscriptionState().age(5.0) is None


def test_lists_that_nobody_wants_any_more_go(kept: KeptLists) -> None:
    for name in ("old.list", "old.json", "partial-list.packed", "list.list", "README"):
        (kept.folder / name).write_text("x")
    kept.clear(["list"])
    assert sorted(path.name for path in kept.folder.iterdir()) == ["README", "list.list"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"size": "x"}', b"\xff", b"[" * 70_000])
def test_a_state_of_rubbish_costs_one_whole_fetch(kept: KeptLists, content: bytes) -> None:
    (kept.folder / "list.json").write_bytes(content)
    assert kept.state("list") == SubscriptionState()


_KILLED = """
import asyncio, os, ssl, sys, threading, time
from ipaddress import ip_network
from pathlib import Path
from schoolguard.intake.subscriptions.download import Line
from schoolguard.intake.subscriptions.fetch import fetch
from schoolguard.intake.subscriptions.judging import Judged
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import Subscription
url, folder, ca, steps = sys.argv[1:]
left = int(steps)
def trace(frame, event, arg):
    global left
    if "subscriptions" in frame.f_code.co_filename or "archive" in frame.f_code.co_filename:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
    return trace
threading.settrace(trace)
sys.settrace(trace)
wanted = Subscription("list", url, permitted=(ip_network("127.0.0.0/8"),))
line = Line(tls=lambda: ssl.create_default_context(cafile=ca))
async def accepted(wanted, path, agreed):
    return Judged()
asyncio.run(fetch(wanted, KeptLists(Path(folder)), line, accepted, 1.0))
"""


def test_killed_at_any_step_the_old_list_or_the_new_one_is_there(
    web: Web, kept: KeptLists, trusted: Authority
) -> None:
    contents = [LIST, LIST + b"new.example\n"]
    target = web.root / "list.txt"
    target.write_bytes(contents[0])
    assert _fetched(web, kept, trusted, 0) == 0
    killed = 0
    for number, step in enumerate(STEPS):
        target.write_bytes(contents[number % 2])
        killed += _fetched(web, kept, trusted, step) == -9
        assert kept.path("list").read_bytes() in contents
    assert killed > 4, killed
    assert _fetched(web, kept, trusted, 0) == 0
    state = kept.state("list")
    assert kept.path("list").read_bytes() == target.read_bytes()
    assert digest_of(kept.path("list")) == state.sha256


def _fetched(web: Web, kept: KeptLists, trusted: Authority, steps: int) -> int:
    arguments = [f"{web.base}/list.txt", str(kept.folder), str(trusted.certificate), str(steps)]
    return subprocess.run([sys.executable, "-c", _KILLED, *arguments], check=False, timeout=30).returncode
