"""``explain``: for clients and groups, now and at other times, with passes, budgets and a wrong clock."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.cli import main
from schoolguard.config import load
from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.holding import Clock
from schoolguard.intake.orders.journal import Journal
from schoolguard.intake.orders.order import Order
from schoolguard.intake.orders.scope import Scope
from schoolguard.language import Said
from schoolguard.node.audit import AuditLog, audit_path
from schoolguard.node.moment import typed_moment
from schoolguard.node.pass_model import Pass
from schoolguard.node.passes import PassBook
from schoolguard.node.usage import NAME
from schoolguard.node.usage_file import to_bytes
from schoolguard.policy.counting import Used
from schoolguard.policy.meter import local_day
from tests.intake.orders.samples import arrived
from tests.node.following.scene import fresh
from tests.servers import free_port
from tests.site import PRIMARY, STAFF, THCS, THPT, UNSERVED, Site

AUTHORITY = "Sở Thông tin và Truyền thông"
PHONE = bytes.fromhex("02005e10000a")
BORROWED = bytes.fromhex("02005e10000b")
LESSON, EVENING, TET, EXAM = "2026-11-25 08:00", "2026-11-25 20:00", "2027-02-05 20:30", "2026-12-21 09:00"
SUNDAY, SATURDAY_MADE_UP, UNKNOWN = "2026-11-29 08:00", "2027-02-20 08:00", "2031-03-04 23:00"

PROVINCE: dict[str, Any] = {
    "calendar": {
        "years": [
            {"name": "2026", "terms": [{"name": "I", "from": "2026-09-05", "to": "2027-05-29"}]},
        ],
        "tet": {"before": 7, "after": 7},
    },
    "windows": [
        {"name": "gio-hoc", "days": ["school-days"], "hours": ["07:00-11:30"]},
        {"name": "buoi-toi", "days": ["every-day"], "hours": ["19:00-21:00"]},
        {"name": "gio-thi", "days": ["exam-days"], "hours": ["08:00-10:00"]},
    ],
    "rules": [
        {"locked-block": ["locked.example"], "during": ["gio-hoc"], "reason": "Giờ học"},
    ],
}
SCHOOL: dict[str, Any] = {
    "calendar": {
        "exams": [{"name": "Kiểm tra cuối kỳ", "from": "2026-12-21", "to": "2026-12-22"}],
        "make-up": ["2027-02-20"],
    },
    "rules": [
        {"allow-only": ["exam.example"], "tiers": ["thpt"], "during": ["gio-thi"], "reason": "Giờ thi"},
        {"allow": ["category:games"], "during": ["buoi-toi"], "tiers": ["thcs"], "reason": "Buổi tối"},
    ],
    "budgets": [{"name": "Mạng xã hội", "minutes": 30, "of": ["mxh.example"], "reason": "Ba mươi phút"}],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A school with a calendar, its lists compiled; nobody runs it, and no upstream answers."""
    folder = tmp_path_factory.mktemp("explain")
    made = Site(folder, free_port(), free_port(), ["127.0.0.1@9"], forwarding={"timeout": 0.1})
    made.province, made.school = PROVINCE, SCHOOL
    made.groups[0]["devices"] = [PHONE.hex(":")]
    made.write()
    compiled(made)
    return made


@pytest.fixture
def state(site: Site, tmp_path: Path) -> Site:
    """The same with a state of its own, its calendar known for as long as the tests run."""
    changed = Site(tmp_path, site.port, site.metrics, site.upstreams, forwarding=site.forwarding)
    changed.province, changed.school, changed.groups = PROVINCE, SCHOOL, site.groups
    changed.write()
    compiled(changed)
    return changed


def run(site: Site, *arguments: str, language: str = "en") -> Result:
    """Run a command; a traceback fails the test."""
    result = CliRunner().invoke(main, [*arguments, "--config", str(site.config), "--language", language])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def compiled(site: Site) -> None:
    """Compile a site's lists."""
    result = run(site, "lists", "compile")
    assert result.exit_code == 0, result.output


