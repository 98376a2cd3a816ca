"""The runner over time: a clock that the test holds, a real server, and a process that is killed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import DAY, SubscriptionState
from schoolguard.intake.subscriptions.runner import Subscriptions
from schoolguard.lists.archive import digest_of
from schoolguard.lists.model import ListSource
from schoolguard.node.fetch_commands import (
    NoSuchSubscription,
    card_lines,
    card_rows,
    fetch_lists,
    fetched_dicts,
    fetched_lines,
)
from tests.intake.subscriptions.https import Authority, Web, line, wanted

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
    return Subscriptions(lists, kept, changed, clock=clock, drawn=lambda: 0.0, line=line(trusted))


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


def test_failures_wait_longer_each_time_and_age_becomes_an_alarm(
    web: Web, kept: KeptLists, trusted: Authority
) -> None:
    async def scene() -> list[float]:
        clock = Clock()
        running = runner(web, kept, trusted, _nobody, clock)
        running.prepare()
        waits = []
        for _ in range(4):
            refusals = await running.fetch(["list"])
            refusal = refusals["list"]
            assert refusal is not None
            assert refusal.reason == "status"
            waits.append(running._due["list"] - clock.now)
        state = running.states["list"]
        assert state.failures == 4
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


def test_the_command_fetches_and_says_what_came(web: Web, kept: KeptLists, trusted: Authority) -> None:
    (web.root / "a.txt").write_bytes(LIST)
    lists = [wanted(f"{web.base}/a.txt", id="a"), wanted(f"{web.base}/b.txt", id="b")]
    rounds = fetch_lists(lists, kept.folder, line=line(trusted), clock=Clock())
    told = list(fetched_lines(rounds, Clock().now, str))
    assert told[0] == "a: new content, 1 KiB"
    assert told[1].startswith("b: NOT FETCHED: https://127.0.0.1:")
    assert told[1].endswith("status 404; there is no copy of it")
    assert [(each["id"], each["new"], each["reason"]) for each in fetched_dicts(rounds, 0.0)] == [
        ("a", True, ""),
        ("b", False, "status"),
    ]
    (again,) = fetch_lists(lists, kept.folder, "a", line=line(trusted), clock=Clock())
    assert list(fetched_lines([again], Clock().now, str)) == ["a: unchanged"]
    with pytest.raises(NoSuchSubscription, match="these are: a, b"):
        fetch_lists(lists, kept.folder, "c")


def test_report_cards_count_what_only_one_list_has(kept: KeptLists, tmp_path: Path) -> None:
    texts = {"a": "x.example\ny.example\nx.example\n", "b": "Y.example\n||z.example^\n", "c": "<html>"}
    sources = []
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        sources.append(ListSource(name, str(tmp_path / name), 0, format="auto" if name == "c" else "plain"))
    (tmp_path / "b").write_text("||y.example^\n||z.example^\n@@||x.example^\n")
    sources[1] = ListSource("b", str(tmp_path / "b"), 0)
    kept.note("a", SubscriptionState(sha256="x", checked=100.0))
    rows = card_rows(sources, [wanted("https://a.example", id="a")], kept.folder, tmp_path)
    assert [(card.entries, card.unique, card.overlaps) for card, _, _ in rows] == [
        (2, 1, (("b", 1),)),
        (2, 1, (("a", 1),)),
        (0, 0, ()),
    ]
    table = list(card_lines(rows, 100.0 + 9 * DAY, str))
    assert table[1].split() == ["a", "2", "1", "(50%)", "b", "1", "9", "days,", "TOO", "OLD"]
    assert "HTML" in table[3]


_KILLED = """
import asyncio, os, ssl, sys, threading, time
from pathlib import Path
from ipaddress import ip_network
from schoolguard.intake.subscriptions.download import Line
from schoolguard.intake.subscriptions.fetch import fetch
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
asyncio.run(fetch(wanted, KeptLists(Path(folder)), line, 1.0))
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
