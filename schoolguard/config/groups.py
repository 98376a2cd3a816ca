"""One group's section as a group: who is in it, and the rules of all layers that concern it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schoolguard.config import policy_keys as keys
from schoolguard.config.blocking import blocking_of, check_page
from schoolguard.config.budgets import ReadBudget
from schoolguard.config.device_keys import GROUP_DEVICES
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.layers import Heritage, Speaker, group_rules_of
from schoolguard.config.rules import Known, ReadRule, for_group, sealed
from schoolguard.config.safe_search import safe_search_of, strip_ech_of
from schoolguard.config.subnets import Network
from schoolguard.config.tier_names import OLDEST_TIER, PUPIL_TIERS
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.model import Blocking, Group, Tier
from schoolguard.policy.rule import Layer
from schoolguard.policy.safe_search import SafeSearch, YouTube
from schoolguard.settings import Endpoint


@dataclass(frozen=True, slots=True)
class ReadGroup:
    """A group as its file has it: what checks across groups need, and the value when nothing is missing.

    ``rules`` are those of all layers that concern it; ``tier`` and ``blocked``, the mask of
    its closed categories, are ``None`` when unknown.
    """

    name: str
    mark: Mark
    tier: str | None
    blocked: int | None
    networks: tuple[At[Network], ...]
    devices: tuple[At[bytes], ...]
    listeners: tuple[At[Endpoint], ...]
    rules: tuple[ReadRule, ...]
    value: Group | None


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a group has from its school: the layers' heritage, and what the school's own keys say."""

    heritage: Heritage
    blocking: Blocking
    safe_search: At[bool] | None
    youtube: At[str] | None
    strip_ech: At[bool] | None

    def safe(self, tier: Tier) -> SafeSearch:
        """Return what the school demands of search engines for a tier."""
        on = tier.safe_search.on if self.safe_search is None else self.safe_search.value
        youtube = tier.safe_search.youtube if self.youtube is None else YouTube(self.youtube.value)
        return SafeSearch(on, youtube)

    def strips(self, tier: Tier) -> bool:
        """Return whether the school takes ECH keys out for a tier."""
        return tier.strip_ech if self.strip_ech is None else self.strip_ech.value


class GroupReader:
    """Reads the groups of one school."""

    def __init__(
        self,
        school_id: str,
        level: str | None,
        tiers: Mapping[str, Tier],
        known: Known,
        listening: tuple[Endpoint, ...],
        inherited: Inherited,
        out: Collector,
    ) -> None:
        self._school_id = school_id
        self._level = level
        self._tiers = tiers
        self._known = known
        self._listening = listening
        self._inherited = inherited
        self._out = out
        self._names: dict[str, int] = {}

    def group(self, fields: Fields) -> ReadGroup:
        """Return one group; what is wrong in its section is recorded."""
        name = fields.given(keys.GROUP_NAME)
        if name:
            self._check_name(name)
        label = name.value if name else ""
        tier_name = fields.given(keys.TIER)
        tier = self._tier(fields)
        self._check_who(fields)
        networks, devices = fields.given(keys.NETWORKS), fields.given(GROUP_DEVICES)
        listeners = fields.given(keys.LISTENERS)
        rules, budgets = self._policy(fields, label, tier_name.value if tier_name else None)
        read = ReadGroup(
            label,
            fields.mark,
            tier_name.value if tier_name else None,
            tier.blocked if tier else None,
            networks.value if networks else (),
            devices.value if devices else (),
            listeners.value if listeners else (),
            rules,
            None,
        )
        blocking = self._blocking(fields, read)
        shadow = self._shadow(fields)
        if not (name and tier):
            return read
        return self._whole(fields, read, tier, budgets, shadow, blocking)

    def _whole(
        self,
        fields: Fields,
        read: ReadGroup,
        tier: Tier,
        budgets: tuple[ReadBudget, ...],
        shadow: int,
        blocking: Blocking,
    ) -> ReadGroup:
        value = Group(
            self._school_id,
            read.name,
            tier,
            tuple(dict.fromkeys(at.value for at in read.networks)),
            tuple(rule.value for rule in read.rules),
            tuple(value for budget in budgets for value in budget.values),
            safe_search_of(fields, self._inherited.safe(tier)),
            strip_ech_of(fields, self._inherited.strips(tier)),
            shadow,
            blocking,
            frozenset(at.value for at in read.devices),
            frozenset((at.value.host, at.value.port) for at in read.listeners),
        )
        return replace(read, value=value)

    def _policy(
        self, fields: Fields, name: str, tier: str | None
    ) -> tuple[tuple[ReadRule, ...], tuple[ReadBudget, ...]]:
        heritage = self._inherited.heritage
        speaker = Speaker(Layer.GROUP, name, f"{self._school_id}/{name}")
        rules, budgets = group_rules_of(fields, speaker, heritage, self._known, self._out)
        if tier is None:
            return rules, budgets
        higher = tuple(budget for budget in heritage.budgets if not budget.tiers or tier in budget.tiers)
        return for_group(heritage.rules, tier, name) + rules, higher + budgets

    def _check_name(self, name: At[str]) -> None:
        folded = name.value.casefold()
        if first := self._names.get(folded):
            msgid = N_("another group of this school has this name, in line {first}")
            self._out.error(name.mark, Wrong(msgid, found=name.value, first=first))
        else:
            self._names[folded] = name.mark.line

    def _check_who(self, fields: Fields) -> None:
        if not any(fields.tried(key) for key in (keys.NETWORKS, GROUP_DEVICES, keys.LISTENERS)):
            msgid = N_("nobody can be in this group; give it `networks`, `devices` or `listeners`")
            self._out.error(fields.mark, Wrong(msgid))
        listeners = fields.given(keys.LISTENERS)
        for endpoint, mark in listeners.value if listeners else ():
            if self._listening and endpoint not in self._listening:
                accepted = tuple(f"{each.host}@{each.port}" for each in self._listening)
                msgid = N_("the gateway does not listen here; write an address of `listen`")
                found = f"{endpoint.host}@{endpoint.port}"
                self._out.error(mark, Wrong(msgid, found=found, accepted=accepted))

    def _tier(self, fields: Fields) -> Tier | None:
        given = fields.given(keys.TIER)
        if given is None:
            return None
        oldest = OLDEST_TIER[self._level] if self._level else PUPIL_TIERS[-1]
        order = PUPIL_TIERS
        if given.value in order and order.index(given.value) > order.index(oldest):
            msgid = N_("this tier is for older pupils than a school of level {level} has")
            self._out.warning(
                given.mark, Wrong(msgid, level=self._level, found=given.value, suggestion=oldest)
            )
        return self._tiers.get(given.value)

    def _blocking(self, fields: Fields, read: ReadGroup) -> Blocking:
        section = fields.section(keys.GROUP_BLOCK)
        blocking = blocking_of(section, self._inherited.blocking, self._out)
        check_page(section, blocking, read.networks, fields.mark, self._out)
        return blocking

    def _shadow(self, fields: Fields) -> int:
        given = fields.given(keys.SHADOW_CATEGORIES)
        if given is None:
            return 0
        for name, mark in given.value:
            category = self._known.table.by_name.get(name)
            if category and category.sealed:
                self._out.error(mark, sealed(name))
        return self._known.table.mask(given.value, self._out)
