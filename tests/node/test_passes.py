"""Passes: what may be granted, when it holds, and that the audit log alone remembers it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.categories import CATEGORIES
from schoolguard.language import N_, Said
from schoolguard.node.audit import AuditLog, CannotAudit, audit_path, verify
from schoolguard.node.audit_chain import read_chain
from schoolguard.node.audit_head import head_path
from schoolguard.node.local_time import clock_text, next_clock
from schoolguard.node.pass_model import Pass, PassRefused
from schoolguard.node.pass_scope import Scope, opened, scope_of
from schoolguard.node.passes import CLOCK_SLACK, KEPT, LONGEST, MOST_IN_FORCE, MOST_NAMES, PassBook
from schoolguard.node.typed import clock, device, device_text, duration
from schoolguard.policy.model import Group, School, Tier
from schoolguard.policy.rule import Layer, Verb

NOW = 1_795_000_000.0
MINUTE = 60.0
LESSON = 45 * MINUTE
ASKED = Pass(
    "",
    "thcs-pa-tan",
    "Lớp 6A",
    None,
    ("youtube.com", "category:games"),
    frozenset({"youtube.com"}),
    (),
    1 << 10,
    0,
    NOW + LESSON,
    "Cô Lan",
    "Tiết Sử",
)


def free(_: Pass) -> None:
    """Refuse nothing."""


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    """A log without an entry."""
    return AuditLog(audit_path(tmp_path))


@pytest.fixture
def book(log: AuditLog) -> PassBook:
    """A book without a pass."""
    return PassBook(log, free)


def test_a_pass_holds_from_now_to_its_end(book: PassBook) -> None:
    granted = book.grant(ASKED, NOW)
    assert granted == replace(ASKED, id="p1", start=int(NOW))
    for now, holds in ((NOW - 1, False), (NOW, True), (NOW + LESSON - 0.01, True), (NOW + LESSON, False)):
        assert (book.in_force(now) == (granted,)) is holds
    assert book.next_change(NOW - 1) == NOW
    assert book.next_change(NOW) == NOW + LESSON
    assert book.next_change(NOW + LESSON) is None


def test_a_pass_is_a_rule_of_the_lowest_layer(book: PassBook) -> None:
    rule = book.grant(ASKED, NOW).rule()
    assert (rule.layer, rule.verb, set(rule.names), rule.categories) == (
        Layer.PASS,
        Verb.ALLOW,
        {"youtube.com"},
        1 << 10,
    )
    assert (rule.owner, rule.reason, rule.until, rule.place) == ("Cô Lan", "Tiết Sử", NOW + LESSON, "pass p1")


def test_a_revoked_pass_ends_at_once(book: PassBook) -> None:
    first, second = book.grant(ASKED, NOW), book.grant(replace(ASKED, until=NOW + 60), NOW)
    assert book.revoke(" P1 ", "Thầy Nam", "Nhầm lớp", NOW + 1) == first
    assert book.in_force(NOW + 1) == (second,)
    assert book.next_change(NOW + 1) == NOW + 60
    revoked = book.issued()[0].revoked
    assert revoked is not None
    assert (revoked.by, revoked.reason, revoked.time) == ("Thầy Nam", "Nhầm lớp", int(NOW + 1))


def test_a_restart_finds_what_was_there(log: AuditLog, book: PassBook) -> None:
    device_pass = replace(ASKED, group=None, device=b"\x02\0\0\0\0\1", services=("zalo",))
    address_pass = replace(device_pass, device=bytes(15) + b"\1")
    for asked in (ASKED, device_pass, address_pass, ASKED):
        book.grant(asked, NOW)
    book.revoke("p2", "Thầy Nam", "Nhầm", NOW + 5)
    again = PassBook(log, free)
    assert again.issued() == book.issued()
    assert [each.id for each in again.in_force(NOW + 5)] == ["p1", "p3", "p4"]
    assert again.grant(ASKED, NOW + 6).id == "p6"


def test_an_entry_of_another_kind_is_no_pass(log: AuditLog) -> None:
    log.append("takedown", "Sở TTTT", NOW, {"name": "x.example"})
    log.append("pass-revoke", "ai", NOW, {"pass": "p9", "reason": "không có"})
    assert PassBook(log, free).issued() == ()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"reason": " "}, "--reason"),
        ({"by": ""}, "--by"),
        ({"by": "a\x1b[2Jb"}, "--by"),
        ({"reason": "x" * 301}, "300"),
        ({"until": NOW + LONGEST + 2}, "24 hours"),
        ({"until": NOW}, "ends before it begins"),
        ({"names": frozenset(), "categories": 0}, "opens nothing"),
        ({"names": frozenset(f"a{i}.vn" for i in range(MOST_NAMES + 1))}, str(MOST_NAMES)),
        ({"by": "\ud800"}, "--by"),
    ],
)
def test_what_is_refused_is_not_written(
    log: AuditLog, book: PassBook, changes: dict[str, object], word: str
) -> None:
    with pytest.raises(PassRefused, match=word):
        book.grant(replace(ASKED, **changes), NOW)  # type: ignore[arg-type]
    assert book.issued() == ()
    assert not log.path.exists()


def test_the_longest_pass(book: PassBook) -> None:
    assert book.grant(replace(ASKED, until=NOW + 0.5 + LONGEST), NOW + 0.5).until == NOW + 1 + LONGEST


def test_the_largest_pass_fits_in_a_line(log: AuditLog, book: PassBook) -> None:
    names = frozenset(f"{'a' * 30}{number}.example.com" for number in range(MOST_NAMES))
    granted = book.grant(replace(ASKED, names=names, reason="ệ" * 300, by="ệ" * 300), NOW)
    assert PassBook(log, free).in_force(NOW) == (granted,)


def test_what_the_configuration_locks_is_refused(log: AuditLog) -> None:
    def check(asked: Pass) -> None:
        if "tiktok.com" in asked.names:
            raise PassRefused(N_("no pass {id!r}; in force are: {known}"), id="x", known="y")

    book = PassBook(log, check)
    with pytest.raises(PassRefused):
        book.grant(replace(ASKED, names=frozenset({"tiktok.com"})), NOW)
    assert not log.path.exists()
    assert book.grant(ASKED, NOW)


def test_too_many_at_once(book: PassBook) -> None:
    for _ in range(MOST_IN_FORCE):
        book.grant(ASKED, NOW)
    with pytest.raises(PassRefused, match=str(MOST_IN_FORCE)):
        book.grant(ASKED, NOW)
    book.revoke("p1", "Cô Lan", "xong", NOW)
    book.grant(ASKED, NOW)


def test_what_is_remembered_is_bounded_and_what_holds_is_not_forgotten(log: AuditLog) -> None:
    book = PassBook(log, free)
    held = book.grant(replace(ASKED, until=NOW + LONGEST), NOW)
    for number in range(KEPT + 5):
        book.grant(replace(ASKED, until=NOW + number + 1), NOW + number)
    for each in (book, PassBook(log, free)):
        assert len(each.issued()) == KEPT
        assert held in each.in_force(NOW + KEPT)


def test_a_clock_that_is_behind_grants_nothing_and_revokes(log: AuditLog, book: PassBook) -> None:
    book.grant(ASKED, NOW)
    assert book.in_force(0) == ()
    for each in (book, PassBook(log, free)):
        with pytest.raises(PassRefused, match=r"1970-01-01 07:00.*2026-11-18 18:06"):
            each.grant(replace(ASKED, until=60), 0)
    book.grant(replace(ASKED, until=NOW + 1), NOW - CLOCK_SLACK)
    book.revoke("p1", "Cô Lan", "xong", 0)
    assert [each.id for each in book.in_force(NOW)] == ["p2"]
    with pytest.raises(PassRefused):  # the revocation's time of 1970 makes 1970 no better
        book.grant(replace(ASKED, until=60), 0)


@pytest.mark.parametrize(
    ("id", "now", "word"),
    [("p7", NOW, "in force are: p2"), ("p1", NOW, "revoked by"), ("p2", NOW + LESSON, "ended")],
)
def test_what_cannot_be_revoked(book: PassBook, id: str, now: float, word: str) -> None:
    book.grant(ASKED, NOW)
    book.grant(ASKED, NOW)
    book.revoke("p1", "Cô Lan", "xong", NOW)
    with pytest.raises(PassRefused, match=word):
        book.revoke(id, "Cô Lan", "xong", now)


@pytest.mark.parametrize(("by", "reason"), [("", "xong"), ("Cô Lan", " \t")])
def test_a_revocation_says_who_and_why(book: PassBook, by: str, reason: str) -> None:
    book.grant(ASKED, NOW)
    with pytest.raises(PassRefused):
        book.revoke("p1", by, reason, NOW)
    assert len(book.in_force(NOW)) == 1


def broken(log: AuditLog, book: PassBook) -> None:
    """Leave a log with three passes whose second line was taken out."""
    for _ in range(3):
        book.grant(ASKED, NOW)
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(lines[0] + lines[2])


def test_with_a_broken_log_no_pass_holds(
    log: AuditLog, book: PassBook, caplog: pytest.LogCaptureFixture
) -> None:
    broken(log, book)
    again = PassBook(log, free)
    assert again.in_force(NOW) == ()
    assert again.issued() == ()
    assert "line 2" in str(again.broken)
    assert "restart" in str(again.broken)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    refused: tuple[Callable[[], Pass], ...] = (
        lambda: again.grant(ASKED, NOW),
        lambda: again.revoke("p1", "Cô Lan", "xong", NOW),
    )
    for each in refused:
        with pytest.raises(PassRefused, match="line 2"):
            each()


def test_after_moving_a_broken_log_away_all_begins_anew(log: AuditLog, book: PassBook) -> None:
    broken(log, book)
    for path in (log.path, head_path(log.path)):
        path.rename(path.with_name(f"old-{path.name}"))
    again = PassBook(log, free)
    assert again.broken is None
    assert again.grant(ASKED, NOW).id == "p1"


def test_a_log_that_breaks_while_running_closes_the_book(log: AuditLog, book: PassBook) -> None:
    book.grant(ASKED, NOW)
    log.path.write_bytes(b"")
    with pytest.raises(PassRefused, match="ends here"):
        book.grant(ASKED, NOW)
    assert book.in_force(NOW) == ()
    assert book.broken is not None


@pytest.mark.parametrize(
    "fields",
    [{}, {"school": 1}, {"group": [], "until": "x"}, {"category-bits": [1 << 39]}, {"device": "x"}],
)
def test_a_pass_that_nobody_could_have_written_breaks_the_log(
    log: AuditLog, fields: dict[str, object]
) -> None:
    whole: dict[str, object] = {"school": "x", "group": None, "device": None, "allow": [], "names": []}
    rest = {"services": [], "category-bits": [], "from": 1, "until": 2, "reason": "x"}
    log.append("pass-grant", "Cô Lan", NOW, {**whole, **rest, **fields} if fields else {})
    assert "cannot read" in str(PassBook(log, free).broken)


def test_a_log_that_cannot_be_written_grants_nothing(tmp_path: Path) -> None:
    book = PassBook(AuditLog(tmp_path / "none" / "audit.log"), free)
    with pytest.raises(CannotAudit):
        book.grant(ASKED, NOW)
    assert book.in_force(NOW) == ()


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(1, 200)), max_size=12),
    st.integers(0, 300),
)
@settings(max_examples=40, deadline=None)
def test_replay_gives_the_same_book(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, int, int]], later: int
) -> None:
    """Any grants and revocations; ``next_change`` names every moment at which something changes."""
    log = AuditLog(audit_path(tmp_path_factory.mktemp("replay")))
    book = PassBook(log, free)
    for number, (grants, which, seconds) in enumerate(steps):
        now = NOW + number
        live = book.in_force(now)
        if grants:
            book.grant(replace(ASKED, until=now + seconds), now)
        elif live:
            book.revoke(live[which % len(live)].id, "Cô Lan", "xong", now)
    assert PassBook(log, free).issued() == book.issued()
    now = NOW + len(steps)
    change = book.next_change(now)
    moment = min(now + later, (change or now + later + 1) - 0.5)
    assert book.in_force(max(now, moment)) == book.in_force(now)


_GRANTS = """
import sys, time
from dataclasses import replace
from pathlib import Path
from schoolguard.node.audit import AuditLog
from schoolguard.node.pass_model import Pass
from schoolguard.node.passes import PassBook

