"""The values of policy: tier, group, school. Frozen; what a group is under now is a ``plans.Plan``."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from schoolguard.dns.blocked import BlockAnswer
from schoolguard.policy.budgets import Budget
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.safe_search import SafeSearch
from schoolguard.policy.timetable import Timetable

__all__ = ["BlockAnswer", "Blocking", "Group", "Layer", "Rule", "School", "Tier", "Verb"]


NO_DEMAND = SafeSearch()


@dataclass(frozen=True, slots=True)
class Tier:
    """An age tier: the mask of the categories it blocks, and what its groups have unless they say otherwise.

    ``strip_ech``: keys for encrypted names (ECH) are taken out of answers.
    """

    name: str
    label_vi: str
    label_en: str
    blocked: int
    safe_search: SafeSearch = NO_DEMAND
    strip_ech: bool = False


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

    ``rules`` and ``budgets`` are those of all layers that concern the group, in no order. ``shadow`` is the
    mask of categories that are counted as if blocked, and not enforced. A client is in the group by its MAC
    (``devices``, 6 bytes each), by its address (``networks``) or by the listener it asks (``listeners``, as
    ``(address, port)``).
    """

    school: str
    name: str
    tier: Tier
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    rules: tuple[Rule, ...] = ()
    budgets: tuple[Budget, ...] = ()
    safe_search: SafeSearch = NO_DEMAND
    strip_ech: bool = False
    shadow: int = 0
    blocking: Blocking = Blocking()
    devices: frozenset[bytes] = frozenset()
    listeners: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class School:
    """One school: ``id`` is its file's stem.

    Without a ``timetable`` there are no windows. A client in one of its ``networks`` that is in no group
    is in the group called ``default``.
    """

    id: str
    name: str
    commune: str
    level: str
    groups: tuple[Group, ...]
    timetable: Timetable | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    default: str | None = None
