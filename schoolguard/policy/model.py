"""The values of policy: tier, group, school, plan. Frozen; how they are decided with stands in ``decide``."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from schoolguard.dns.blocked import BlockAnswer
from schoolguard.dns.names import search_key

__all__ = ["BlockAnswer", "Blocking", "Group", "Plan", "School", "Tier", "plan_of"]


@dataclass(frozen=True, slots=True)
class Tier:
    """An age tier and the mask of the categories it blocks by default."""

    name: str
    label_vi: str
    label_en: str
    blocked: int


@dataclass(frozen=True, slots=True)
class Blocking:
    """How a block is answered: ``page`` holds addresses for ``BlockAnswer.PAGE``; ``ttl`` in seconds."""

    answer: BlockAnswer = BlockAnswer.NULL
    page: tuple[str, ...] = ()
    ttl: int = 60
    language: str = "vi"


@dataclass(frozen=True, slots=True)
class Group:
    """Clients of one school that are under the same rules.

    ``blocked`` is the mask in force (the tier's, plus and minus the group's own categories, sealed ones
    always in). ``allow`` and ``deny`` hold names in text shape, each with all below it, of the school and
    the group together.
    """

    school: str
    name: str
    tier: Tier
    networks: tuple[IPv4Network | IPv6Network, ...]
    blocked: int
    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    blocking: Blocking = Blocking()


@dataclass(frozen=True, slots=True)
class School:
    """One school: ``id`` is its file's stem."""

    id: str
    name: str
    commune: str
    level: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a set of groups is under right now; equal rules give an equal plan.

    The ``_keys`` are the names as search keys (``named_keys``: all of them), made once because every
    decision looks names up by key; they take no part in equality.
    """

    blocked: int
    allow: frozenset[str]
    deny: frozenset[str]
    blocking: Blocking
    allow_keys: frozenset[str] = field(init=False, repr=False, compare=False)
    deny_keys: frozenset[str] = field(init=False, repr=False, compare=False)
    named_keys: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "allow_keys", frozenset(map(search_key, self.allow)))
        object.__setattr__(self, "deny_keys", frozenset(map(search_key, self.deny)))
        object.__setattr__(self, "named_keys", self.allow_keys | self.deny_keys)


def plan_of(group: Group) -> Plan:
    """Return the plan a group is under; groups with equal rules get equal plans, so they share a cache."""
    return Plan(group.blocked, group.allow, group.deny, group.blocking)
