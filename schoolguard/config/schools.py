"""One school's file as a school with its groups. It must not look at other schools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schoolguard.categories import SEALED
from schoolguard.config import policy_keys as keys
from schoolguard.config.blocking import blocking_of, check_page
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.own_categories import Table
from schoolguard.config.subnets import Network
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.model import Blocking, Group, School, Tier

Names = tuple[At[str], ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The allow and deny names of a school or a group, with their places."""

    allow: Names
    deny: Names


@dataclass(frozen=True, slots=True)
class ReadGroup:
    """A group as its file has it: what checks across groups need, and the value when nothing is missing."""

    name: str
    mark: Mark
    networks: tuple[At[Network], ...]
    rules: Rules
    value: Group | None


@dataclass(frozen=True, slots=True)
class ReadSchool:
    """A school as its file has it; ``value`` is ``None`` when something needed is missing."""

    id: str
    mark: Mark
    name: str
    commune: str
    rules: Rules
    groups: tuple[ReadGroup, ...]
    value: School | None


@dataclass(frozen=True, slots=True)
class Above:
    """What a school's file refers to: tiers by name, categories, and the gateway's way to answer a block."""

    tiers: Mapping[str, Tier]
    table: Table
    blocking: Blocking


def school_of(fields: Fields, school_id: str, above: Above, out: Collector) -> ReadSchool:
    """Return the school in a file; what is wrong in it is recorded."""
    about = fields.section(keys.SCHOOL)
    name, commune, level = about.given(keys.NAME), about.given(keys.COMMUNE), about.given(keys.LEVEL)
    rules = _rules(fields)
    blocking = blocking_of(fields.section(keys.SCHOOL_BLOCK), above.blocking, out)
    reader = _Groups(
        school_id, level.value if level else None, rules, Above(above.tiers, above.table, blocking), out
    )
    given = fields.given(keys.GROUPS)
    groups = tuple(reader.group(section) for section, _ in (given.value if given else ()))
    values = tuple(group.value for group in groups if group.value is not None)
    value = None
    if name and commune and level and values:
        value = School(school_id, name.value, commune.value, level.value, values)
    return ReadSchool(
        school_id,
        about.mark_of(keys.NAME),
        name.value if name else "",
        commune.value if commune else "",
        rules,
        groups,
        value,
    )


def _rules(fields: Fields) -> Rules:
    allow, deny = fields.given(keys.ALLOW), fields.given(keys.DENY)
    return Rules(allow.value if allow else (), deny.value if deny else ())


class _Groups:
    """Reads the groups of one school."""

    def __init__(self, school_id: str, level: str | None, rules: Rules, above: Above, out: Collector) -> None:
        self._school_id = school_id
        self._level = level
        self._rules = rules
        self._above = above
        self._out = out
        self._names: dict[str, int] = {}

    def group(self, fields: Fields) -> ReadGroup:
        name = fields.given(keys.GROUP_NAME)
        if name:
            self._check_name(name)
        networks = fields.given(keys.NETWORKS)
        rules = _rules(fields)
        blocking = blocking_of(fields.section(keys.GROUP_BLOCK), self._above.blocking, self._out)
        section = fields.section(keys.GROUP_BLOCK)
        check_page(section, blocking, networks.value if networks else (), fields.mark, self._out)
        tier = self._tier(fields)
        blocked = self._blocked(fields, tier)
        value = None
        if name and tier and networks:
            value = Group(
                self._school_id,
                name.value,
                tier,
                tuple(dict.fromkeys(at.value for at in networks.value)),
                blocked,
                frozenset(at.value for at in (*self._rules.allow, *rules.allow)),
                frozenset(at.value for at in (*self._rules.deny, *rules.deny)),
                blocking,
            )
        return ReadGroup(
            name.value if name else "", fields.mark, networks.value if networks else (), rules, value
        )

    def _check_name(self, name: At[str]) -> None:
        folded = name.value.casefold()
        if first := self._names.get(folded):
            msgid = N_("another group of this school has this name, in line {first}")
            self._out.error(name.mark, Wrong(msgid, found=name.value, first=first))
        else:
            self._names[folded] = name.mark.line

    def _tier(self, fields: Fields) -> Tier | None:
        given = fields.given(keys.TIER)
        if given is None:
            return None
        oldest = keys.OLDEST_TIER[self._level] if self._level else keys.PUPIL_TIERS[-1]
        order = keys.PUPIL_TIERS
        if given.value in order and order.index(given.value) > order.index(oldest):
            msgid = N_("this tier is for older pupils than a school of level {level} has")
            self._out.warning(
                given.mark, Wrong(msgid, level=self._level, found=given.value, suggestion=oldest)
            )
        return self._above.tiers.get(given.value)

    def _blocked(self, fields: Fields, tier: Tier | None) -> int:
        block, allow = fields.given(keys.BLOCK_CATEGORIES), fields.given(keys.ALLOW_CATEGORIES)
        more = self._above.table.mask(block.value, self._out) if block else 0
        less = self._above.table.mask(allow.value, self._out) if allow else 0
        blocked = tier.blocked if tier else 0
        for name, mark in block.value if block else ():
            if tier and self._mask(name) & blocked:
                msgid = N_("the tier {tier} blocks this category already")
                self._out.warning(mark, Wrong(msgid, tier=tier.name, found=name))
        for name, mark in allow.value if allow else ():
            self._check_allowed(name, mark, more, tier)
        return ((blocked | more) & ~less) | SEALED

    def _check_allowed(self, name: str, mark: Mark, more: int, tier: Tier | None) -> None:
        mask = self._mask(name)
        if mask & SEALED:
            msgid = N_("this category is sealed: nobody can switch it off")
            self._out.error(mark, Wrong(msgid, found=name))
        elif mask & more:
            msgid = N_("this category stands under block-categories and allow-categories; keep one")
            self._out.error(mark, Wrong(msgid, found=name))
        elif tier and mask and not mask & tier.blocked:
            msgid = N_("the tier {tier} does not block this category")
            self._out.warning(mark, Wrong(msgid, tier=tier.name, found=name))

    def _mask(self, name: str) -> int:
        category = self._above.table.by_name.get(name)
        return category.mask if category else 0