def told(site: Site, name: str, *arguments: str) -> Any:
    """Return what ``explain`` says as JSON, without asking an upstream."""
    result = run(site, "explain", name, *arguments, "--offline", "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("at", "client", "name", "blocked", "rank", "windows"),
    [
        (LESSON, PRIMARY, "locked.example", True, "lock", ["gio-hoc"]),
        (EVENING, PRIMARY, "locked.example", False, "default", ["buoi-toi"]),
        (TET, PRIMARY, "locked.example", False, "default", ["buoi-toi"]),
        (SUNDAY, PRIMARY, "locked.example", False, "default", []),
        (SATURDAY_MADE_UP, PRIMARY, "locked.example", True, "lock", ["gio-hoc"]),
        (UNKNOWN, PRIMARY, "locked.example", True, "lock", None),
        (LESSON, THCS, "game.example", True, "category", ["gio-hoc"]),
        (EVENING, THCS, "game.example", False, "default", ["buoi-toi"]),
        (EVENING, PRIMARY, "game.example", True, "category", ["buoi-toi"]),
        (UNKNOWN, THCS, "game.example", True, "category", None),
        (EXAM, THPT, "hoc.example", True, "exam", ["gio-hoc", "gio-thi"]),
        (EXAM, THPT, "exam.example", False, "default", ["gio-hoc", "gio-thi"]),
        (EXAM, PRIMARY, "hoc.example", False, "default", ["gio-hoc", "gio-thi"]),
        (LESSON, THPT, "hoc.example", False, "default", ["gio-hoc"]),
    ],
)
def test_other_times(
    site: Site, at: str, client: str, name: str, blocked: bool, rank: str, windows: list[str] | None
) -> None:
    found = told(site, name, "--client", client, "--at", at)
    assert (found["blocked"], found["rank"]["name"]) == (blocked, rank)
    assert found["moment"]["windows"] == windows
    assert found["moment"]["time"] == at.replace(" ", "T") + "+07:00"
    assert found["moment"]["typed"]
    assert found["plan"]["exam"] == (client == THPT and windows is not None and "gio-thi" in windows)
    assert (found["answer"] is not None) == blocked


@pytest.mark.parametrize(
    ("at", "kinds", "called"),
    [
        (LESSON, {"school-days", "before-school-days", "wed"}, []),
        (TET, {"holidays", "days-off", "fri"}, ["Tết"]),
        (EXAM, {"exam-days", "school-days"}, ["Kiểm tra cuối kỳ"]),
        (SUNDAY, {"days-off", "weekends"}, []),
        (SATURDAY_MADE_UP, {"school-days", "sat"}, []),
    ],
)
def test_the_kind_of_the_day(site: Site, at: str, kinds: set[str], called: list[str]) -> None:
    moment = told(site, "hoc.example", "--client", PRIMARY, "--at", at)["moment"]
    assert kinds <= set(moment["day"])
    assert moment["called"] == called
    assert moment["covered"]


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize(
    ("at", "client", "name"),
    [(LESSON, PRIMARY, "locked.example"), (EXAM, THPT, "game.example"), (TET, STAFF, "bet.example")],
)
def test_one_screen(site: Site, language: str, at: str, client: str, name: str) -> None:
    result = run(site, "explain", name, "--client", client, "--at", at, language=language)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) <= 24
    assert client in lines[0]
    assert at in lines[1]
    assert any(name in line for line in lines[3:5])


def test_a_day_that_the_calendar_does_not_know_is_said(site: Site) -> None:
    result = run(site, "explain", "locked.example", "--client", PRIMARY, "--at", UNKNOWN)
    assert "does not cover this day" in result.stdout
    assert "strictest" in result.stdout


@pytest.mark.parametrize(
    "text", ["soon", "2027-02-30 08:00", "2027-02-05", "0001-01-01 00:00", "9999-12-31 23:59"]
)
@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_wrong_time(site: Site, text: str, language: str) -> None:
    result = run(site, "explain", "x.example", "--client", PRIMARY, "--at", text, language=language)
    assert (result.exit_code, result.stdout) == (1, "")
    assert text in result.stderr


