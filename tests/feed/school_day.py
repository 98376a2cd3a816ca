"""A day of a simulated boarding school, as workers would count it: who asked what in each period, then the
counts.

600 devices in four tiers. The numbers are meant to look like a school's, they were not measured in one:
about half of the devices speak in any five minutes of the day, a quarter at night; queries of a device in a
period are log-normal; each device has interests of its own, so that rare categories are of few devices.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import NamedTuple

from schoolguard.feed.model import Asked, Cell, Counted, ListVersion, Number, Span, Standing

BEGIN = 1_764_003_600 + 31_536_000
"""25 November 2026, 00:00 in Viet Nam, in Unix seconds."""

SCHOOL = "ptdtnt-thcs-thpt-so-1"
SIZES: Mapping[str, int] = {"thcs": 200, "thpt": 330, "staff": 50, "guest": 20}
HOURS = (*(0.25,) * 5, 0.4, *(0.6,) * 5, 0.8, 0.8, *(0.6,) * 4, *(0.85,) * 5, 0.6, 0.4)
"""How likely a device speaks in a period, by hour."""


class What(NamedTuple):
    """What one query is counted under."""

    outcome: str
    cause: str = ""
    bypass: str = ""
    shadow: str = ""


ALL_DAY: Mapping[What, float] = {
    What("allowed"): 70.0,
    What("local"): 2.0,
    What("stale"): 0.5,
    What("failed"): 0.6,
    What("safe-search"): 1.2,
    What("allowed", shadow="streaming"): 0.8,
    What("blocked", "ads"): 18.0,
    What("blocked", "malware"): 0.02,
}
SOME: Mapping[What, tuple[float, float]] = {
    # What, how much of a device's queries, and how many devices do so at all.
    What("blocked", "short-video"): (4.0, 0.6),
    What("blocked", "games"): (3.0, 0.45),
    What("blocked", "social"): (3.0, 0.5),
    What("blocked", "chat"): (1.5, 0.3),
    What("blocked", "ai-chat"): (1.0, 0.2),
    What("blocked", "rule"): (1.0, 0.15),
    What("blocked", "budget"): (2.0, 0.1),
    What("blocked", "adult"): (0.8, 0.08),
    What("blocked", "gambling"): (0.8, 0.04),
    What("blocked", "piracy"): (0.8, 0.06),
    What("blocked", "dating"): (0.5, 0.02),
    What("blocked", "self-harm"): (0.2, 0.008),
    What("blocked", "drugs"): (0.2, 0.005),
    What("blocked", "phishing"): (0.2, 0.03),
    What("blocked", "proxy-vpn", "proxy-vpn"): (1.0, 0.1),
    What("blocked", "encrypted-dns", "encrypted-dns"): (1.5, 0.3),
    What("blocked", "encrypted-dns", "alias"): (0.2, 0.05),
    What("blocked", "private-relay", "private-relay"): (1.0, 0.25),
    What("blocked", "canary", "canary"): (0.5, 0.15),
    What("blocked", "ddr", "ddr"): (0.8, 0.4),
    What("rebinding"): (0.05, 0.02),
}
LATENCY = (35, 20, 12, 6, 6, 8, 6, 4, 2, 0.6, 0.2, 0.1, 0.05, 0.05)
SERVICES = {
    "short-video": "tiktok",
    "games": "garena",
    "social": "facebook",
    "ai-chat": "chatgpt",
    "chat": "zalo",
}
NAMES = 60


@dataclass(frozen=True, slots=True)
class Visit:
    """What one device asked in one period: how many queries of each kind, and how many of each blocked
    name."""

    device: int
    tier: str
    asked: Mapping[What, int]
    names: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Period:
    """One period; ``number`` from 0."""

    number: int
    begin: int
    seconds: int
    visits: tuple[Visit, ...]


class Device:
    """One device with its own interests."""

    def __init__(self, number: int, tier: str, random: Random) -> None:
        self.number, self.tier = number, tier
        weights = dict(ALL_DAY)
        for what, (weight, share) in SOME.items():
            if random.random() < (share if tier in ("thcs", "thpt") else share / 10):
                weights[what] = weight * random.lognormvariate(0, 0.8)
        self._words = tuple(weights)
        self._weights = tuple(accumulate(weights.values()))
        self._busy = random.lognormvariate(2.4, 0.6)

    def visit(self, likely: float, random: Random) -> Visit | None:
        """Return what it asks in a period, ``None`` when it is silent."""
        if random.random() > likely:
            return None
        number = 1 + int(self._busy * random.lognormvariate(0, 0.8) * likely)
        asked = Counter(random.choices(self._words, cum_weights=self._weights, k=number))
        names: Counter[tuple[str, str]] = Counter()
        for what, times in asked.items():
            if what.outcome == "blocked":
                for _ in range(times):
                    at = min(NAMES - 1, int(random.paretovariate(0.9)))
                    names[f"name-{at}.{what.cause}.example", what.cause] += 1
        return Visit(self.number, self.tier, asked, names)


def school_day(
    seed: int,
    seconds: int = 300,
    sizes: Mapping[str, int] = SIZES,
    *,
    day: int = 0,
    hours: Collection[int] = range(24),
    every: int = 1,
) -> Iterator[Period]:
    """Yield one in ``every`` of the periods of these hours of one day, the same for the same arguments.

    The seed is the school: its devices and their interests are the same on all days.
    """
    random = Random(seed)
    tiers = [tier for tier, size in sizes.items() for _ in range(size)]
    devices = [Device(number, tier, random) for number, tier in enumerate(tiers)]
    if day:
        random = Random(f"{seed}/{day}")
    for number in range(86_400 // seconds):
        hour = number * seconds // 3600
        if hour not in hours or number % every:
            continue
        likely = HOURS[hour]
        visits = (device.visit(likely, random) for device in devices)
        yield Period(number, BEGIN + number * seconds, seconds, tuple(v for v in visits if v is not None))


def counted(period: Period, sequence: int, without: Collection[int] = ()) -> Counted:
    """Return a period's counts, as if the devices ``without`` had not been there."""
    visits = [visit for visit in period.visits if visit.device not in without]
    span = Span(sequence, period.begin, period.begin + period.seconds, period.seconds)
    return _counted(visits, span)


