"""What a headmaster asks about: a fixed set of services and sites, and what a plan makes of each.

It must not decide anything itself: ``policy.decide`` does, on the masks that it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from schoolguard.categories import ALLOWED, NEVER_BLOCK
from schoolguard.dns.names import search_key
from schoolguard.language import N_
from schoolguard.policy.budgets import Budget
from schoolguard.policy.decide import Decision, Rank, decide
from schoolguard.policy.evidence import bits_of, opened_or_closed
from schoolguard.policy.plans import Plan
from schoolguard.policy.rule import Rule
from schoolguard.policy.safe_search import YouTube

Masks = Callable[[str], int]
"""Search key -> what the lists say of it."""


class State(StrEnum):
    """What a pupil sees. ``SAFE``: an engine's safe twin; ``LIMITED``: open until a budget is used up."""

    OPEN = "open"
    SAFE = "safe"
    LIMITED = "limited"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to ask about: ``label`` is a message, ``names`` what a browser asks for first.

    It is closed when any of its names is.
    """

    id: str
    label: str
    names: tuple[str, ...]


PROBES = (
    Probe("zalo", "Zalo", ("zalo.me", "chat.zalo.me")),
    Probe("facebook", "Facebook", ("www.facebook.com", "m.facebook.com")),
    Probe("tiktok", "TikTok", ("www.tiktok.com",)),
    Probe("youtube", "YouTube", ("www.youtube.com", "m.youtube.com")),
    Probe("lien-quan", "Free Fire, Liên Quân", ("lienquan.garena.vn", "ff.garena.com")),
    Probe("game-site", N_("game sites (gamevui.vn)"), ("gamevui.vn",)),
    Probe("chatgpt", "ChatGPT", ("chatgpt.com",)),
    Probe("google", N_("Google search"), ("www.google.com", "www.google.com.vn")),
    Probe("google-docs", "Google Docs", ("docs.google.com",)),
    Probe("wikipedia", "Wikipedia", ("vi.wikipedia.org",)),
    Probe("olm", "olm.vn", ("olm.vn",)),
    Probe("vnedu", "vnedu.vn", ("vnedu.vn",)),
    Probe("azota", N_("azota.vn (exams)"), ("azota.vn",)),
    Probe("hotline-111", N_("help line 111"), ("tongdai111.vn",)),
    Probe("betting", N_("betting (fb88.com)"), ("fb88.com",)),
    Probe("adult", N_("adult sites (pornhub.com)"), ("pornhub.com",)),
    Probe("vpn", N_("VPN (nordvpn.com)"), ("nordvpn.com",)),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one plan makes of one probe, by the name that decided.

    ``rule`` is the one that decided, or that opened or closed the category which did. ``budget`` is the
    tightest one that covers an open probe; ``level`` YouTube's, when it is shown at one; ``trial`` says that
    what is on trial would turn it.
    """

    state: State
    decision: Decision
    rule: Rule | None = None
    budget: Budget | None = None
    level: YouTube = YouTube.OFF
    trial: bool = False


class Judge:
    """Judges every probe under a plan, each plan once."""

    def __init__(self, masks: Masks, probes: tuple[Probe, ...] = PROBES) -> None:
        self._asked = tuple(
            tuple((search_key(name), masks(search_key(name))) for name in probe.names) for probe in probes
        )
        # By identity: to hash a plan means to hash all its rules, and a year asks some ten thousand times.
        self._known: dict[int, tuple[Plan, tuple[Verdict, ...]]] = {}

    def verdicts(self, plan: Plan) -> tuple[Verdict, ...]:
        """Return the verdict on each probe, in their order."""
        known = self._known.get(id(plan))
        if known is None:
            known = plan, tuple(_worst(plan, names) for names in self._asked)
            self._known[id(plan)] = known
        return known[1]


def _worst(plan: Plan, names: tuple[tuple[str, int], ...]) -> Verdict:
    return max((_verdict(plan, key, mask) for key, mask in names), key=lambda each: _GRAVITY[each.state])


_GRAVITY: Mapping[State, int] = {state: place for place, state in enumerate(State)}


def _verdict(plan: Plan, key: str, mask: int) -> Verdict:
    decision = decide(plan, key, mask)
    rule = decision.rule or _of_category(plan, decision, mask)
    trial = plan.shadow is not None and decide(plan.shadow, key, mask).blocked != decision.blocked
    if decision.blocked:
        return Verdict(State.CLOSED, decision, rule, trial=trial)
    covering = [budget for budget in plan.budgets if budget.covers(key, mask)]
    budget = min(covering, key=lambda each: (each.minutes, each.id), default=None)
    youtube = plan.engines.youtube.get(plan.safe_search.youtube, {}).get(key)
    level = plan.safe_search.youtube if decision.redirect and decision.redirect == youtube else YouTube.OFF
    state = State.LIMITED if budget else State.SAFE if decision.redirect else State.OPEN
    return Verdict(state, decision, rule, budget, level, trial)


def _of_category(plan: Plan, decision: Decision, mask: int) -> Rule | None:
    """Return the rule that closed the category which decided, or that opened one of an open name's."""
    match decision.rank:
        case Rank.CATEGORY:
            bits = [decision.bit]
        case Rank.DEFAULT if not mask & ALLOWED:
            bits = bits_of(mask & ~NEVER_BLOCK)
        case _:
            return None
    rules = (opened_or_closed(plan, bit) for bit in bits)
    return next((rule for rule in rules if rule is not None), None)
