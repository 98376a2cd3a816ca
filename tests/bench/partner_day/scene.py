"""The day itself, step by step; each step says what must be seen and fails when it is not."""

from __future__ import annotations

import contextlib
import json
import lzma
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.partner_day.department import PEOPLE, Department
from tests.bench.partner_day.desk import SECRET, Desk, need, wait
from tests.bench.partner_day.places import plug, pull
from tests.bench.partner_day.school import CLOSED, OPEN, School

LIST = "viettel/gambling"
_WORDS = ("--list", "gambling", "--category", "gambling", "--licence", "CC-BY-4.0", "--by", "Phòng ANM")
_BAD = ("com", "vn", "edu.vn", "*", "google.com", "xn--80ak6aa92e.com", "moet.gov.vn", "../../etc/passwd")


class Day:
    """The department, its partner and the schools, the first of which is the canary."""

    def __init__(self, department: Department, partner: Desk, schools: Sequence[School]) -> None:
        self.department = department
        self.partner = partner
        self.schools = schools
        self.canary = schools[0]

    def yesterday(self, source: Path) -> list[str]:
        """Let pupils ask names of the list that nobody blocks yet, and end the gateways in the evening."""
        content = source.read_bytes()
        text = (lzma.decompress(content) if source.suffix == ".xz" else content).decode()
        (self.partner.folder / "gambling.txt").write_text(text)
        names: list[str] = []
        for school in self.schools:
            with school.serving() as server:
                names = names or _unknown(text, school)
                for name in names:
                    need(school.asks(name) == OPEN, f"{name} is open before", school.asks(name))
                server.terminate()
                server.wait(30)
        return names

    def push(self, names: Sequence[str]) -> None:
        """Push a real list; two people agree after the preview; shadow, canary, all."""
        told = self.partner.run("partner", "push", "gambling.txt", *_WORDS, "--ref", "12/QĐ", *SECRET)
        need("accepted" in told, "the push is accepted", told)
        self._previewed(names)
        need(self.canary.asks(names[0]) != CLOSED, "nothing is enforced in shadow")
        need("1 more must" in self.department.agree(LIST, "an"), "another person must agree")
        self.department.agree(LIST, "an", code=1)
        need("goes on" in self.department.agree(LIST, "binh"), "two people agreed")
        self.canary.closes(names[0])
        others = [school.asks(names[0]) for school in self.schools[1:]]
        need(CLOSED not in others, "only the canary does", others)
        print(f"    canary: {names[0]} {CLOSED}; others: {others}")
        self.partner.run("partner", "status", *SECRET)
        for school in self.schools:
            school.closes(names[0])
        self.canary.run("explain", names[0], "--client", self.canary.address, language="vi")
        self.partner.run("partner", "status", *SECRET, language="vi")
        self.department.run("versions")

    def _previewed(self, names: Sequence[str]) -> None:
        def seen() -> bool:
            time.sleep(1)
            return "asked last week at 3 of 3" in self.department.run("preview", LIST)

        wait(seen, "the preview with the gateways' counts", 90)
        told = self.canary.run("province", "preview", language="vi")
        need(all(name in told for name in names), "the school sees its own names", told)

    def push_bad(self) -> None:
        """Push what must not be, and read why not in both languages."""
        (self.partner.folder / "bad.txt").write_text("".join(f"{name}\n" for name in _BAD))
        bad = ("partner", "push", "bad.txt", *_WORDS, "--ref", "13/QĐ", "--format", "wildcard", *SECRET)
        told = self.partner.run(*bad, code=1)
        vi = self.partner.run(*bad, code=1, language="vi")
        need("com" in told, "why not", told)
        need("bị từ chối" in vi.lower() and "closes" not in vi, "why not, in Vietnamese", vi)
        (self.partner.folder / "page.txt").write_text("<!DOCTYPE html><html><body>Oops</body></html>\n")
        page = ("partner", "push", "page.txt", *_WORDS, "--ref", "13/QĐ", *SECRET)
        self.partner.run(*page, code=1, language="vi")

    def order(self, id: str, *names: str) -> float:
        """Order names closed and return the seconds to the last gateway."""
        words = ("--authority", "Sở TTTT", "--legal-basis", "Điều 9 NĐ 147", "--contact", "0210 000000")
        begin = time.monotonic()
        given = [word for name in names for word in ("--names", name)]
        self.partner.run("partner", "order", "--id", id, *given, *words, *SECRET)
        sent = time.monotonic()
        for school in self.schools:
            school.closes(names[0])
        took = time.monotonic() - begin
        rest = took - (sent - begin)
        print(f"    all gateways block {took:.2f} s after the command began, {rest:.2f} s after it ended")
        report = wait(lambda: self._confirmed(f"viettel/{id}"), "all gateways confirmed", 60)
        need(report["enforced"] == 3, "three gateways enforce it", report)
        self.department.run("orders", f"viettel/{id}", language="vi")
        self.canary.run("orders", "in-force", language="vi")
        self.canary.run("explain", names[0], "--client", self.canary.address, language="vi")
        return took

    def _confirmed(self, order: str) -> dict[str, object] | None:
        time.sleep(0.5)
        found: dict[str, object] = json.loads(self.department.run("orders", order, "--json"))
        return found if not (found["waiting"] or found["silent"]) else None

    def hub_gone(self, names: Sequence[str], ordered: str, power: contextlib.ExitStack) -> None:
        """Pull the publisher's plug, let a gateway lose its power; all is closed from its first answer."""
        pull(self.department.desk.place)
        school = self.schools[2]
        power.close()
        need(school.asks(ordered).startswith("SILENT"), "the gateway is gone", school.asks(ordered))
        power.enter_context(school.serving())
        for name in (names[0], ordered):
            need(school.asks(name) == CLOSED, f"{name} is closed after the restart", school.asks(name))
        need(school.asks("hoc.example") == OPEN, "others are open", school.asks("hoc.example"))
        school.run("province", "status", language="vi")
        plug(self.department.desk.place)

    def lift(self, id: str, name: str) -> None:
        """Lift an order."""
        self.partner.run("partner", "order", "--lift", id, "--id", f"{id}-lift", *SECRET, language="vi")
        for school in self.schools:
            school.opens(name)
        self.canary.run("orders", "history", name, language="vi")

    def back(self, names: Sequence[str]) -> None:
        """Roll back by hand: one gateway first, then the publisher's lists for all."""
        text = (self.partner.folder / "gambling.txt").read_text() + "\nmoi-them.example\n"
        (self.partner.folder / "gambling.txt").write_text(text)
        self.partner.run("partner", "push", "gambling.txt", *_WORDS, "--ref", "14/QĐ", "--delta", *SECRET)
        for person in PEOPLE:
            self._agree_when_it_waits(person)
        for school in self.schools:
            school.closes("moi-them.example")
        one = self.schools[1]
        one.run("lists", "rollback", "--kept", language="vi")
        one.run("lists", "rollback", language="vi")
        need(one.asks("moi-them.example") != CLOSED, "one gateway went back")
        one.run("province", "status", language="vi")
        one.run("lists", "rollback", "--release", language="vi")
        one.closes("moi-them.example")
        found = json.loads(self.department.run("versions", "--json"))
        target = next(
            each["version"]
            for each in found
            if each["returnable"] and LIST in each["lists"] and each["stage"] == "passed"
        )
        key = self.department.desk.folder / "people" / "an.key"
        self.department.run(
            "rollback", str(target), "--key", key, "--reason", "Chặn nhầm", *SECRET, language="vi"
        )
        for school in self.schools:
            school.opens("moi-them.example")
            need(school.asks(names[0]) == CLOSED, "version 1 is in force again")
        self.department.run("versions", language="vi")
        self.department.run("status", language="vi")
        self.partner.run("partner", "status", *SECRET, language="vi")

    def _agree_when_it_waits(self, person: str) -> None:
        def waits() -> bool:
            time.sleep(0.5)
            told = self.department.run("preview", LIST)
            return "must agree" in told

        wait(waits, "the list waits for people")
        self.department.agree(LIST, person)

    def stick(self, names: Sequence[str], far: School) -> None:
        """Carry everything to a school without a line."""
        folder = self.canary.desk.folder / "stick"
        self.canary.run("lists", "export", folder, language="vi")
        need(far.asks(names[0]) != CLOSED, "the far school knows nothing yet", far.asks(names[0]))
        far.run("lists", "import", folder, language="vi")
        far.closes(names[0])
        far.run("province", "status", language="vi")
        for path in (folder / "targets").rglob("*.layer.zst"):
            packed = bytearray(path.read_bytes())
            packed[len(packed) // 2] ^= 1
            path.write_bytes(packed)
        shutil.rmtree(far.desk.folder / "state" / "province")
        told = far.run("lists", "import", folder, code=1, language="vi")
        need("Traceback" not in told, "a damaged stick is refused with the reason", told)
        need(far.asks(names[0]) == CLOSED, "and what was in force stays", far.asks(names[0]))


def _unknown(text: str, school: School) -> list[str]:
    """Return three names of a list that the starter lists do not block."""
    found = []
    for line in text.splitlines():
        name = line.split()[-1].strip("|^*.") if line and not line.startswith(("#", "!")) else ""
        if re.fullmatch(r"[a-z0-9-]+\.(com|net)", name) and school.asks(name) == OPEN:
            found.append(name)
        if len(found) == 3:
            return found
    raise AssertionError("no name of the list is open")
