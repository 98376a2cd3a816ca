"""Why a name is answered as it is, for one client at one moment: the policy's explanation and the very reply.

The reply comes from the resolver itself, so that what is explained is what happens. It changes nothing in a
running gateway and asks it nothing: passes and used-up budgets are read from the state folder. How it is
shown stands in ``explained_screen``.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from schoolguard.categories import LISTED, Category, lowest
from schoolguard.dns.names import key_of_wire, search_key, to_wire
from schoolguard.dns.query import parse_query
from schoolguard.dns.rr import CLASS_IN
from schoolguard.dns.upstream import build_query
from schoolguard.intake.orders.order import Order
from schoolguard.intake.orders.overlay import TAKEDOWN
from schoolguard.language import LANGUAGES, Said, translator
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from schoolguard.node.compiling import Compiler
from schoolguard.node.moment import Moment, SchoolDay, school_day
from schoolguard.node.province_layers import province_paths
from schoolguard.node.saved_facts import passes_at, used_up
from schoolguard.node.saved_orders import SavedOrders
from schoolguard.node.whom import Whom
from schoolguard.policy.bypass import Bypass
from schoolguard.policy.decide import decide
from schoolguard.policy.explain import Explanation, explain
from schoolguard.policy.plans import Plan
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.judge import judge_name
from schoolguard.resolver.lookup import Lookup, LookupFailed, cache_key
from schoolguard.resolver.meaning import meaning
from schoolguard.resolver.present import Granted, Present
from schoolguard.resolver.resolver import Resolver
from schoolguard.resolver.rules import Rules
from schoolguard.settings import Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be explained: a name (text shape) and a type, for whom and when.

    ``offline`` leaves out what needs an upstream: the answer to an allowed name and where it leads.
    """

    name: str
    qtype: int
    whom: Whom
    moment: Moment
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation, those of the names it leads to, and the reply (``None`` when not asked for).

    ``local`` says that the gateway answers such a name itself, before any rank is asked, and ``way_round``
    which attempt to get round it the name belongs to. ``orders`` close the name, or one that it leads to;
    ``notes`` are what could not be found out.
    """

    asked: Asked
    day: SchoolDay
    plan: Plan
    explanation: Explanation
    targets: tuple[Explanation, ...] = ()
    reply: bytes | None = None
    local: bool = False
    way_round: Bypass | None = None
    orders: tuple[Order, ...] = ()
    notes: tuple[Said, ...] = field(default=())


async def explain_name(
    settings: Settings, asked: Asked, macs: Mapping[bytes, bytes], noted: Iterable[Said] = ()
) -> Explained:
    """Return why a name is answered as it is; ``macs`` are the known ones by address.

    ``noted`` is what could not be found out before. Raises ``SnapshotBroken``.
    """
    notes = list(noted)
    own = Snapshot.open(Compiler(settings.paths.state).folder)
    orders = SavedOrders(settings, asked.moment, notes)
    closed = orders.overlay
    stack = Stack([*map(Snapshot.open, province_paths(settings)), own], closed.below, closed.exact)
    whom, day = asked.whom, school_day(asked.whom.school, asked.moment)
    counts, clock = Counts(), asyncio.get_running_loop().time
    lookup = Lookup(settings, counts, clock, random.SystemRandom().random)
    resolver = Resolver(counts, clock)
    translators = {each: translator(each) for each in LANGUAGES}
    present = _present(settings, asked, macs, notes)
    present.orders = closed.schools
    rules = Rules(settings, stack, counts, translators, present)
    resolver.apply(rules, lookup)
    client = rules.admit(whom.address, whom.listener)
    assert client is not None  # noqa: S101 - ``whom`` found its group in the very same settings
    explaining = _Explaining(rules, client.plan, asked, orders)
    explanation = explaining.of(search_key(asked.name))
    question = to_wire(asked.name) + asked.qtype.to_bytes(2) + CLASS_IN.to_bytes(2)
    packet = build_query(question, secrets.randbits(16), False, False, None)
    judged = judge_name(parse_query(packet), client, rules)
    local = judged.ready is not None and not judged.decision.blocked
    way_round = meaning(judged.ready.outcome, rules.categories).bypass if local and judged.ready else None
    told = Explained(asked, day, client.plan, explanation, local=local, way_round=way_round)
    told = replace(told, orders=explaining.orders(), notes=tuple(notes))
    if asked.offline and judged.ready is None:
        return told
    targets: tuple[Explanation, ...] = ()
    if judged.ready is None and not judged.decision.redirect:
        found = await _targets(lookup, judged.question)
        targets = tuple(explaining.of(key) for key in found)
    reply = resolver.reply(packet, whom.address, udp=False, listener=whom.listener)
    sent = await reply if asyncio.iscoroutine(reply) else reply
    return replace(told, targets=targets, reply=sent, orders=explaining.orders())


def _present(settings: Settings, asked: Asked, macs: Mapping[bytes, bytes], notes: list[Said]) -> Present:
    """Return the moment with what is known of it; a typed one has the passes that hold then, and budgets
    that nobody has used."""
    whom, moment, state = asked.whom, asked.moment, settings.paths.state
    devices = dict(macs)
    if whom.mac is not None:
        devices[whom.address] = whom.mac
    passes: tuple[Granted, ...] = ()
    if moment.believed:
        held = passes_at(state, moment.seconds, notes)
        passes = tuple(each for each in held if whom.named or each.device is None)
    spent: dict[bytes, frozenset[str]] = {}
    if whom.named and not moment.typed and whom.group.budgets:
        budgets = [budget for school in settings.schools for each in school.groups for budget in each.budgets]
        spent = used_up(state, budgets, moment.seconds, notes)
    return Present(moment.now, devices, passes, spent)


async def _targets(lookup: Lookup, question: bytes) -> list[str]:
    """Return the keys that a name leads to."""
    try:
        kept, _ = await lookup.find(cache_key(question, False, False))
    except LookupFailed:
        return []  # the reply says so to the reader, as it does to the client
    return [key_of_wire(target) for target in kept.targets]


@dataclass(slots=True)
class _Explaining:
    """Explains names under one plan, and keeps which orders closed any."""

    rules: Rules
    plan: Plan
    asked: Asked
    saved: SavedOrders
    found: dict[tuple[str, str], Order] = field(default_factory=dict)

    def orders(self) -> tuple[Order, ...]:
        """Return the orders that closed names until now."""
        return tuple(self.found.values())

    def of(self, key: str) -> Explanation:
        """Return the explanation of the name with this search key."""
        rules, plan, qtype, school = self.rules, self.plan, self.asked.qtype, self.asked.whom.school.id
        mask = rules.stack.mask(key, qtype)
        # As the judge does: an order of limited scope counts where it holds.
        mask = mask & LISTED | (TAKEDOWN if mask & plan.orders else 0)
        hits = self.saved.named(rules.stack.hits(key, qtype), key, school)
        categories = (*rules.settings.categories, *_on_trial(rules.settings))
        explanation = explain(plan, key, mask, hits, categories)
        self.found |= {order.key: order for order in self.saved.closing(key, school)}
        if lists := rules.on_trial(mask):
            would = decide(plan.shadow or plan, key, mask | lists)
            if would.blocked != explanation.decision.blocked:
                return replace(explanation, shadow=would)
        return explanation


def _on_trial(settings: Settings) -> list[Category]:
    """Return the bits of the lists on trial as categories, so that what they say has a name."""
    by_bit = {category.bit: category for category in settings.categories}
    found = []
    for bit, (list_id, mask) in settings.shadow_lists.items():
        of = by_bit[lowest(mask)]
        found.append(
            Category(f"trial:{list_id}", bit, f"{of.label_vi} (chạy thử)", f"{of.label_en} (on trial)")
        )
    return found
