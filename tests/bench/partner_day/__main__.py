"""A partner's day, typed command by command as a new user does: ``python -m tests.bench.partner_day``.

A telecom, a publisher, three schools that follow it and one that does without a line, each in a namespace of
its own: the key ceremony, a real list pushed, previewed, agreed to, rolled out, a bad one refused, an order
timed, the publisher's plug pulled, lists rolled back and carried on a stick, zones taken and given with TSIG.
As root, some three minutes; everything is gone at the end. It prints what each person sees, and ends with
exit code 1 at the first thing that is not as it must be.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.orders.network import Place
from tests.bench.partner_day.department import Department
from tests.bench.partner_day.desk import SECRET, Desk, wait
from tests.bench.partner_day.places import places
from tests.bench.partner_day.scene import Day
from tests.bench.partner_day.school import School
from tests.bench.partner_day.zones import internet, zones
from tests.bench.processes import Failed

_NAMES = ("internet", "hub", "laptop", "telecom", "one", "two", "three", "far")
_LONGEST = 600
"""Seconds; the alarm clock ends what hangs."""


def main() -> int:
    """Have the day; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.partner_day", description=__doc__)
    parser.add_argument("list", type=Path, help="a real list of gambling names, also packed as .xz")
    parser.add_argument("--keep", type=Path, help="copy folders and logs there")
    given = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, lambda *_: sys.exit(143))
    signal.alarm(_LONGEST)
    begin = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="sgday-") as work, places(_NAMES) as made:
            try:
                _day(Path(work), made, given.list.absolute())
            finally:
                if given.keep is not None:
                    shutil.copytree(work, given.keep, ignore=shutil.ignore_patterns("*.sock"))
    except Failed as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return 1
    print(f"\nall as it must be, {time.monotonic() - begin:.0f} s")
    return 0


def _day(work: Path, made: dict[str, Place], source: Path) -> None:
    authority = work / "hub" / "hub" / "certificate.pem"
    desks = {name: Desk(name, place, work / name, authority) for name, place in made.items()}
    for desk in desks.values():
        desk.folder.mkdir()
    department = Department(desks["hub"], desks["laptop"])
    partner, upstream = desks["telecom"], made["internet"].address
    fingerprint = department.found()
    partner.run("partner", "init", "viettel", "--publisher", department.url, *SECRET)
    department.take_in("viettel", partner.folder / "partner" / "keys" / "viettel.pub.json")
    *schools, far = (School(desks[name], upstream) for name in ("one", "two", "three", "far"))
    with contextlib.ExitStack() as stack:
        stack.enter_context(internet(desks["internet"]))
        for school in schools:
            school.follow(**{"url": department.url, "root-fingerprint": fingerprint})
        far.follow(**{"root-fingerprint": fingerprint})
        powers = [stack.enter_context(contextlib.ExitStack()) for _ in schools]
        day = Day(department, partner, schools)
        for school in schools:
            school.run("check")
        names = day.yesterday(source)
        for school, power in zip(schools, powers, strict=True):
            power.enter_context(school.serving())
        department.configure([_key(school) for school in schools], _net())
        stack.enter_context(department.serving())
        for school in schools:
            _follows(school)
        day.push(names)
        day.push_bad()
        day.order("vu-1", "lua-dao.example")
        day.hub_gone(names, "lua-dao.example", powers[2])
        day.lift("vu-1", "lua-dao.example")
        day.back(names)
        stack.enter_context(far.serving())
        day.stick(names, far)
        zones(schools[1], partner, names[0])


def _follows(school: School) -> None:
    wait(lambda: "metadata:" not in school.run("province", "status"), "it follows")


def _key(school: School) -> str:
    told = school.run("province", "status")
    return next(line.split()[-1] for line in told.splitlines() if line.startswith("key of this gateway"))


def _net() -> Path:
    return Path(__file__).resolve().parents[3] / "blocklists" / "never-block.txt"


if __name__ == "__main__":
    sys.exit(main())