@given(st.text(max_size=20) | st.from_regex(r"\d{4}-\d{2}-\d{2}[ T]\d{1,2}:\d{2}", fullmatch=True))
def test_any_time_is_a_moment_or_is_refused(text: str) -> None:
    try:
        moment = typed_moment(text)
    except Said:
        return
    assert moment.typed
    assert moment.now is not None


def test_a_clock_that_cannot_be_right(state: Site) -> None:
    (state.state / "clock").write_text(f"{time.time() + 86_400:.0f}\n")
    found = told(state, "locked.example", "--client", PRIMARY)
    assert not found["moment"]["believed"]
    assert (found["blocked"], found["rank"]["name"]) == (True, "lock")
    result = run(state, "explain", "locked.example", "--client", PRIMARY, "--offline")
    assert "clock cannot be right" in result.stdout
    typed = told(state, "locked.example", "--client", PRIMARY, "--at", EVENING)
    assert (typed["moment"]["believed"], typed["blocked"]) == (True, False)


def grant(site: Site, name: str, group: str | None = None, device: bytes | None = None) -> float:
    """Write a pass of half an hour into the audit log; return when it ends."""
    now = time.time()
    book = PassBook(AuditLog(audit_path(site.state)), lambda _: None)
    whom = ("thu-nghiem", group, device)
    book.grant(Pass("", *whom, (name,), frozenset({name}), (), 0, 0, now + 1800, "Cô Hà", "Bài học"), now)
    return now + 1800


def vietnam(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(moment + 7 * 3600))


def test_a_pass_in_force_counts_now_and_while_it_holds(state: Site) -> None:
    until = grant(state, "game.example", group="Học sinh tiểu học")
    found = told(state, "game.example", "--client", PRIMARY)
    assert (found["blocked"], found["rank"]["name"], found["rule"]["owner"]) == (False, "pass", "Cô Hà")
    then = told(state, "game.example", "--client", PRIMARY, "--at", vietnam(until - 600))
    assert then["rank"]["name"] == "pass"
    for later in (until + 600, until - 7200):
        assert told(state, "game.example", "--client", PRIMARY, "--at", vietnam(later))["blocked"]
    assert told(state, "game.example", "--client", THPT)["blocked"]
    assert told(state, "game.example", "--group", "học sinh tiểu học")["rank"]["name"] == "pass"


def test_a_pass_of_a_device(state: Site) -> None:
    grant(state, "game.example", device=PHONE)
    assert told(state, "game.example", "--client", PHONE.hex(":"))["rank"]["name"] == "pass"
    assert told(state, "game.example", "--client", PRIMARY)["blocked"]


def test_a_broken_audit_log_is_said_and_gives_no_pass(state: Site) -> None:
    grant(state, "game.example", group="Học sinh tiểu học")
    audit_path(state.state).write_bytes(b"rubbish\n")
    found = told(state, "game.example", "--client", PRIMARY)
    assert found["blocked"]
    assert any("audit.log" in note for note in found["notes"])
    result = run(state, "explain", "game.example", "--client", PRIMARY)
    assert "audit.log" in result.stdout


def use(site: Site, device: bytes, minutes: int) -> None:
    now = time.time()
    budget = load(site.config).settings.schools[0].groups[0].budgets[0].id
    (site.state / NAME).write_bytes(
        to_bytes(local_day(now), now, 0, [(device, budget, Used(minutes, 0, False))])
    )


def test_a_used_up_budget_of_the_device(state: Site) -> None:
    use(state, PHONE, 30)
    group = ("--client", PHONE.hex(":"))
    state.tiers["tieu-hoc"] = ["gambling"]
    state.write()
    found = told(state, "mxh.example", *group)
    assert (found["blocked"], found["rank"]["name"]) == (True, "budget")
    assert len(found["plan"]["budgets_used_up"]) == 1
    assert not told(state, "mxh.example", "--client", PRIMARY)["blocked"]
    assert not told(state, "mxh.example", *group, "--at", EVENING)["blocked"]
    use(state, PHONE, 29)
    assert not told(state, "mxh.example", *group)["blocked"]


