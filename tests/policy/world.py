"""The world of ``world.yaml``: its groups, calendars and passes, and the plan of a group at a moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from schoolguard.dns.names import search_key
from schoolguard.policy.budgets import Budget
from schoolguard.policy.calendar import Calendar, DayKind, SchoolYear, Term
from schoolguard.policy.holidays import Days, Tet
from schoolguard.policy.model import Group, Tier
from schoolguard.policy.plans import Plan, plan_of, strictest
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.safe_search import Engines, SafeSearch, YouTube
from schoolguard.policy.timetable import VIETNAM, Timetable, midnight
from schoolguard.policy.window import Hours, Window
from tests.policy.tables import mask_from, rule_from

Section = dict[str, Any]
USED_UP = "!"
"""Behind a group's name: its budgets are used up."""


class World:
    """Everything that the file says."""

    def __init__(self, text: str) -> None:
        self.read: Section = yaml.safe_load(text)
        self.calendar = _calendar(self.read["year"])
        self.engines = _engines(self.read["engines"])
        self.groups: dict[str, Group] = {}
        self.timetables: dict[str, Timetable] = {}
        for school in self.read["schools"]:
            for group in school["groups"]:
                self.groups[group["name"]] = self._group(school, group)
                self.timetables[group["name"]] = Timetable(self.calendar, _windows(school["windows"]))

    def plan(self, when: str, who: str) -> Plan:
        """Return the plan of a group at ``Mon 2027-03-01 09:45``, or at a time nobody knows (``?``)."""
        name = who.removesuffix(USED_UP)
        group, timetable = self.groups[name], self.timetables[name]
        if when == "?":
            return strictest(group, self.engines)
        now = instant(when)
        windows = timetable.open_at(now) if timetable.covers(now) else None
        spent = frozenset(each.id for each in group.budgets) if who.endswith(USED_UP) else frozenset()
        return plan_of(group, self.engines, now, windows, self._passes(name, now), spent)

    def _group(self, school: Section, group: Section) -> Group:
        tier = Tier(group["tier"], "", "", mask_from(",".join(self.read["tiers"][group["tier"]]["block"])))
        layers = (
            (Layer.PROVINCE, self.read["province"]),
            (Layer.COMMUNE, self.read["commune"]),
            (Layer.SCHOOL, school),
            (Layer.GROUP, {"owner": group["name"], "rules": group.get("rules", [])}),
        )
        rules = [
            _rule(layer, written, section["owner"])
            for layer, section in layers
            for written in section["rules"]
            if tier.name in written.get("tiers", [tier.name])
            and group["name"] in written.get("groups", [group["name"]])
        ]
        safe = group.get("safe-search", {})
        return Group(
            school["name"],
            group["name"],
            tier,
            rules=tuple(rules),
            budgets=tuple(map(_budget, group.get("budgets", []))),
            safe_search=SafeSearch(safe.get("on", False), YouTube(safe.get("youtube", "off"))),
            shadow=mask_from(",".join(group.get("shadow", ["-"]))),
        )

    def _passes(self, group: str, now: float) -> list[Rule]:
        """Return the passes that have begun; when they are over is the rule's to know."""
        return [
            rule_from(Layer.PASS, Verb.ALLOW, each["allow"], owner="Cô Hà", until=_unix(each["until"]))
            for each in self.read["passes"]
            if each["group"] == group and _unix(each["from"]) <= now
        ]


def world() -> World:
    """Return the world of the file beside this one."""
    return World(Path(__file__).with_name("world.yaml").read_text(encoding="utf-8"))


def instant(when: str) -> float:
    """Return the Unix seconds of a weekday, a date and a time in Viet Nam; seconds may be left out."""
    weekday, rest = when.split(" ", 1)
    moment = datetime.fromisoformat(rest)
    assert moment.strftime("%a") == weekday, f"{rest} is no {weekday}"
    return _unix(moment)


def _unix(moment: datetime) -> float:
    return moment.replace(tzinfo=VIETNAM).timestamp()


def _rule(layer: Layer, written: Section, owner: str) -> Rule:
    (verb,) = (verb for verb in Verb if verb.value in written)
    until = midnight(written["until"] + timedelta(days=1)) if "until" in written else None
    return rule_from(
        layer,
        verb,
        written[verb.value],
        shadow=written.get("shadow", False),
        owner=owner,
        reason=written["reason"],
        during=frozenset(written.get("during", ())),
        until=until,
    )


def _budget(written: Section) -> Budget:
    rule = rule_from(Layer.SCHOOL, Verb.BLOCK, written["targets"])
    return Budget(written["label"], written["label"], written["minutes"], rule.names, rule.categories)


def _calendar(year: Section) -> Calendar:
    def days(key: str) -> tuple[Days, ...]:
        return tuple(Days(key, first, last) for first, last in year[key])

    terms = tuple(Term("", first, last) for first, last in year["terms"])
    make_up: frozenset[date] = frozenset(year["make-up"])
    tet = Tet(year["tet"]["before"], year["tet"]["after"])
    return Calendar(None, (SchoolYear("", terms),), tet, days("holidays"), days("exams"), make_up)


def _windows(windows: Section) -> tuple[Window, ...]:
    return tuple(
        Window(
            name,
            name,
            frozenset(map(DayKind, written["on"])),
            frozenset(),
            tuple(map(_hours, written["hours"])),
        )
        for name, written in windows.items()
    )


def _hours(text: str) -> Hours:
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return Hours(start, end if end > start else end + 24 * 60)


def _engines(written: Section) -> Engines:
    key = search_key("www.youtube.com")
    return Engines(
        safe={search_key(name): safe for name, safe in written["safe"].items()},
        youtube={YouTube(level): {key: safe} for level, safe in written["youtube"].items()},
        zones={search_key(name): engine for name, engine in written["unforceable"].items()},
    )
