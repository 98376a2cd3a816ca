"""The query path: from one packet of one client to one reply. It must not know sockets of clients.

``reply`` answers at once whatever needs no upstream; for the rest it returns a coroutine, so that nobody
pays for a task on a cache hit. The policy is asked in every branch; there is no way round it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Any

from schoolguard.dns.answer import Answer
from schoolguard.dns.blocked import BlockAnswer, any_answer, blocked_answer
from schoolguard.dns.names import key_of_wire
from schoolguard.dns.query import Query, Rejected, Silence, parse_query
from schoolguard.dns.reply import error, render
from schoolguard.dns.rr import EDE, RCode, RRType
from schoolguard.policy.decide import Decision, Rule, decide, decide_chain
from schoolguard.resolver.cache import Kept
from schoolguard.resolver.counts import Counts, Outcome
from schoolguard.resolver.front import Entry
from schoolguard.resolver.lookup import STALE_TTL, Found, Lookup, LookupFailed, cache_key
from schoolguard.resolver.rules import Client, Rules
from schoolguard.resolver.special import special_answer

_WINDOW_SHARE = 16
"""An allowed reply is kept finished for a sixteenth of its remaining time, at least 1 s."""

_ANY_TTL = 3_600
_UNDECIDED = Decision(False, Rule.DEFAULT)

Reply = bytes | Coroutine[Any, Any, bytes] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was answered and why, for a watcher on the gateway's own terminal: a group, never a client."""

    school: str
    group: str
    tier: str
    name: bytes
    qtype: int
    outcome: int
    reason: str


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

    ``at_home`` says that the name is in a zone of the school's own network.
    """

    decision: Decision
    at_home: bool
    ready: Ready | None


class Resolver:
    """Answers queries under the rules in force."""

    def __init__(self, counts: Counts, clock: Callable[[], float]) -> None:
        self.rules: Rules | None = None
        self.counts = counts
        self.watcher: Callable[[Verdict], None] | None = None
        self._clock = clock
        self._lookup: Lookup | None = None

    def apply(self, rules: Rules, lookup: Lookup) -> None:
        """Put rules in force: from here on every reply is judged by them, cached ones too."""
        self._lookup = lookup
        self.rules = rules

    def reply(self, packet: bytes, address: bytes, udp: bool) -> Reply:
        """Return the reply to a packet, a coroutine that will, or ``None`` for silence.

        ``address`` is the client's packed IP address.
        """
        try:
            query = parse_query(packet)
        except Silence:
            self.counts.events["silent"] += 1
            return None
        except Rejected as rejected:
            self.counts.events[f"rejected-{rejected.reason}"] += 1
            return rejected.reply if self._may_answer(address) else None
        rules, lookup = self.rules, self._lookup
        if rules is None or lookup is None:
            # Never an unfiltered answer: until lists and policy are in place nothing is resolved.
            self.counts.events["not-ready"] += 1
            return error(query, RCode.SERVFAIL, (EDE.NOT_READY, "SchoolGuard is starting"))
        client = rules.admit(address)
        if client is None:
            self.counts.events["not-served"] += 1
            # No EDE: nothing larger than the query goes to an address that may be forged (threat 18).
            return error(query, RCode.REFUSED) if self._may_answer(address) else None
        return self._answer(query, packet, client, lookup, udp)

    def _may_answer(self, address: bytes) -> bool:
        """Whether a query that is not resolved gets its error reply, or silence: there is a limit to both."""
        rules = self.rules
        if rules is None:
            return True
        client = rules.admit(address)
        if client is None:
            rules.refusals -= 1
            return rules.refusals >= 0
        client.tokens -= 1
        return client.tokens >= 0

    def _answer(self, query: Query, packet: bytes, client: Client, lookup: Lookup, udp: bool) -> Reply:
        if client.tokens <= 0:
            self.counts.events["limited"] += 1
            return None
        client.tokens -= 1
        now = self._clock()
        judged = _judge_name(query, client)
        if judged.ready is not None:
            self.counts.events["cache-answer"] += 1
            return self._finish(query, packet, client, judged.ready, now, udp)
        key = cache_key(query.question, query.do, query.cd)
        kept = lookup.fresh(key, now)
        ready = self._judge_answer(query, client, judged, kept, now)
        if ready is not None:
            self.counts.events["cache-answer"] += 1
            if kept is not None:
                lookup.prefetch(key, kept, now)
            return self._finish(query, packet, client, ready, now, udp)
        if client.in_flight >= client.rules.settings.limits.in_flight_per_client:
            self.counts.events["limited"] += 1
            return error(query, RCode.SERVFAIL, (EDE.PROHIBITED, "too many questions at once"))
        self.counts.events["cache-miss"] += 1
        # Here and not in the task: a batch makes many coroutines before the first of them runs.
        client.in_flight += 1
        return self._ask(query, packet, client, judged, lookup.find(key), udp)

    async def _ask(
        self,
        query: Query,
        packet: bytes,
        client: Client,
        judged: Judged,
        found: Coroutine[Any, Any, Found],
        udp: bool,
    ) -> bytes:
        try:
            kept, stale = await found
        except LookupFailed as failed:
            client.counts[Outcome.FAILED] += 1
            self._watch(query, client, Outcome.FAILED, failed.ede[1])
            return error(query, RCode.SERVFAIL, failed.ede)
        finally:
            client.in_flight -= 1
        if client.rules is not self.rules:
            # A reload has passed meanwhile: judge under the rules of now, not of then.
            current = self.rules.admit(client.address) if self.rules is not None else None
            if current is None:
                return error(query, RCode.REFUSED)
            client, judged = current, _judge_name(query, current)
        now = self._clock()
        ready = judged.ready or self._judge_answer(query, client, judged, kept, now, stale)
        assert ready is not None  # noqa: S101 - with a kept answer there is always a judgement
        return self._finish(query, packet, client, ready, now, udp)

    def _judge_answer(
        self,
        query: Query,
        client: Client,
        judged: Judged,
        kept: Kept | None,
        now: float,
        stale: bool = False,
    ) -> Ready | None:
        """Return what to answer to an allowed name, or ``None`` when an upstream has to be asked."""
        if kept is not None and kept.targets:
            decision = _judge_targets(query, client, judged.decision, kept.targets)
            if decision.blocked:
                return replace(_blocked(query, client, decision, kept.expires), origin=kept)
        if query.qtype == RRType.ANY:
            return Ready(any_answer(query.question, _ANY_TTL), Outcome.LOCAL, now + _ANY_TTL, "RFC 8482")
        if kept is None:
            return None
        if kept.private and not judged.at_home:
            return self._rebinding(query, client, kept)
        if stale:
            return Ready(_as_stale(kept.answer), Outcome.STALE, now, "stale", floor=STALE_TTL)
        return self._allowed(kept, now)

    @staticmethod
    def _rebinding(query: Query, client: Client, kept: Kept) -> Ready:
        """Give no address: a public name that leads into a private network turns a browser against it."""
        blocking = client.plan.blocking
        _ = client.rules.translators[blocking.language]
        ede = (EDE.BLOCKED, _("A public name that leads into a private network (DNS rebinding)."))
        answer = blocked_answer(query.question, BlockAnswer.NODATA, (), blocking.ttl, ede)
        return Ready(answer, Outcome.REBINDING, kept.expires, ede[1], origin=kept)

    @staticmethod
    def _allowed(kept: Kept, now: float) -> Ready:
        left = kept.expires - now
        # The TTL shown is the one at the window's end, so that it is never longer than the truth and the
        # finished reply serves for the whole window.
        window = min(left, max(1.0, left / _WINDOW_SHARE))
        age = ceil(now + window - kept.stored)
        return Ready(kept.answer, Outcome.ALLOWED, now + window, "", age=age, origin=kept)

    def _finish(
        self, query: Query, packet: bytes, client: Client, ready: Ready, now: float, udp: bool
    ) -> bytes:
        limit = query.size if udp else None
        reply = render(query, ready.answer, ready.age, limit, ready.floor)
        client.counts[ready.outcome] += 1
        if self.watcher is not None:
            self._watch(query, client, ready.outcome, ready.reason)
        elif udp and query.plain and ready.until > now:
            entry = Entry(ready.until, len(reply), reply[2:], ready.outcome, client.bit, ready.origin)
            client.rules.front.put(packet[2:], client.seat, entry, now)
        return reply

    def _watch(self, query: Query, client: Client, outcome: int, reason: str) -> None:
        if self.watcher is not None:
            group = client.group
            self.watcher(
                Verdict(group.school, group.name, group.tier.name, query.name, query.qtype, outcome, reason)
            )


def _judge_name(query: Query, client: Client) -> Judged:
    """Return what policy says of the name asked for."""
    key = key_of_wire(query.name)
    rules = client.rules
    at_home = rules.is_local(key)
    local = None if at_home else special_answer(key, query.question, client.plan.blocked)
    if local is not None:
        return Judged(_UNDECIDED, at_home, Ready(local, Outcome.LOCAL, inf, "local"))
    decision = decide(client.plan, key, rules.stack.mask(key, query.qtype))
    return Judged(decision, at_home, _blocked(query, client, decision, inf) if decision.blocked else None)


def _judge_targets(query: Query, client: Client, decision: Decision, targets: tuple[bytes, ...]) -> Decision:
    """Return the decision with the CNAME chain and SVCB targets taken in (cloaking)."""
    mask = client.rules.stack.mask
    keys = [key_of_wire(target) for target in targets]
    return decide_chain(client.plan, decision, [(key, mask(key, query.qtype)) for key in keys])


def _blocked(query: Query, client: Client, decision: Decision, until: float) -> Ready:
    blocking = client.plan.blocking
    ede = client.rules.ede(decision, blocking.language)
    answer = blocked_answer(query.question, blocking.answer, blocking.page, blocking.ttl, ede)
    outcome = Outcome.BLOCKED + decision.bit if decision.bit >= 0 else Outcome.DENIED
    return Ready(answer, outcome, until, ede[1])


def _as_stale(answer: Answer) -> Answer:
    return replace(answer, ede=(EDE.STALE_ANSWER, ""))
