"""The rules of one layer as its file has them: the value, and every target with its place.

It must not compare rules with each other, nor know which groups they concern: they know by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from schoolguard.categories import SEALED
from schoolguard.config import rule_keys as keys
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.moments import end_of
from schoolguard.config.own_categories import Table
from schoolguard.config.targets import Target, TargetKind, Targets, resolve
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.services import Service

_OPENS = (Verb.ALLOW, Verb.LOCKED_ALLOW, Verb.ALLOW_ONLY)


@dataclass(frozen=True, slots=True)
class Aim:
    """One target of a rule, its place, and what it comes to; ``names`` are without what services need."""

    target: Target
    mark: Mark
    names: frozenset[str]
    categories: int


@dataclass(frozen=True, slots=True, eq=False)
class ReadRule:
    """A rule as its file has it; empty ``tiers`` and ``groups`` (casefolded) concern everybody."""

    value: Rule
    mark: Mark
    aims: tuple[Aim, ...]
    tiers: frozenset[str]
    groups: tuple[At[str], ...]
    during: tuple[At[str], ...]

    def concerns(self, tier: str, group: str) -> bool:
        """Return whether it holds for a group of this tier and name."""
        named = not self.groups or group.casefold() in {at.value.casefold() for at in self.groups}
        return named and (not self.tiers or tier in self.tiers)


@dataclass(frozen=True, slots=True)
class Known:
    """What rules refer to; without a catalogue (``None``: unreadable) no service is called unknown."""

    services: Mapping[str, Service] | None
    table: Table
    today: date


def rules_of(fields: Fields, layer: Layer, owner: str, known: Known, out: Collector) -> tuple[ReadRule, ...]:
    """Return the rules under ``rules``; ``owner`` is the layer's own name."""
    given = fields.given(keys.RULES)
    read = (_rule(item.value, layer, owner, known, out) for item in (given.value if given else ()))
    return tuple(rule for rule in read if rule is not None)


def resolved(targets: tuple[At[Target], ...], known: Known, out: Collector) -> Targets:
    """Return what targets come to; services of an unreadable catalogue come to nothing."""
    if known.services is None:
        targets = tuple(at for at in targets if at.value.kind is not TargetKind.SERVICE)
    return resolve(targets, known.services or {}, known.table, out)


def with_parents(name: str) -> Iterator[str]:
    """Yield a name in text shape and every name above it but the root."""
    while name:
        yield name
        name = name.partition(".")[2]


def _rule(fields: Fields, layer: Layer, owner: str, known: Known, out: Collector) -> ReadRule | None:
    _check_selectors(fields, layer, out)
    verb, targets = _verb(fields, out)
    reason, until = fields.given(keys.REASON), fields.given(keys.UNTIL)
    if until and until.value < known.today:
        msgid = N_("this rule has expired and holds no longer; it can be removed")
        out.warning(until.mark, Wrong(msgid, found=until.value.isoformat()))
    if verb is None or not targets:
        return None
    _check_bounds(verb, fields, out)
    goals = resolved(targets, known, out)
    given_owner, tiers, groups = (
        fields.given(key) for key in (keys.OWNER, keys.RULE_TIERS, keys.RULE_GROUPS)
    )
    during = fields.given(keys.DURING)
    value = Rule(
        layer,
        verb,
        goals.names | (goals.needs if verb in _OPENS else frozenset()),
        goals.categories,
        goals.services,
        given_owner.value if given_owner else owner,
        reason.value if reason else "",
        frozenset(at.value for at in during.value) if during else frozenset(),
        end_of(until.value) if until else None,
        fields.value(keys.SHADOW),
        f"{fields.mark.path}:{fields.mark.line}",
    )
    aims = tuple(_aims(targets, known))
    _check_sealed(value, aims, out)
    return ReadRule(
        value,
        fields.mark,
        aims,
        frozenset(at.value for at in tiers.value) if tiers else frozenset(),
        groups.value if groups else (),
        during.value if during else (),
    )


def _verb(fields: Fields, out: Collector) -> tuple[Verb | None, tuple[At[Target], ...]]:
    tried = [key for key in keys.VERBS if fields.tried(key)]
    accepted = ", ".join(key.name for key in keys.VERBS)
    if not tried:
        out.error(fields.mark, Wrong(N_("this rule has no verb; write what it does"), accepted=accepted))
        return None, ()
    for key in tried[1:]:
        msgid = N_("this rule has two verbs, {first} and {second}; write a rule for each")
        out.error(fields.mark_of(key), Wrong(msgid, first=tried[0].name, second=key.name))
    given = fields.given(tried[0])
    return (Verb(tried[0].name), given.value) if given else (None, ())


def _aims(targets: tuple[At[Target], ...], known: Known) -> Iterator[Aim]:
    seen: set[Target] = set()
    for at in targets:
        if at.value in seen:
            continue
        seen.add(at.value)
        kind, value = at.value.kind, at.value.value
        if kind is TargetKind.NAME:
            yield Aim(at.value, at.mark, frozenset((value,)), 0)
        elif kind is TargetKind.SERVICE and (service := (known.services or {}).get(value)):
            yield Aim(at.value, at.mark, service.names, 0)
        elif kind is TargetKind.CATEGORY and (category := known.table.by_name.get(value)):
            yield Aim(at.value, at.mark, frozenset(), category.mask)


def _check_selectors(fields: Fields, layer: Layer, out: Collector) -> None:
    tiers, groups = fields.given(keys.RULE_TIERS), fields.given(keys.RULE_GROUPS)
    if layer is Layer.GROUP:
        msgid = N_("a rule in a group's own section is for this group alone; remove `{key}`")
        for key, given in ((keys.RULE_TIERS, tiers), (keys.RULE_GROUPS, groups)):
            if given:
                out.error(given.mark, Wrong(msgid, key=key.name))
    elif layer is not Layer.SCHOOL and groups:
        msgid = N_("groups are a school's; a rule of the province or a commune is for `tiers`")
        out.error(groups.mark, Wrong(msgid))


def _check_bounds(verb: Verb, fields: Fields, out: Collector) -> None:
    if verb is Verb.ALLOW_ONLY and not fields.tried(keys.DURING) and not fields.tried(keys.UNTIL):
        msgid = N_("an exam mode without `during` closes everything else for ever; name its windows")
        out.warning(fields.mark, Wrong(msgid))


def _check_sealed(rule: Rule, aims: tuple[Aim, ...], out: Collector) -> None:
    if not rule.shadow and rule.verb not in _OPENS:
        return
    for aim in aims:
        if aim.categories & SEALED:
            out.error(aim.mark, sealed(str(aim.target)))


def sealed(found: str) -> Wrong:
    """Return what to say of a sealed category where something would open it or try it out."""
    msgid = N_(
        "this category is sealed: nobody can switch it off, nor open or try it out; that includes whoever"
        " writes this configuration"
    )
    return Wrong(msgid, found=found)


def for_group(rules: tuple[ReadRule, ...], tier: str, group: str) -> tuple[ReadRule, ...]:
    """Return those of ``rules`` that concern a group."""
    return tuple(rule for rule in rules if rule.concerns(tier, group))
