"""The numbered order of decision: may this plan open this name?

It must not look at lists, clients or the clock: it is given the plan, the name's search key and the mask of
categories that the lists gave it, and the same three always get the same decision.

To insert a rule: a member of ``Rule`` at its place (those below move down by one), a function, and a line in
``ORDER``. ``decide`` and ``explain`` both walk ``ORDER``, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED, lowest
from schoolguard.dns.names import from_key
from schoolguard.policy.model import Plan


class Rule(IntEnum):
    """The order of decision, highest first; the number is shown to people, the name is what to store."""

    SEALED = 1
    SAFETY_NET = 2
    DENY = 3
    ALLOW = 4
    CATEGORY = 5
    DEFAULT = 6


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on a name and its cause.

    ``bit`` is the category's that decided (the gravest when several would), -1 when none did; ``name`` is the
    plan's allow or deny name that matched (the broadest when several do), else ``""``.
    """

    blocked: bool
    rule: Rule
    bit: int = -1
    name: str = ""


_BITS = NEVER_BLOCK.bit_length()
_SEALED = tuple(Decision(True, Rule.SEALED, bit) for bit in range(_BITS))
_CATEGORY = tuple(Decision(True, Rule.CATEGORY, bit) for bit in range(_BITS))
_SAFETY_NET = Decision(False, Rule.SAFETY_NET)
_DEFAULT = Decision(False, Rule.DEFAULT)
_SHIELDS = (Rule.SAFETY_NET, Rule.ALLOW)


def decide(plan: Plan, key: str, mask: int) -> Decision:
    """Return the decision of the first rule of ``ORDER`` that applies.

    ``key`` is the name's search key (``vn.example.www.``), escaped labels included; ``mask`` is what the
    lists say of it, with the ``ALLOWED`` and ``NEVER_BLOCK`` bits.
    """
    named = named_by(plan, key) if plan.named_keys else []
    for rule in ORDER:
        decision = rule(plan, named, mask)
        if decision is not None:
            return decision
    raise AssertionError("the last rule of ORDER applies to every name")


def decide_chain(plan: Plan, question: Decision, targets: Iterable[tuple[str, int]]) -> Decision:
    """Return the decision on a whole answer: the question name's, or that of a blocked target.

    ``targets`` are ``(key, mask)`` of the names the answer leads to: the CNAME chain and the HTTPS/SVCB
    target names. A blocked target blocks the question (of several the gravest), or else a tracker or a
    betting site would only need an unlisted alias (cloaking). Two limits:

    - A question allowed by the safety net or by the school's own allow is not blocked through its targets.
      A person vouched for that site, and its aliases are hosting that is shared and changes without notice:
      the help line on a content network that a list calls advertising must still open.
    - A sealed target always blocks. Nothing below the law may open such a name, so an allowed alias of it may
      not either.

    An allowed target excuses nothing: anybody can point a name at a famous one.
    """
    if question.blocked:
        return question
    shielded = question.rule in _SHIELDS
    decisions = [decide(plan, key, mask) for key, mask in targets]
    blocks = [d for d in decisions if d.blocked and (d.rule is Rule.SEALED or not shielded)]
    return min(blocks, key=lambda d: (d.rule, d.bit, d.name), default=question)


def named_by(plan: Plan, key: str) -> list[str]:
    """Return the search keys among the plan's own names that are ``key`` or a parent of it, broadest first.

    An escaped dot never ends a label here by mistake: what stands before it holds a backslash, and the keys
    of a plan hold none.
    """
    keys = plan.named_keys
    found = []
    end = key.find(".") + 1
    while end:
        parent = key[:end]
        if parent in keys:
            found.append(parent)
        end = key.find(".", end) + 1
    return found


def sealed(_plan: Plan, _named: Sequence[str], mask: int) -> Decision | None:
    """Block what the law or an order in force forbids; nobody below can lift it."""
    return _SEALED[lowest(mask & SEALED)] if mask & SEALED else None


def safety_net(_plan: Plan, _named: Sequence[str], mask: int) -> Decision | None:
    """Allow help lines, schools, health and government, whatever stands below."""
    return _SAFETY_NET if mask & NEVER_BLOCK else None


def deny(plan: Plan, named: Sequence[str], _mask: int) -> Decision | None:
    """Block what the school or the group denies by name."""
    for key in named:
        if key in plan.deny_keys:
            return Decision(True, Rule.DENY, name=from_key(key))
    return None


def allow(plan: Plan, named: Sequence[str], _mask: int) -> Decision | None:
    """Allow what the school or the group allows by name."""
    for key in named:
        if key in plan.allow_keys:
            return Decision(False, Rule.ALLOW, name=from_key(key))
    return None


def category(plan: Plan, _named: Sequence[str], mask: int) -> Decision | None:
    """Block the categories the plan blocks, unless an allow list lifts them."""
    blocked = mask & plan.blocked & ~SEALED
    return _CATEGORY[lowest(blocked)] if blocked and not mask & ALLOWED else None


def default(_plan: Plan, _named: Sequence[str], _mask: int) -> Decision | None:
    """Allow the rest."""
    return _DEFAULT


ORDER: tuple[Callable[[Plan, Sequence[str], int], Decision | None], ...] = (
    sealed,
    safety_net,
    deny,
    allow,
    category,
    default,
)
"""The rules in the order of ``Rule``; each is given the plan, the names of ``named_by`` and the mask."""
