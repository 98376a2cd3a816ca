"""Rules that are wrong or change nothing, one fault each: which rule is named, how gravely, in which words.

A case is the rules of the layers, each written without its reason; the marked one (``>``) is the one told of.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from schoolguard.config import Finding, Severity, findings

Change = str | bytes | tuple[str, str] | None
Check = Callable[[dict[str, Change]], tuple[Finding, ...]]
Spoil = Callable[[dict[str, Change]], Path]

WINDOWS = """windows:
  - {name: sang, days: [school-days], hours: ["07:00-11:30"]}
  - {name: trua, days: [school-days], hours: ["11:00-13:00"]}
  - {name: toi, days: [every-day], hours: ["19:00-21:00"]}
"""
CALENDAR = """calendar:
  years:
    - {name: N, terms: [{name: K, from: 2026-09-05, to: 2027-05-29}]}
"""
PROVINCE = "province: {name: Sở A}\n" + CALENDAR + WINDOWS + "rules:\n"
COMMUNE = "commune: {name: Pa Tần}\nrules:\n"
SCHOOL = "school: {name: Trường A, commune: Pa Tần, level: th-thcs}\nrules:\n"
GROUPS = """groups:
  - {name: Lớp lớn, tier: thcs, networks: [10.1.1.0/24]}
  - {name: Giáo viên, tier: staff, networks: [10.1.2.0/24]}
  - name: Lớp nhỏ
    tier: tieu-hoc
    networks: [10.1.0.0/24]
    rules:
