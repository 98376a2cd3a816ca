"""The configuration with everything on: all layers with locks and rules, windows, exams, budgets, trials.

Rules name names that are asked for beside names that nobody asks for; windows and passes are the caller's.
It must not measure.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from tests.bench import corpus, gateway

SCHOOLS, GROUPS_OF_SCHOOL, WINDOWS = 5, 10, 12
GROUPS = SCHOOLS * GROUPS_OF_SCHOOL

_PUPILS = ("tieu-hoc", "thcs", "thpt")
_SAFE = {"safe-search": True, "youtube": "strict", "strip-ech": True}
_EXAMINED = 25
"""One group in so many sits an exam at any time: in each window two of the fifty."""

_FIRST_RANK = 60
"""The most popular names are left alone, so that most of the load is still resolved."""

_DAY_MINUTES, _ZONE_MINUTES = 1440, 7 * 60
_PARTS = ("www", "api", "cdn", "login")
Hours = Sequence[str]


def games(folder: Path = gateway.SHIPPED / "services") -> dict[str, tuple[str, ...]]:
    """Return the names of every service that counts as a game, by the service's id."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        for service in yaml.safe_load(path.read_text(encoding="utf-8"))["services"]:
            if service.get("category") == "games":
                found[service["id"]] = tuple(service["names"])
    return found


def game_names() -> tuple[str, ...]:
    """Return names that clients of the games ask for."""
    names = [name for each in games().values() for name in each if name.isascii()]
    return tuple(f"{part}.{name}" for name in names for part in _PARTS)


def hours(start: int, end: int) -> str:
    """Return a window's hours from and to minutes of the day, which may lie beyond midnight."""
    one, other = (f"{m // 60 % 24:02}:{m % 60:02}" for m in (start, end))
    return f"{one}-{other}"


