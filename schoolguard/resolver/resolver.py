"""The query path: from one packet of one client to one reply. It must not know sockets of clients.

``reply`` answers at once whatever needs no upstream; for the rest it returns a coroutine, so that nobody
pays for a task on a cache hit. The policy (``judge``) is asked in every branch; there is no way round it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from schoolguard.dns.forwarded import Incomplete
from schoolguard.dns.query import Query, Rejected, Silence, parse_query
from schoolguard.dns.rejection import reject
from schoolguard.dns.reply import error, render
from schoolguard.dns.rr import EDE, RCode
from schoolguard.dns.wire import Malformed
from schoolguard.policy.clients import Listener
from schoolguard.policy.plans import Plan
from schoolguard.resolver.asker import Asker, behind
from schoolguard.resolver.client import Client
from schoolguard.resolver.counts import Counts, Outcome
from schoolguard.resolver.front import Entry
from schoolguard.resolver.judge import Judged, Ready, judge_answer, judge_name
from schoolguard.resolver.lookup import Found, Lookup, LookupFailed, cache_key
from schoolguard.resolver.rules import Rules

_WAITING = 10
"""Times the bound on one client's queries in flight that may wait for questions already asked: they cost no
exchange, and a new worker finds what a whole classroom behind one address asked meanwhile."""

NAMES_KEPT = 20_000
"""Names remembered between two reports; a school asks some hundred new ones in a minute."""

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


class Open(NamedTuple):
    """A query that waits for an upstream: as it was judged when it came, ``first`` to ask its question."""

    query: Query
    packet: bytes
    client: Client
    plan: Plan
    rules: Rules
    judged: Judged
    lookup: Lookup
    udp: bool
    first: bool


class Resolver:
    """Answers queries under the rules in force.

    ``asked`` gathers the names that were judged (lower-case wire shape): names alone, with no asker.
    ``recorder`` takes school, device, name and outcome of each query of a group that keeps a query log.
    """

    def __init__(self, counts: Counts, clock: Callable[[], float]) -> None:
        self.rules: Rules | None = None
        self.counts = counts
        self.asked: set[bytes] = set()
        self.watcher: Callable[[Verdict], None] | None = None
        self.recorder: Callable[[str, bytes, bytes, int], None] | None = None
        self._clock = clock
        self._lookup: Lookup | None = None

    def apply(self, rules: Rules, lookup: Lookup) -> None:
        """Put rules in force: from here on every reply is judged by them, cached ones too."""
        rules.turn(self._clock())
        self._lookup = lookup
        self.rules = rules

    def reply(self, packet: bytes, address: bytes, udp: bool, listener: Listener | None = None) -> Reply:
        """Return the reply to a packet, a coroutine that will, or ``None`` for silence.

        ``address`` is the sender's packed IP address, ``listener`` where its query came in.
        """
        rules = self.rules
        if rules is not None and address in rules.forwarders:
            return self._forwarded(packet, rules, Asker(address, None, listener), udp)
        return self.reply_to(packet, Asker(address, None, listener), udp)

    def _forwarded(self, packet: bytes, rules: Rules, sender: Asker, udp: bool) -> Reply:
        """Answer whom a trusted forwarder asks for; what it says must be whole, or nobody is answered."""
        try:
            asker, packet, echo = behind(packet, sender, rules.forwarders[sender.address], udp)
        except (Malformed, Incomplete) as error:
            self.counts.events["forwarded-malformed"] += 1
            of_the_query = isinstance(error, Malformed) and error.reason != "proxy"
            return reject(packet, RCode.FORMERR, "forwarded").reply if of_the_query else None
        client = asker.admitted(rules)
        if client is not None and udp and not echo:
            # What stood in front of it is gone, so the packet may be one that has a finished reply.
            entry = rules.front.find(packet[2:], client.seat, self._clock())
            if entry is not None and client.tokens > 0:
                client.tokens -= 1
                rules.count(client, packet[2:], entry.outcome)
                return packet[:2] + entry.reply
        return self.reply_to(packet, asker, udp, echo)

    def reply_to(self, packet: bytes, asker: Asker, udp: bool, echo: bytes = b"") -> Reply:
        """Return the reply to ``asker``, with the EDNS options ``echo`` in it; as ``reply``."""
        try:
            query = parse_query(packet)
        except Silence:
            self.counts.events["silent"] += 1
            return None
        except Rejected as rejected:
            self.counts.events[f"rejected-{rejected.reason}"] += 1
            return rejected.reply if self._may_answer(asker) else None
        rules, lookup = self.rules, self._lookup
        if rules is None or lookup is None:
            # Never an unfiltered answer: until lists and policy are in place nothing is resolved.
            self.counts.events["not-ready"] += 1
            return error(query, RCode.SERVFAIL, (EDE.NOT_READY, "SchoolGuard is starting"))
        if echo:
            query = replace(query, echo=echo)
        client = asker.admitted(rules)
        if client is None:
            self.counts.events["not-served"] += 1
            # No EDE: nothing larger than the query goes to an address that may be forged (threat 18).
            return error(query, RCode.REFUSED) if self._may_answer(asker) else None
        return self._answer(query, packet, client, rules, lookup, udp)

    def _may_answer(self, asker: Asker) -> bool:
        """Whether a query that is not resolved gets its error reply, or silence: there is a limit to both."""
        rules = self.rules
        if rules is None:
            return True
        client = asker.admitted(rules)
        if client is None:
            rules.refusals -= 1
            return rules.refusals >= 0
        client.tokens -= 1
        return client.tokens >= 0

    def _answer(
        self, query: Query, packet: bytes, client: Client, rules: Rules, lookup: Lookup, udp: bool
    ) -> Reply:
        """Return the reply to a client's query, or a coroutine that will."""
        if client.tokens <= 0:
            self.counts.events["limited"] += 1
            return None
        client.tokens -= 1
        now = self._clock()
        judged = judge_name(query, client, rules)
        if judged.ready is not None:
            self.counts.events["cache-answer"] += 1
            return self._finish(query, packet, client, rules, judged.ready, now, udp)
        key = cache_key(judged.question, query.do, query.cd)
        kept = lookup.fresh(key, now)
        ready = judge_answer(query, client, rules, judged, kept, now)
        if ready is not None:
            self.counts.events["cache-answer"] += 1
            if kept is not None:
                lookup.prefetch(key, kept, now)
            return self._finish(query, packet, client, rules, ready, now, udp)
        most = rules.settings.limits.in_flight_per_client
        first = not lookup.is_claimed(key)
        if client.waiting >= _WAITING * most or (first and client.in_flight >= most):
            self.counts.events["limited"] += 1
            return error(query, RCode.SERVFAIL, (EDE.PROHIBITED, "too many questions at once"))
        self.counts.events["cache-miss"] += 1
        return self._ask(self._open(query, packet, client, rules, judged, lookup, udp))

    @staticmethod
    def _open(
        query: Query,
        packet: bytes,
        client: Client,
        rules: Rules,
        judged: Judged,
        lookup: Lookup,
        udp: bool,
    ) -> Open:
        """Return a query that waits, counted here and not in its task: a batch makes many coroutines before
        the first of them runs."""
        key = cache_key(judged.question, query.do, query.cd)
        first = not lookup.is_claimed(key)
        if first:
            lookup.claim(key)
        client.in_flight += first
        client.waiting += 1
        return Open(query, packet, client, client.plan, rules, judged, lookup, udp, first)

    async def _ask(self, asked: Open) -> bytes:
        query, client, rules = asked.query, asked.client, asked.rules
        try:
            found = await asked.lookup.find(cache_key(asked.judged.question, query.do, query.cd))
        except LookupFailed as failed:
            # Its rules may be former ones by now, whose clients nobody reads any more.
            group = client.group
            self.counts.of(group.school, group.name, group.tier.name)[Outcome.FAILED] += 1
            self.counts.answered[0] += 1
            self._watch(query, client, Outcome.FAILED, failed.ede[1])
            if client.logged:
                self._record(query, client, Outcome.FAILED)
            return error(query, RCode.SERVFAIL, failed.ede)
        finally:
            client.in_flight -= asked.first
            client.waiting -= 1
        if rules is self.rules and client.plan is asked.plan:
            return self._found(asked, found)
        return await self._judge_again(asked, found)

    async def _judge_again(self, asked: Open, found: Found) -> bytes:
        """Answer under the rules of now, not of then: a reload or a turn of plans has passed meanwhile."""
        query, rules = asked.query, self.rules
        client = rules.readmit(asked.client) if rules is not None else None
        if rules is None or client is None:
            return error(query, RCode.REFUSED)
        judged = judge_name(query, client, rules)
        if judged.ready is None and judged.question != asked.judged.question:
            # Another name is to be looked up now: a search engine's safe one, or no longer that.
            again = self._open(query, asked.packet, client, rules, judged, asked.lookup, asked.udp)
            return await self._ask(again)
        return self._found(asked._replace(client=client, rules=rules, judged=judged), found)

    def _found(self, asked: Open, found: Found) -> bytes:
        query, packet, client, _, rules, judged, _, udp, _ = asked
        now = self._clock()
        kept, stale = found
        ready = judged.ready or judge_answer(query, client, rules, judged, kept, now, stale)
        assert ready is not None  # noqa: S101 - with a kept answer there is always a judgement
        return self._finish(query, packet, client, rules, ready, now, udp)

    def _finish(
        self, query: Query, packet: bytes, client: Client, rules: Rules, ready: Ready, now: float, udp: bool
    ) -> bytes:
        limit = query.size if udp else None
        reply = render(query, ready.answer, ready.age, limit, ready.floor)
        rules.count(client, packet[2:], ready.outcome)
        if client.logged:
            self._record(query, client, rules.metering.outcome_of(ready.outcome))
        if len(self.asked) < NAMES_KEPT:
            self.asked.add(query.question[:-4])
        if self.watcher is not None:
            self._watch(query, client, rules.metering.outcome_of(ready.outcome), ready.reason)
        elif udp and query.plain and ready.until > now:
            entry = Entry(ready.until, len(reply), reply[2:], ready.outcome, client.bit, ready.origin)
            rules.front.put(packet[2:], client.seat, entry, now)
        return reply

    def _record(self, query: Query, client: Client, outcome: int) -> None:
        if self.recorder is not None:
            self.recorder(client.group.school, client.device, query.question[:-4], outcome)

    def _watch(self, query: Query, client: Client, outcome: int, reason: str) -> None:
        if self.watcher is not None:
            group = client.group
            self.watcher(
                Verdict(group.school, group.name, group.tier.name, query.name, query.qtype, outcome, reason)
            )