def test_damaged_usage_is_said_and_left_where_it_is(state: Site) -> None:
    (state.state / NAME).write_bytes(b"{")
    found = told(state, "bet.example", "--client", PRIMARY)
    assert any(NAME in note for note in found["notes"])
    assert (state.state / NAME).read_bytes() == b"{"


def test_a_device_by_its_mac(site: Site) -> None:
    found = told(site, "denied.hoc.example", "--client", PHONE.hex("-"))
    assert (found["plan"]["group"], found["device"]) == ("Học sinh tiểu học", PHONE.hex(":"))
    assert (found["blocked"], found["rank"]["name"]) == (True, "rule")
    result = run(site, "explain", "x.example", "--client", BORROWED.hex(":"))
    assert result.exit_code == 1
    assert BORROWED.hex(":") in result.stderr


def test_an_address_whose_device_a_lease_tells(state: Site) -> None:
    leases = state.folder / "dnsmasq.leases"
    end = int(time.time()) + 3600
    leases.write_text(
        f"{end} {PHONE.hex(':')} {UNSERVED} phone *\n{end} {BORROWED.hex(':')} {THPT} laptop *\n"
    )
    path = state.config / "schoolguard.yaml"
    path.write_text(path.read_text() + f"\ndevices:\n  leases: [{{file: {leases}}}]\n")
    found = told(state, "game.example", "--client", UNSERVED)
    assert (found["plan"]["group"], found["device"]) == ("Học sinh tiểu học", PHONE.hex(":"))
    assert UNSERVED in found["client"]
    found = told(state, "game.example", "--client", BORROWED.hex(":"))
    assert found["plan"]["group"] == "Học sinh THPT"
    leases.write_bytes(b"\0rubbish\nmore\n")
    notes = told(state, "game.example", "--client", PRIMARY)["notes"]
    assert any("dnsmasq.leases" in note for note in notes)


def test_any_client_of_a_group(site: Site) -> None:
    found = told(site, "denied.hoc.example", "--group", "HỌC SINH  tiểu học", "--school", "thu-nghiem")
    assert (found["blocked"], found["client"], found["device"]) == (True, None, None)
    assert found["answer"]["rcode"] == "NOERROR"
    for arguments in (("--group", "Lớp 9Z"), ("--group", "Khách", "--school", "none")):
        result = run(site, "explain", "x.example", *arguments)
        assert result.exit_code == 1
        assert "Học sinh THPT" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("--client", PRIMARY, "--group", "Khách")])
def test_either_a_client_or_a_group(site: Site, arguments: tuple[str, ...]) -> None:
    assert run(site, "explain", "x.example", *arguments).exit_code == 2


def test_two_schools_with_a_group_of_one_name(state: Site) -> None:
    text = (state.config / "schools" / "thu-nghiem.yaml").read_text()
    other = text.replace("Trường Thử Nghiệm", "Trường Hai").replace("127.0.", "127.1.")
    other = other.replace("::1", "fd00::1").replace(PHONE.hex(":"), BORROWED.hex(":"))
    (state.config / "schools" / "hai.yaml").write_text(other)
    result = run(state, "explain", "x.example", "--group", "Khách")
    assert result.exit_code == 1
    assert "hai, thu-nghiem" in result.stderr
    found = told(state, "x.example", "--group", "Khách", "--school", "hai")
    assert found["plan"]["school"] == "hai"


def test_a_name_that_the_gateway_answers_itself(site: Site) -> None:
    found = told(site, "a.onion", "--client", PRIMARY)
    assert found["local"]
    assert found["answer"]["rcode"] == "NXDOMAIN"
    result = run(site, "explain", "a.onion", "--client", PRIMARY)
    assert "before any rank" in result.stdout
    assert not told(site, "bet.example", "--client", PRIMARY)["local"]


def test_a_list_on_trial_is_shown_and_blocks_nothing(state: Site) -> None:
    path = state.config / "lists.yaml"
    path.write_text(path.read_text().replace("id: games\n", "id: games\n  shadow: true\n"))
    compiled(state)
    found = told(state, "game.example", "--client", PRIMARY)
    assert not found["blocked"]
    assert (found["shadow"]["blocked"], found["shadow"]["rank"]["name"]) == (True, "category")
    result = run(state, "explain", "game.example", "--client", PRIMARY, "--offline")
    assert "on trial" in result.stdout.lower()