def minute_now() -> int:
    """Return the minute of the day in Viet Nam."""
    return (int(time.time()) // 60 + _ZONE_MINUTES) % _DAY_MINUTES


def far_apart() -> tuple[Hours, ...]:
    """Return twelve windows of two hours, one after the other; the next change is an hour away."""
    first = minute_now() - 60
    return tuple((hours(first + 120 * i + 1440, first + 120 * i + 1560),) for i in range(WINDOWS))


def turning(minute: int) -> tuple[Hours, ...]:
    """Return windows of which one half gives way to the other at that minute, for one minute."""
    always, then = hours(minute + 1, minute + _DAY_MINUTES), hours(minute, minute + 1)
    return tuple((always,) if i % 2 else (then,) for i in range(WINDOWS))


def install(
    folder: Path, lists: Path, names: corpus.Corpus, windows: Sequence[Hours], upstream_port: int
) -> gateway.Installation:
    """Write the whole configuration."""
    found = gateway.installation(folder, lists, upstream_port, None)
    with (found.config / "schoolguard.yaml").open("a") as file:
        file.write("devices:\n  neighbours: true\n")
    gateway.write_tiers(found, {name: _SAFE if name in _PUPILS else {} for name in gateway.TIERS})
    rewrite(found, windows, names)
    return found


def rewrite(installation: gateway.Installation, windows: Sequence[Hours], names: corpus.Corpus) -> None:
    """Write all that is of province, commune and schools, with these windows."""
    asked = iter(leaves(names.allowed)[_FIRST_RANK:])
    config = installation.config
    gateway.write_yaml(config / "province.yaml", _province(windows, asked))
    gateway.write_yaml(config / "communes" / "bench.yaml", _commune(asked))
    for number in range(SCHOOLS):
        gateway.write_yaml(config / "schools" / f"school-{number}.yaml", _school(number, asked))


def leaves(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names that no other one is below: a rule for such a one is for it alone."""
    above = {
        ".".join(labels[i:]) for name in names for labels in (name.split("."),) for i in range(1, len(labels))
    }
    return tuple(name for name in names if name not in above)


def _province(windows: Sequence[Hours], asked: Iterator[str]) -> Mapping[str, object]:
    year = time.gmtime().tm_year
    years = [
        {"name": str(y), "terms": [{"name": "all", "from": f"{y}-09-01", "to": f"{y + 1}-05-31"}]}
        for y in (year - 1, year)
    ]
    rules = [
        *_rules("province", asked, 60, locks=True),
        _rule("locked-block", ["category:gambling", "category:adult"], tiers=_PUPILS),
        _rule("locked-block", ["category:games"], tiers=_PUPILS, during=["w3", "w4"]),
        # So that each change of windows gives every group another plan.
        *(_rule("block", [f"w{i}.province.example.net"], during=[f"w{i}"]) for i in range(WINDOWS)),
    ]
    budget = {"name": "games", "minutes": 180, "each-service": 60, "of": ["category:games"], "reason": "law"}
    return {
        "province": {"name": "Bench"},
        "calendar": {"years": years, "tet": {"before": 7, "after": 7}},
        "windows": [
            {"name": f"w{i}", "days": ["every-day"], "hours": list(each)} for i, each in enumerate(windows)
        ],
        "rules": [{"tiers": _PUPILS, **each} for each in rules],
        "budgets": [{**budget, "tiers": _PUPILS}],
    }


def _commune(asked: Iterator[str]) -> Mapping[str, object]:
    rules = [
        *_rules("commune", asked, 40, locks=True),
        _rule("allow", [f"service:{each}" for each in games()]),
        _rule("block", ["service:chatgpt"], shadow=True),
    ]
    return {"commune": {"name": "Bench"}, "rules": [{"tiers": _PUPILS, **each} for each in rules]}


def _school(number: int, asked: Iterator[str]) -> Mapping[str, object]:
    first = number * GROUPS_OF_SCHOOL + 1
    groups = [_group(i, asked) for i in range(first, first + GROUPS_OF_SCHOOL)]
    if number == 0:
        groups.append({"name": "rest", "tier": "guest", "networks": ["127.0.0.0/24"]})
    rules = _rules(f"school-{number}", asked, 40, locks=True)
    return {
        "school": {"name": f"School {number}", "commune": "Bench", "level": "th-thcs-thpt"},
        "rules": [{"tiers": _PUPILS, **each} for each in rules],
        "groups": groups,
    }


def _group(number: int, asked: Iterator[str]) -> Mapping[str, object]:
    """Return a group with some thirty names of its own, half of them in windows, and an exam in one."""
    window, other = f"w{number % WINDOWS}", f"w{(number + 5) % WINDOWS}"
    rules = [
        *_rules(f"group-{number}", asked, 6, locks=True),
        _rule("block", [*_some(asked, 3), *_unasked(f"{number}-at-times", 6)], during=[window]),
        _rule("allow", [*_unasked(f"{number}-open-at-times", 6)], during=[other]),
        _rule("allow", ["category:drugs"], during=[other]),
        _rule("block", _some(asked, 2), shadow=True),
        _rule("block", [f"until-{number}.example.net"], until=f"{time.gmtime().tm_year + 1}-06-01"),
    ]
    return {
        "name": f"class {number}",
        "tier": _PUPILS[number % len(_PUPILS)],
        "networks": [f"127.0.{number}.0/24", f"127.1.{number}.0/24"],
        "rules": [*rules, *_exam(number, asked)],
        "budgets": [
            {"name": "video", "minutes": 90, "of": ["service:youtube", "service:tiktok"], "reason": "own"}
        ],
        "shadow-categories": ["streaming"] if number % 5 == 0 else [],
    }


def _exam(number: int, asked: Iterator[str]) -> list[dict[str, object]]:
    """Return the exam mode: two groups have one now (window 0 is open first), the others in other windows."""
    window = f"w{0 if number % _EXAMINED == 0 else 1 + number % (WINDOWS - 1)}"
    return [
        _rule("allow-only", [*_some(asked, 4), "vnedu.vn", f"exam-{number}.example.net"], during=[window])
    ]


def _rules(who: str, asked: Iterator[str], count: int, locks: bool) -> list[dict[str, object]]:
    """Return a rule of each verb; ``count`` names each that nobody asks for, and some that are asked for."""
    verbs = ("locked-block", "locked-allow", "block", "allow") if locks else ("block", "allow")
    return [_rule(verb, [*_some(asked, 3), *_unasked(f"{who}-{verb}", count)]) for verb in verbs]


def _rule(verb: str, targets: Sequence[str], **more: object) -> dict[str, object]:
    return {verb: list(targets), "reason": "bench", **more}


def _some(asked: Iterator[str], count: int) -> list[str]:
    return list(itertools.islice(asked, count))


def _unasked(who: str, count: int) -> list[str]:
    return [f"n{i}.{who}.example.net" for i in range(count)]