def day_counted(periods: Iterable[Period], sequence: int, without: Collection[int] = ()) -> Counted:
    """Return a whole day's counts, with services and names."""
    visits = [visit for period in periods for visit in period.visits if visit.device not in without]
    span = Span(sequence, BEGIN, BEGIN + 86_400, 86_400)
    return _counted(visits, span, names=True)


def _counted(visits: Iterable[Visit], span: Span, *, names: bool = False) -> Counted:
    sums: dict[object, int] = defaultdict(int)
    seen: dict[object, set[int]] = defaultdict(set)

    def add(key: object, times: int, device: int) -> None:
        sums[key] += times
        seen[key].add(device)

    for visit in visits:
        add("school", sum(visit.asked.values()), visit.device)
        add(("tier", visit.tier), 0, visit.device)
        for what, times in visit.asked.items():
            add(Cell(visit.tier, what.outcome, what.cause), times, visit.device)
            for kind, word in (("bypass", what.bypass), ("shadow", what.shadow)):
                if word:
                    add((kind, word), times, visit.device)
        for (name, cause), times in visit.names.items() if names else ():
            add(("names", name, cause), times, visit.device)
            if cause in SERVICES:
                add(("services", SERVICES[cause], cause), times, visit.device)
    numbers = {key: Number(sums[key], len(seen[key])) for key in sums}
    return _of(numbers, span)


def _of(numbers: Mapping[object, Number], span: Span) -> Counted:
    def under(kind: str) -> dict[str, Number]:
        return {key[1]: n for key, n in numbers.items() if type(key) is tuple and key[0] == kind}

    def asked(kind: str) -> tuple[Asked, ...]:
        found = [(key, n) for key, n in numbers.items() if type(key) is tuple and key[0] == kind]
        return tuple(Asked(key[1], key[2], n.queries, n.devices) for key, n in found)

    cells = {key: number for key, number in numbers.items() if isinstance(key, Cell)}
    total = numbers.get("school", Number(0, 0))
    random = Random(span.begin)
    latency = tuple(int(total.queries * share / 100 * random.uniform(0.8, 1.2)) for share in LATENCY)
    return Counted(
        SCHOOL,
        span,
        cells,
        total.devices,
        {tier: number.devices for tier, number in under("tier").items()},
        under("bypass"),
        under("shadow"),
        latency=latency,
        passes=12 if span.seconds > 80_000 else 0,
        budgets_used_up=31 if span.seconds > 80_000 else 0,
        services=asked("services"),
        names=asked("names"),
    )


STANDING = Standing(
    software="0.1.0",
    policy="3f9a" * 16,
    started=BEGIN - 400_000,
    lists=tuple(
        ListVersion(f"list-{at}", f"{at:02x}" * 32, 10_000 * at, BEGIN - 3_600 * at) for at in range(1, 26)
    ),
    groups=18,
    listeners=4,
)