@settings(max_examples=15, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.binary(max_size=60))
def test_what_stands_in_the_state_stops_nobody(site: Site, clock: float, usage: bytes) -> None:
    (site.state / "clock").write_text(f"{clock}\n")
    (site.state / NAME).write_bytes(usage)
    try:
        assert told(site, "bet.example", "--client", PRIMARY)["blocked"]
    finally:
        (site.state / "clock").unlink()
        (site.state / NAME).unlink()


def order(site: Site, *orders: Order) -> None:
    """Write orders into the journal, as the gateway does when they arrive."""
    journal = Journal(site.state / "orders.log")
    OrderBook(journal).accept(arrived(*orders), time.time(), Clock(time.time()))
    journal.close()


def test_an_order_in_force_is_the_cause_with_its_authority(state: Site) -> None:
    order(state, fresh("o1", 1, "scam.example", "111.example"), fresh("o2", 2, "b.scam.example"))
    found = told(state, "a.scam.example", "--client", STAFF)
    assert (found["blocked"], found["rank"]["name"], found["category"]) == (True, "sealed", "takedown")
    assert [(each["id"], each["authority"]) for each in found["orders"]] == [("o1", AUTHORITY)]
    assert found["steps"][0]["evidence"][0]["sources"] == [{"name": "scam.example", "list": "order o1"}]
    both = told(state, "b.scam.example", "--client", STAFF)
    assert [each["id"] for each in both["orders"]] == ["o1", "o2"]
    kept_open = told(state, "111.example", "--client", STAFF)
    assert (kept_open["rank"]["name"], kept_open["orders"]) == ("safety-net", [])
    screen = run(state, "explain", "scam.example", "--client", STAFF).stdout
    assert f"Order o1 of viettel, {AUTHORITY}" in screen
    assert "EDE 16" in screen


def test_an_order_counts_from_its_start_to_its_expiry(state: Site) -> None:
    now = time.time()
    order(state, fresh("o1", 1, "scam.example", start=int(now) - 3600, expiry=int(now) + 3600))
    for shift, blocked in ((-7200, False), (0, True), (7200, False)):
        found = told(state, "scam.example", "--client", STAFF, "--at", vietnam(now + shift))
        assert (found["blocked"], len(found["orders"])) == (blocked, blocked)


def test_an_order_for_another_school_is_no_cause(state: Site) -> None:
    order(
        state,
        fresh("o1", 1, "scam.example", scope=Scope(schools=frozenset({"another"}))),
        fresh("o2", 2, "fraud.example", scope=Scope(schools=frozenset({"thu-nghiem"}))),
    )
    assert not told(state, "scam.example", "--client", STAFF)["blocked"]
    here = told(state, "fraud.example", "--client", STAFF)
    assert (here["category"], here["orders"][0]["id"]) == ("takedown", "o2")


def test_a_journal_that_the_gateway_has_open_is_read_and_left_alone(state: Site) -> None:
    order(state, fresh("o1", 1, "scam.example"))
    path = state.state / "orders.log"
    opened = Journal(path)
    path.write_bytes(path.read_bytes() + b'{"half')
    before = path.read_bytes()
    assert told(state, "scam.example", "--client", STAFF)["orders"]
    assert path.read_bytes() == before
    opened.close()


def test_a_changed_journal_is_said_and_closes_what_is_whole_in_it(state: Site) -> None:
    order(state, fresh("o1", 1, "scam.example"), fresh("o2", 2, "fraud.example"))
    path = state.state / "orders.log"
    path.write_bytes(path.read_bytes().replace(b"scam", b"spam"))
    before = path.read_bytes()
    found = told(state, "fraud.example", "--client", STAFF)
    assert found["blocked"]
    assert any("orders.log" in note for note in found["notes"])
    assert not told(state, "spam.example", "--client", STAFF)["blocked"]
    assert path.read_bytes() == before