book = PassBook(AuditLog(Path(sys.argv[1])), lambda asked: None)
assert book.broken is None, book.broken
now = 1_795_000_000.0
asked = Pass("", "x", "Lớp 6A", None, ("a.vn",), frozenset({"a.vn"}), (), 0, 0, now + 600, "A", "B")
while True:
    print(book.grant(asked, now).id, flush=True)
    if len(book.in_force(now)) > 20:
        print("-" + book.revoke(book.in_force(now)[0].id, "Cô Lan", "xong", now).id, flush=True)
"""


def test_what_was_told_survives_a_kill(log: AuditLog) -> None:
    """Granted and revoked in a loop, killed at random; the log is whole and knows all that was told."""
    chance = random.Random(7)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    held: set[str] = set()
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", _GRANTS, str(log.path)], stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            assert process.stdout is not None
            told = [process.stdout.readline().strip() for _ in range(chance.randrange(1, 60))]
            process.send_signal(signal.SIGKILL)
            told += [line.strip() for line in process.stdout if line.endswith("\n")]
        assert all(told)
        for id in told:
            held = held - {id[1:]} if id.startswith("-") else held | {id}
        verified = verify(log.path)
        book = PassBook(log, free)
        assert book.broken is None
        found = {each.id for each in book.in_force(NOW)}
        # The last step may be in the log although the kill came before it was told.
        assert len(found ^ held) <= 1, (found ^ held, verified)
        assert {f"p{entry.number}" for entry in read_chain(log.path).entries()} >= held
        held = found


TIER = Tier("thcs", "THCS", "Lower secondary", 0)
SCHOOLS = (
    School(
        "pa-tan",
        "THCS Pa Tần",
        "Pa Tần",
        "thcs",
        (
            Group("pa-tan", "Lớp 6A", TIER, (ip_network("10.1.0.0/24"),)),
            Group("pa-tan", "Giáo viên", TIER, (ip_network("10.1.1.0/24"),)),
        ),
    ),
    School(
        "bum-to",
        "PTDTBT Bum Tở",
        "Bum Tở",
        "thcs",
        (Group("bum-to", "Giáo viên", TIER, (ip_network("10.2.0.0/16"),)),),
    ),
)
SERVICES = {"zalo": frozenset({"zalo.me", "zaloapp.com"}), "youtube": frozenset({"youtube.com"})}
MAC = bytes.fromhex("02005e100001")


@pytest.mark.parametrize(
    ("school", "group", "typed", "scope"),
    [
        (None, "Lớp 6A", None, Scope("pa-tan", "Lớp 6A")),
        (None, "lớp  6a", None, Scope("pa-tan", "Lớp 6A")),
        (None, unicodedata.normalize("NFD", "Lớp 6A"), None, Scope("pa-tan", "Lớp 6A")),
        ("bum-to", "Giáo viên", None, Scope("bum-to", "Giáo viên")),
        ("bum-to", None, "02-00-5E-10-00-01", Scope("bum-to", None, MAC)),
        (None, None, "10.2.3.4", Scope("bum-to", None, bytes((10, 2, 3, 4)))),
        (None, None, "::ffff:10.1.1.4", Scope("pa-tan", None, bytes((10, 1, 1, 4)))),
    ],
)
def test_for_whom_a_pass_is(school: str | None, group: str | None, typed: str | None, scope: Scope) -> None:
    assert scope_of(SCHOOLS, school, group, typed) == scope


@pytest.mark.parametrize(
    ("school", "group", "typed", "words"),
    [
        (None, "Lop 6a", None, ("Lớp 6A", "Giáo viên", "did you mean `Lớp 6A`?")),
        (None, "Giáo viên", None, ("--school", "pa-tan, bum-to")),
        ("bum-to", "Lớp 6A", None, ("no group 'Lớp 6A'", "known are: Giáo viên")),
        ("pa_tan", "Lớp 6A", None, ("did you mean `pa-tan`?",)),
        (None, None, "02:00:5e:10:00:01", ("--school",)),
        (None, None, "10.9.9.9", ("--school",)),
        (None, None, "02:00:5e:10:00", ("02:00:5e:10:00:01",)),
        (None, None, None, ("--group", "--device")),
        (None, "Lớp 6A", "10.1.0.1", ("--group", "--device")),
    ],
)
def test_for_whom_it_cannot_be(
    school: str | None, group: str | None, typed: str | None, words: tuple[str, ...]
) -> None:
    with pytest.raises(Said) as refused:
        scope_of(SCHOOLS, school, group, typed)
    for word in words:
        assert word in str(refused.value)


def test_what_targets_open() -> None:
    targets = ("YouTube.com.", "service:zalo", "category:games", "service:zalo")
    what = opened(targets, CATEGORIES, SERVICES)
    assert what.targets == ("youtube.com", "service:zalo", "category:games")
    assert what.names == {"youtube.com", "zalo.me", "zaloapp.com"}
    assert (what.services, what.categories) == (("zalo",), 1 << 10)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("service:zlo", ("no service 'zlo'", "did you mean `zalo`?")),
        ("category:game", ("no category 'game'", "did you mean `games`?")),
        ("category:", ("no category",)),
        ("bad..name", ("bad..name",)),
        ("http://x", ("http://x",)),
    ],
)
def test_what_targets_are_not(target: str, words: tuple[str, ...]) -> None:
    with pytest.raises(Said) as refused:
        opened((target,), CATEGORIES, SERVICES)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(("text", "seconds"), [("45m", 2700), ("2h", 7200), ("1h30m", 5400), (" 90M ", 5400)])
def test_durations(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "0m", "45", "45s", "-5m", "1.5h", "1m1h", "9" * 30 + "m", "४m"])
def test_no_durations(text: str) -> None:
    with pytest.raises(Said, match="1h30m"):
        duration(text)


@pytest.mark.parametrize("text", ["24:00", "12:60", "1230", "", "7:5", "-1:00", "١٢:٠٠"])
def test_no_times_of_day(text: str) -> None:
    with pytest.raises(Said, match="14:30"):
        clock(text)


def test_the_next_time_of_day_is_viet_nams() -> None:
    """NOW is 18:06:40 in Viet Nam."""
    assert clock("07:05") == (7, 5)
    assert next_clock(18, 30, NOW) == NOW + 23 * 60 + 20
    assert next_clock(18, 6, NOW) == NOW + 86_400 - 40
    assert clock_text(NOW) == "2026-11-18 18:06"
    assert clock_text(NOW, NOW + 3600) == "18:06"
    assert clock_text(NOW, NOW + 86_400) == "2026-11-18 18:06"


@given(st.text(max_size=30) | st.from_regex(r"[0-9a-f:.%-]{1,40}", fullmatch=True))
@settings(max_examples=100, deadline=None)
def test_a_device_is_read_back_as_it_is_shown(text: str) -> None:
    try:
        packed = device(text)
    except Said:
        return
    assert len(packed) in (4, 6, 16)
    assert device(device_text(packed)) == packed