"""
FILES = ("province.yaml", "communes/pa-tan.yaml", "schools/th-a.yaml", "schools/th-a.yaml")


class Case(NamedTuple):
    """The rules of province, commune, school and group, and what is to be said of the marked one."""

    words: str
    severity: Severity
    province: tuple[str, ...] = ()
    commune: tuple[str, ...] = ()
    school: tuple[str, ...] = ()
    group: tuple[str, ...] = ()


def wrong(words: str, **rules: tuple[str, ...]) -> Case:
    return Case(words, Severity.ERROR, **rules)


def odd(words: str, **rules: tuple[str, ...]) -> Case:
    return Case(words, Severity.WARNING, **rules)


FORM = [
    wrong("this rule has no verb", school=("> tiers: [thcs]",)),
    wrong("two verbs, block and allow", school=("> block: [a.example], allow: [b.example]",)),
    wrong("did you mean `locked-block`?", school=("> lock-block: [a.example]",)),
    wrong("accepted: mam-non, tieu-hoc", school=("> block: [a.example], tiers: [lop-1]",)),
    wrong("no group of this name", school=("> block: [a.example], groups: [Lớp 9]",)),
    wrong("did you mean `Lớp lớn`?", school=("> block: [a.example], groups: [Lớp lon]",)),
    odd("the rule concerns nobody", school=("> block: [a.example], tiers: [thpt]",)),
    wrong("remove `groups`", group=("> block: [a.example], groups: [Lớp nhỏ]",)),
    wrong("remove `tiers`", group=("> block: [a.example], tiers: [tieu-hoc]",)),
    wrong("groups are a school's", province=("> block: [a.example], groups: [Lớp nhỏ]",)),
    wrong("groups are a school's", commune=("> block: [a.example], groups: [Lớp nhỏ]",)),
    wrong("did you mean `sang`?", group=("> block: [a.example], during: [san]",)),
    wrong("a date belongs here", group=("> block: [a.example], until: mai",)),
    odd("this rule has expired", group=("> block: [a.example], until: 2026-11-23",)),
    odd("closes everything else for ever", group=("> allow-only: [a.example]",)),
    wrong("unknown service", group=("> block: [service:zalo]",)),
    wrong("did you mean `service:tro-a`?", group=("> block: [service:tro-b]",)),
    wrong("unknown category", group=("> block: [category:gamse]",)),
    wrong("this is no domain name", group=("> block: ['https://a.example/x']",)),
    odd("it stands for every name that ends in .vn", group=("> allow: [vn]",)),
    odd("this stands twice", group=("> block: [a.example, A.example.]",)),
]

SEALED = [
    wrong("whoever writes this configuration", group=("> allow: [category:takedown]",)),
    wrong("whoever writes this configuration", school=("> allow: [category:illegal]",)),
    wrong("whoever writes this configuration", province=("> locked-allow: [category:takedown]",)),
    wrong("whoever writes this configuration", commune=("> block: [category:takedown], shadow: true",)),
    wrong("whoever writes this configuration", school=("> allow-only: [category:illegal], during: [toi]",)),
]

LOCKS = [
    odd(
        "no effect: Sở A has locked a.example (province.yaml:10, locked-block)",
        province=("locked-block: [a.example]",),
        school=("> allow: [www.a.example]",),
    ),
    odd("no effect", province=("locked-allow: [a.example]",), group=("> block: [a.example]",)),
    odd("no effect", province=("locked-allow: [a.example]",), school=("> locked-block: [a.example]",)),
    odd("no effect", commune=("locked-block: [a.example]",), school=("> locked-allow: [a.example]",)),
    odd("no effect", school=("locked-block: [service:tro-a]",), group=("> allow: [tro-a.example]",)),
    odd("no effect", school=("locked-block: [a.example]", "> allow: [a.example]")),
    odd(
        "no effect: Sở A has locked category:games",
        province=("locked-block: [category:games]",),
        group=("> allow: [category:games]",),
    ),
    odd(
        "no effect",
        province=("locked-block: [a.example], during: [sang, toi]",),
        group=("> allow: [a.example], during: [toi]",),
    ),
    wrong(
        "the same layer closes this as well (schools/th-a.yaml:3, locked-block); keep one",
        school=("locked-block: [a.example]", "> locked-allow: [a.example]"),
    ),
    wrong(
        "keep one",
        province=("locked-block: [category:games], during: [sang]", "> locked-allow: [category:games]"),
    ),
    wrong(
        "keep one",
        province=(
            "locked-block: [a.example], during: [sang]",
            "> locked-allow: [a.example], during: [trua]",
        ),
    ),
]

IDLE = [
    wrong("the same layer closes this as well", group=("block: [a.example]", "> allow: [a.example]")),
    wrong("keep one", group=("block: [category:social]", "> allow: [category:social]")),
    odd(
        "within a layer the block wins",
        group=("block: [a.example]", "> allow: [a.example], during: [toi]"),
    ),
    odd(
        "within a layer the block wins",
        school=("block: [a.example]", "> allow: [a.example], tiers: [thcs]"),
    ),
    odd(
        "both hold while trua and sang are open",
        group=("block: [a.example], during: [sang]", "> allow: [a.example], during: [trua]"),
    ),
    odd(
        "a.example (schools/th-a.yaml:3) covers this", school=("block: [a.example]", "> block: [b.a.example]")
    ),
    odd("covers this already", group=("> block: [b.a.example]", "block: [a.example]")),
    odd("covers this already", group=("block: [a.example]", "> block: [a.example], during: [toi]")),
    odd("covers this already", group=("block: [service:tro-a]", "> block: [tro-a.example]")),
    odd("covers this already", school=("block: [a.example]", "> block: [a.example], tiers: [thcs]")),
    odd("covers this already", group=("block: [category:social]", "> block: [category:social]")),
    odd("the tier tieu-hoc blocks this category already", group=("> block: [category:adult]",)),
    odd("the tier tieu-hoc blocks this category already", group=("> block: [category:illegal]",)),
    odd("the tier tieu-hoc does not block this category", group=("> allow: [category:games]",)),
    odd("no list of lists.yaml has this category", group=("> block: [category:new-domain]",)),
    odd("help.example is in the safety net `net`", group=("> block: [help.example]",)),
    odd("help.example is in the safety net `net`", province=("> locked-block: [a.help.example]",)),
    odd("stays open, because it is in the safety net: help.example", school=("> block: [example]",)),
    odd(
        "breaks Ví B, which is open here (schools/th-a.yaml:11): Wallet B cannot log in.",
        school=("> block: [service:tro-a]",),
        group=("allow: [service:vi-b]",),
    ),
    odd("breaks Ví B", province=("> locked-block: [service:tro-a]",), group=("allow: [vi-b.example]",)),
]

RIGHT = {
    "a group takes back what its school allows": Case(
        "", Severity.WARNING, school=("allow: [a.example]",), group=("block: [a.example]",)
    ),
    "a group opens what its school blocks": Case(
        "", Severity.WARNING, school=("block: [a.example]",), group=("allow: [a.example]",)
    ),
    "a part of what the same layer blocks": Case(
        "", Severity.WARNING, group=("block: [a.example]", "allow: [b.a.example]", "block: [c.b.a.example]")
    ),
    "closed in one window": Case(
        "", Severity.WARNING, group=("allow: [a.example]", "block: [a.example], during: [sang]")
    ),
    "closed for one tier": Case(
        "", Severity.WARNING, school=("allow: [a.example]", "block: [a.example], tiers: [thcs]")
    ),
    "a lock that holds at another time": Case(
        "",
        Severity.WARNING,
        province=("locked-block: [a.example], during: [sang]",),
        group=("allow: [a.example], during: [toi]",),
    ),
    "a lock of a part": Case(
        "", Severity.WARNING, province=("locked-block: [b.a.example]",), group=("allow: [a.example]",)
    ),
    "a higher lock that allows": Case(
        "",
        Severity.WARNING,
        province=("locked-block: [a.example]", "locked-allow: [b.a.example]"),
        group=("allow: [b.a.example]",),
    ),
    "windows that never meet": Case(
        "",
        Severity.WARNING,
        group=("block: [a.example], during: [sang]", "allow: [a.example], during: [toi]"),
    ),
    "a lock against what nobody opens yet": Case(
        "", Severity.WARNING, province=("locked-block: [category:adult]",)
    ),
    "idle for one group, needed by another": Case("", Severity.WARNING, school=("block: [category:adult]",)),
    "the block of a service in another window": Case(
        "",
        Severity.WARNING,
        school=("block: [service:tro-a], during: [sang]",),
        group=("allow: [service:vi-b], during: [toi]",),
    ),
    "a rule on its last day": Case("", Severity.WARNING, group=("block: [a.example], until: 2026-11-24",)),
    "an exam mode with an end": Case(
        "", Severity.WARNING, group=("allow-only: [a.example], until: 2026-12-01",)
    ),
}

ALL = [*FORM, *SEALED, *LOCKS, *IDLE]


def files(case: Case) -> tuple[dict[str, Change], tuple[str, int]]:
    """Return the changed files, and the place of the marked rule."""
    place = "", 0
    texts: dict[str, str] = {"schools/th-a.yaml": ""}
    heads = (PROVINCE, COMMUNE, SCHOOL, GROUPS)
    for path, head, rules in zip(FILES, heads, case[2:], strict=True):
        text = texts.get(path, "") + head
        indent = "      " if head is GROUPS else "  "
        for rule in rules:
            if rule.startswith("> "):
                place = path, text.count("\n") + 1
            text += f"{indent}- {{{rule.removeprefix('> ')}, reason: Vì thế}}\n"
        texts[path] = text if rules else text.removesuffix(f"{'    ' if head is GROUPS else ''}rules:\n")
    return {**texts, "schools/thcs-b.yaml": None}, place


@pytest.mark.parametrize("case", ALL, ids=[f"{i}-{c.words[:40]}" for i, c in enumerate(ALL)])
def test_rule_and_words(check: Check, case: Case) -> None:
    changes, (path, line) = files(case)
    found = check(changes)
    there = [f for f in found if (f.path, f.line, f.severity) == (path, line, case.severity)]
    assert any(case.words in str(finding) for finding in there), "\n".join(map(str, found))
    assert len(found) == len(there), "\n".join(map(str, found))


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_a_choice_is_no_finding(check: Check, case: Case) -> None:
    changes, _ = files(case)
    assert check(changes) == ()


def test_windows_that_need_a_school_year_and_have_none(check: Check) -> None:
    changes, _ = files(wrong("", group=("> block: [a.example], during: [sang]",)))
    changes["province.yaml"] = "province: {name: Sở A}\n" + WINDOWS
    (finding,) = check(changes)
    assert (finding.path, finding.severity) == ("schools/th-a.yaml", Severity.WARNING)
    assert "no school year covers today, 2026-11-24" in str(finding)
    assert "these windows need: sang, trua" in str(finding)


def test_what_breaks_is_said_in_the_readers_language(spoil: Spoil) -> None:
    case = odd("", school=("> block: [service:tro-a]",), group=("allow: [service:vi-b]",))
    folder = spoil(files(case)[0])
    words = {"label_en": "label_vi"}
    (finding,) = findings(
        folder,
        lambda text: words.get(text, text),
        resolv_conf=folder.parent / "resolv.conf",
        cores=4,
        today=date(2026, 11, 24),
    )
    assert "Ví B không đăng nhập được." in str(finding)


def test_no_windows_at_all(check: Check) -> None:
    changes, (path, line) = files(wrong("", group=("> block: [a.example], during: [sang]",)))
    changes["province.yaml"] = None
    (finding,) = check(changes)
    assert (finding.path, finding.line) == (path, line)
    assert "there are no windows; name them under `windows`" in str(finding)
