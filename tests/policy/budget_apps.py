"""Applications and phones as models: when an application opens connections, and which of them become queries.

Nothing here was fitted to a measurement of Vietnamese pupils, for there is none; the parameters are wide on
purpose, and each says where it comes from. There is no traffic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

KEEP_ALIVE = (5.0, 15.0, 60.0, 75.0, 180.0, 300.0)
"""Seconds after which an idle HTTP connection is closed: servers' and clients' usual defaults (Apache 5,
nginx 75, load balancers 60, OkHttp's pool and Chromium 300)."""


@dataclass
class Phone:
    """A device's resolver cache, and its connections to the names of one budget.

    ``holds`` are seconds for which an application keeps an address whatever its TTL was (Java: 30).
    """

    ttl: float
    holds: float
    keep_alive: float
    queries: list[float] = field(default_factory=list)
    _cached: dict[str, float] = field(default_factory=dict)
    _open: dict[str, float] = field(default_factory=dict)

    def resolve(self, at: float, name: str) -> None:
        """Open a connection to a name: a query, unless the answer is still cached."""
        if at >= self._cached.get(name, 0.0):
            self.queries.append(at)
            self._cached[name] = at + max(self.ttl, self.holds)

    def request(self, at: float, name: str) -> None:
        """Send something over an open connection, or over a new one when there is none."""
        if at >= self._open.get(name, 0.0):
            self.resolve(at, name)
        self._open[name] = at + self.keep_alive

    def lose_network(self) -> None:
        """Close all connections; Android and iOS empty their cache with a new network."""
        self._open.clear()
        self._cached.clear()


App = Callable[[Random, Phone, float, float], None]
"""Plays an application on a phone from one moment to another."""


def every(rng: Random, begin: float, end: float, mean: float, least: float = 0.0) -> Iterator[float]:
    """Yield moments, ``mean`` seconds apart with an exponential spread, never less than ``least``."""
    at = begin + rng.expovariate(1 / mean)
    while at < end:
        yield at
        at += max(least, rng.expovariate(1 / mean))


def opening(rng: Random, phone: Phone, begin: float, end: float) -> None:
    """Start an application: version, log-in, patches, notices over the first 20 to 90 seconds."""
    for number in range(rng.randint(3, 8)):
        at = begin + rng.uniform(0, rng.uniform(20, 90))
        if at < end:
            phone.request(at, f"start{number}")


def roaming(rng: Random, begin: float, end: float) -> list[float]:
    """Return when the network is lost and found: school Wi-Fi, once in 40 minutes."""
    return list(every(rng, begin, end, 2400))


def merged(*events: Iterable[tuple[float, str]]) -> list[tuple[float, str]]:
    """Return the moments of several event lists in order."""
    return sorted(event for each in events for event in each)


def play(phone: Phone, events: Iterable[tuple[float, str]]) -> None:
    """Run events: ``!`` is a lost network, ``=name`` a new connection in any case, else a request."""
    for at, name in events:
        if name == "!":
            phone.lose_network()
        elif name.startswith("="):
            phone.resolve(at, name[1:])
        else:
            phone.request(at, name)


def match_game(rng: Random, phone: Phone, begin: float, end: float) -> None:
    """Rounds of 8 to 25 minutes over one connection to a bare address, and a lobby of 1 to 4 minutes between.

    The lobby asks its servers every 15 s or so. In a round nothing resolves names but telemetry, once in 1 to
    8 minutes, and on three devices of ten not even that.
    """
    opening(rng, phone, begin, end)
    silent = rng.random() < 0.3
    telemetry = rng.uniform(60, 480)
    events: list[tuple[float, str]] = [(at, "!") for at in roaming(rng, begin, end)]
    events += [(at + 1, "=login") for at, _ in list(events)]
    at = begin
    while at < end:
        lobby = min(end, at + rng.uniform(60, 240))
        events += [(t, f"lobby{rng.randrange(4)}") for t in every(rng, at, lobby, 15)]
        over = min(end, lobby + rng.uniform(480, 1500))
        if not silent:
            events += [(t, "telemetry") for t in every(rng, lobby, over, telemetry, 20)]
        at = over
    play(phone, merged(events))


def long_game(rng: Random, phone: Phone, begin: float, end: float) -> None:
    """One world without rounds: pictures and shop every 3 minutes, telemetry once in 1 to 10 minutes."""
    opening(rng, phone, begin, end)
    lost = roaming(rng, begin, end)
    play(
        phone,
        merged(
            ((at, "!") for at in lost),
            ((at + 1, "=login") for at in lost),
            ((at, f"assets{rng.randrange(3)}") for at in every(rng, begin, end, 180)),
            ((at, "telemetry") for at in every(rng, begin, end, rng.uniform(60, 600), 20)),
        ),
    )


def browser_game(rng: Random, phone: Phone, begin: float, end: float) -> None:
    """Games on a site: a new one every 3 to 15 minutes from its own name, a beacon once a minute or two."""
    opening(rng, phone, begin, end)
    change = rng.uniform(180, 900)
    play(
        phone,
        merged(
            ((at, f"game{int(at)}") for at in every(rng, begin, end, change, 60)),
            ((at, "site") for at in every(rng, begin, end, change, 60)),
            ((at, "beacon") for at in every(rng, begin, end, rng.uniform(45, 150), 10)),
        ),
    )


def video(rng: Random, phone: Phone, begin: float, end: float) -> None:
    """Videos of half a minute to 12 minutes; each from one of 60 names, its pictures from 6."""
    opening(rng, phone, begin, end)
    length = rng.choice((30, 45, 240, 720))
    play(
        phone,
        merged(
            ((at, f"video{rng.randrange(60)}") for at in every(rng, begin, end, length, 8)),
            ((at, f"pictures{rng.randrange(6)}") for at in every(rng, begin, end, max(60, length / 2), 5)),
        ),
    )


def social(rng: Random, phone: Phone, begin: float, end: float) -> None:
    """Scrolling: something every 12 s or so, from 25 names, mostly over connections that are open."""
    opening(rng, phone, begin, end)
    play(phone, ((at, f"cdn{int(rng.triangular(0, 25, 0))}") for at in every(rng, begin, end, 12)))


def pocket(rng: Random, phone: Phone, begin: float, end: float) -> None:
    """Nobody looks: the application wakes once in 15 to 60 minutes, with one to three requests in a minute.

    An Android application may not wake more than once in 9 minutes on an idle phone.
    """
    for at in every(rng, begin, end, rng.uniform(900, 3600), 540):
        for number in range(rng.randint(1, 3)):
            phone.request(at + rng.uniform(0, 20), f"poll{number}")


def restless(rng: Random, phone: Phone, begin: float, end: float) -> None:
    """Nobody looks, but the application has a service that never sleeps and connects every 3 to 8 minutes."""
    for at in every(rng, begin, end, rng.uniform(180, 480), 60):
        phone.resolve(at, "poll")


USES: dict[str, App] = {
    "game in rounds": match_game,
    "game without rounds": long_game,
    "browser games": browser_game,
    "video": video,
    "social": social,
}
IDLE: dict[str, App] = {"phone in the pocket": pocket, "restless application": restless}
