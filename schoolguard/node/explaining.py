"""Why a name is answered as it is, for one client: the policy's explanation and the very reply it would get.

The reply comes from the resolver itself, so that what is explained is what happens. It changes nothing in a
running gateway.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from dnslib import DNSRecord

from schoolguard.dns.names import key_of_wire, search_key, to_wire
from schoolguard.dns.rr import CLASS_IN, RCode, RRType, type_name
from schoolguard.dns.upstream import build_query
from schoolguard.language import LANGUAGES, N_, Said, Translate, translator
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from schoolguard.node.compiling import Compiler
from schoolguard.policy.clients import Clients
from schoolguard.policy.explain import Explanation, as_dict, explain
from schoolguard.policy.model import Group, School, plan_of
from schoolguard.policy.screen import lines
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.lookup import Lookup, LookupFailed, cache_key
from schoolguard.resolver.resolver import Resolver
from schoolguard.resolver.rules import Rules
from schoolguard.settings import Settings

_OPTION_EDE = 15


class NotServed(Said):
    """The client's address is in no group: every query of it is answered with REFUSED."""


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation, those of the names it leads to, and the reply (``None`` when not asked for)."""

    client: str
    school: School
    group: Group
    qtype: int
    explanation: Explanation
    targets: tuple[Explanation, ...]
    reply: bytes | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        plan = {
            "school": self.school.id,
            "group": self.group.name,
            "tier": self.group.tier.name,
            "block_answer": self.group.blocking.answer.value,
        }
        return {
            "client": self.client,
            "plan": plan,
            "type": type_name(self.qtype),
            **as_dict(self.explanation),
            "targets": [as_dict(target) for target in self.targets],
            "answer": None if self.reply is None else _answer_dict(self.reply),
        }


async def explain_name(settings: Settings, name: str, qtype: int, address: bytes, offline: bool) -> Explained:
    """Return why ``name`` is answered as it is; raises ``NotServed`` and ``SnapshotBroken``.

    ``offline`` leaves out what needs an upstream: the answer to an allowed name and where it leads.
    """
    client = str(ip_address(address))
    group = Clients(settings.schools).group_of(address)
    if group is None:
        msgid = N_("{client} is in no group, so its queries get REFUSED; served are: {networks}")
        raise NotServed(msgid, client=client, networks=_networks(settings))
    stack = Stack([Snapshot.open(Compiler(settings.paths.state).folder)])
    explanation = _explain(settings, stack, group, search_key(name), qtype)
    school = next(school for school in settings.schools if group in school.groups)
    targets: tuple[Explanation, ...] = ()
    reply = None
    if not offline or explanation.decision.blocked:
        found, reply = await _ask(settings, stack, to_wire(name), qtype, address, explanation)
        targets = tuple(_explain(settings, stack, group, key, qtype) for key in found)
    return Explained(client, school, group, qtype, explanation, targets, reply)


def _explain(settings: Settings, stack: Stack, group: Group, key: str, qtype: int) -> Explanation:
    hits = stack.hits(key, qtype)
    return explain(plan_of(group), key, stack.mask(key, qtype), hits, settings.categories)


async def _ask(
    settings: Settings, stack: Stack, name: bytes, qtype: int, address: bytes, explanation: Explanation
) -> tuple[list[str], bytes | None]:
    """Return the keys that the name leads to, and the reply."""
    counts, clock = Counts(), asyncio.get_running_loop().time
    lookup = Lookup(settings, counts, clock, random.SystemRandom().random)
    resolver = Resolver(counts, clock)
    resolver.apply(Rules(settings, stack, counts, {each: translator(each) for each in LANGUAGES}), lookup)
    question = name + qtype.to_bytes(2) + CLASS_IN.to_bytes(2)
    targets: list[str] = []
    if not explanation.decision.blocked:
        try:
            kept, _ = await lookup.find(cache_key(question, False, False))
            targets = [key_of_wire(target) for target in kept.targets]
        except LookupFailed:
            pass  # the reply below says so to the reader, as it does to the client
    packet = build_query(question, secrets.randbits(16), False, False, None)
    reply = resolver.reply(packet, address, udp=False)
    return targets, await reply if asyncio.iscoroutine(reply) else reply


def _networks(settings: Settings) -> str:
    shown = [str(net) for school in settings.schools for group in school.groups for net in group.networks]
    return ", ".join(shown[:12]) + (f" +{len(shown) - 12}" if len(shown) > 12 else "")


def explained_lines(explained: Explained, translate: Translate) -> list[str]:
    """Return it for people: one screen."""
    _ = translate
    group, tier = explained.group, explained.group.tier
    label = tier.label_vi if _("label_en") == "label_vi" else tier.label_en
    who = _("{client} is in group {group} ({tier}) of {school}, {commune}").format(
        client=explained.client,
        group=group.name,
        tier=label,
        school=explained.school.name,
        commune=explained.school.commune,
    )
    out = [who, *lines(explained.explanation, translate)]
    for target in explained.targets:
        out.append(_("It leads to:") + " " + lines(target, translate)[0])
    if explained.reply is None:
        return [*out, _("Answer: whatever the upstream says (left out: --offline)")]
    answer = _answer_dict(explained.reply)
    out.append(_("Answer:") + f" {answer['rcode']}")
    out += [f"   {record}" for record in answer["records"]]
    if answer["ede"]:
        out.append(f"   EDE {answer['ede']['code']}: {answer['ede']['text']}")
    return out


def _answer_dict(reply: bytes) -> dict[str, Any]:
    record = DNSRecord.parse(reply)
    ede = _ede_in(record)
    return {
        "rcode": RCode(record.header.rcode).name,
        "records": [str(rr) for rr in (*record.rr, *record.auth)],
        "ede": None if ede is None else {"code": ede[0], "text": ede[1]},
    }


def _ede_in(record: DNSRecord) -> tuple[int, str] | None:
    for rr in record.ar:
        for option in rr.rdata if rr.rtype == RRType.OPT else ():
            if option.code == _OPTION_EDE:
                return int.from_bytes(option.data[:2]), option.data[2:].decode()
    return None
