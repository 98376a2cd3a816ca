"""What policy says of one question of one client: of its name, then of the answer that an upstream gave.

It must not ask or send anything. Every branch that lets an answer out has asked the policy first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil, inf

from schoolguard.categories import BY_NAME, LISTED
from schoolguard.dns.alias import alias_answer
from schoolguard.dns.answer import Answer
from schoolguard.dns.blocked import BlockAnswer, any_answer, blocked_answer
from schoolguard.dns.ech import without_ech
from schoolguard.dns.names import key_of_wire, to_wire
from schoolguard.dns.query import Query
from schoolguard.dns.rr import EDE, RRType
from schoolguard.policy.budgets import BUDGET_TTL
from schoolguard.policy.bypass import Bypass
from schoolguard.policy.decide import Decision, Rank, decide, decide_chain
from schoolguard.resolver.cache import Kept
from schoolguard.resolver.client import Client
from schoolguard.resolver.counts import Outcome
from schoolguard.resolver.lookup import STALE_TTL, capped
from schoolguard.resolver.rules import Rules
from schoolguard.resolver.special import special_answer

_WINDOW_SHARE = 16
"""An allowed reply is kept finished for a sixteenth of its remaining time, at least 1 s."""

_ANY_TTL = 3_600
_TAKEDOWN = BY_NAME["takedown"].mask
_UNDECIDED = Decision(False, Rank.DEFAULT)
_ENCRYPTED_DNS = BY_NAME["encrypted-dns"]
_VOUCHED = (Rank.SAFETY_NET, Rank.LOCK, Rank.PASS, Rank.RULE)
_UNMETERED = (Rank.SAFETY_NET, Rank.PASS)
"""What a teacher opened for a lesson, or what may never be closed, uses nobody's budget."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that may go out: its outcome, how long the finished reply holds, and TTL changes."""

    answer: Answer
    outcome: int
    until: float
    reason: str
    age: int = 0
    floor: int | None = None
    origin: Kept | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What policy says of a name before any answer is known: ready to go out, or to be looked up.

    ``question`` is what to look up: the client's, or the same of a search engine's safe name. ``at_home``
    says that the name is in a zone of the school's own network. ``outcome`` is counted if an answer goes
    out, with no TTL above ``ttl`` seconds.
    """

    decision: Decision
    question: bytes
    at_home: bool
    ready: Ready | None = None
    outcome: int = Outcome.ALLOWED
    ttl: float = inf


def judge_name(query: Query, client: Client, rules: Rules) -> Judged:
    """Return what policy says of the name asked for."""
    key = key_of_wire(query.name)
    question = query.question
    at_home = rules.is_local(key)
    local = None if at_home else special_answer(key, question, client.plan.blocked)
    if local is not None:
        outcome = Outcome.LOCAL if local.bypass is None else Outcome.BYPASS + local.bypass
        return Judged(_UNDECIDED, question, at_home, Ready(local.answer, outcome, inf, "local"))
    mask = _mask(rules, client, key, query.qtype)
    decision = decide(client.plan, key, mask)
    if decision.blocked:
        outcome = outcome_of(decision)
        return Judged(decision, question, at_home, _blocked(query, client, rules, decision, outcome, inf))
    outcome = _trial(client, rules, decision, key, mask)
    if decision.redirect:
        question = to_wire(decision.redirect) + question[-4:]
    budgets: frozenset[str] = frozenset()
    if client.table is not None and decision.rank not in _UNMETERED:
        budgets = client.table.covering(key, mask)
    if not budgets:
        return Judged(decision, question, at_home, None, outcome)
    return Judged(decision, question, at_home, None, rules.metered(outcome, budgets), BUDGET_TTL)


def judge_answer(
    query: Query,
    client: Client,
    rules: Rules,
    judged: Judged,
    kept: Kept | None,
    now: float,
    stale: bool = False,
) -> Ready | None:
    """Return what to answer to an allowed name, or ``None`` when an upstream has to be asked."""
    if kept is not None and kept.targets and not judged.decision.redirect:
        decision = _judge_targets(query, client, rules, judged.decision, kept.targets)
        if decision.blocked:
            outcome = Outcome.ALIAS_RULED if decision.bit < 0 else Outcome.ALIAS + decision.bit
            return replace(_blocked(query, client, rules, decision, outcome, kept.expires), origin=kept)
    if query.qtype == RRType.ANY:
        return Ready(any_answer(query.question, _ANY_TTL), Outcome.LOCAL, now + _ANY_TTL, "RFC 8482")
    if kept is None:
        return None
    if kept.private and not judged.at_home:
        return _rebinding(query, client, rules, kept)
    if kept.resolver and client.plan.blocked & _ENCRYPTED_DNS.mask and judged.decision.rank not in _VOUCHED:
        decision = Decision(True, Rank.CATEGORY, _ENCRYPTED_DNS.bit)
        outcome = Outcome.BYPASS + Bypass.ENCRYPTED_DNS_ADDRESS
        return replace(_blocked(query, client, rules, decision, outcome, kept.expires), origin=kept)
    return _allowed(query, client, rules, judged, kept, now, stale)


def _mask(rules: Rules, client: Client, key: str, qtype: int) -> int:
    """Return the categories of a name for a client: an order of limited scope counts where it holds."""
    mask = rules.stack.mask(key, qtype)
    if mask <= LISTED:
        return mask
    return mask & LISTED | (_TAKEDOWN if mask & client.plan.orders else 0)


def outcome_of(decision: Decision) -> int:
    """Return the outcome that a decision which blocks is counted as."""
    if decision.bit >= 0:
        return Outcome.BLOCKED + decision.bit
    match decision.rank:
        case Rank.EXAM:
            return Outcome.EXAM
        case Rank.BUDGET:
            return Outcome.BUDGET
        case Rank.SAFE_SEARCH:
            return Outcome.UNSAFE_SEARCH
        case _:
            return Outcome.RULED


def _trial(client: Client, rules: Rules, decision: Decision, key: str, mask: int) -> int:
    """Return how an allowed name is counted: as such, or as what would close it if trials were enforced."""
    plan = client.plan
    lists = rules.on_trial(mask)
    if plan.shadow is not None or lists:
        would = decide(plan.shadow or plan, key, mask | lists)
        if would.blocked:
            return Outcome.SHADOW_RULED if would.bit < 0 else Outcome.SHADOW + would.bit
    return Outcome.SAFE_SEARCH if decision.redirect else Outcome.ALLOWED


def _judge_targets(
    query: Query, client: Client, rules: Rules, decision: Decision, targets: Iterable[bytes]
) -> Decision:
    """Return the decision with the CNAME chain and SVCB targets taken in (cloaking)."""
    keys = [key_of_wire(target) for target in targets]
    masks = [_mask(rules, client, key, query.qtype) for key in keys]
    return decide_chain(client.plan, decision, list(zip(keys, masks, strict=True)))


def _blocked(
    query: Query, client: Client, rules: Rules, decision: Decision, outcome: int, until: float
) -> Ready:
    blocking = client.plan.blocking
    ede = rules.ede(decision, blocking.language)
    answer = blocked_answer(query.question, blocking.answer, blocking.page, blocking.ttl, ede)
    return Ready(answer, outcome, until, ede[1])


def _rebinding(query: Query, client: Client, rules: Rules, kept: Kept) -> Ready:
    """Give no address: a public name that leads into a private network turns a browser against it."""
    blocking = client.plan.blocking
    _ = rules.translators[blocking.language]
    ede = (EDE.BLOCKED, _("A public name that leads into a private network (DNS rebinding)."))
    answer = blocked_answer(query.question, BlockAnswer.NODATA, (), blocking.ttl, ede)
    return Ready(answer, Outcome.REBINDING, kept.expires, ede[1], origin=kept)


def _allowed(
    query: Query, client: Client, rules: Rules, judged: Judged, kept: Kept, now: float, stale: bool
) -> Ready:
    answer, outcome, reason = kept.answer, judged.outcome, ""
    if judged.decision.redirect:
        _ = rules.translators[client.plan.blocking.language]
        ede = (EDE.FORGED_ANSWER, _("Safe search is on at school."))
        answer = replace(alias_answer(query.question, judged.question[:-4], answer), ede=ede)
        reason = judged.decision.redirect
    if client.plan.strip_ech:
        stripped = without_ech(query.question, answer)
        if stripped is not answer and outcome == Outcome.ALLOWED:
            outcome = Outcome.ECH_STRIPPED
        answer = stripped
    if stale:
        return Ready(
            replace(answer, ede=(EDE.STALE_ANSWER, "")), Outcome.STALE, now, "stale", floor=STALE_TTL
        )
    # At the next turn of plans this may be closed: no client should keep it much longer.
    left = min(kept.expires - now, max(rules.due - now, 1.0))
    # The TTL shown is the one at the window's end, so that it is never longer than the truth and the
    # finished reply serves for the whole window.
    window = min(left, max(1.0, left / _WINDOW_SHARE))
    age = ceil(now + window - kept.stored)
    most = min(judged.ttl, left)
    if most < kept.expires - now:
        answer = capped(answer, age + ceil(most))
    return Ready(answer, outcome, now + window, reason, age=age, origin=kept)
