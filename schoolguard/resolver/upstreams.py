"""Which upstream is asked next: the quickest that answers, with failing ones rested. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from schoolguard.settings import Endpoint

_SMOOTHING = 0.2
_REST_FIRST, _REST_MOST = 1.0, 60.0
_PROBE = 0.05
"""Share of questions that go first to another upstream than the quickest, so that estimates stay true."""


class Upstream:
    """One server: smoothed round-trip time and rest after failures, in seconds."""

    __slots__ = ("endpoint", "failures", "rest_until", "rtt")

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.rtt = 0.0
        self.failures = 0
        self.rest_until = 0.0

    def succeeded(self, seconds: float) -> None:
        """Take a measured round trip into the estimate and end any rest."""
        self.rtt = seconds if not self.rtt else self.rtt + _SMOOTHING * (seconds - self.rtt)
        self.failures = 0
        self.rest_until = 0.0

    def failed(self, now: float) -> None:
        """Rest the server: 1 s, doubled with each further failure to at most 60 s."""
        self.failures += 1
        self.rest_until = now + min(_REST_MOST, _REST_FIRST * 2 ** min(self.failures - 1, 6))


class UpstreamSet:
    """The servers in the order to try them."""

    def __init__(self, endpoints: Sequence[Endpoint], random: Callable[[], float]) -> None:
        self.servers = [Upstream(endpoint) for endpoint in endpoints]
        self._random = random

    def order(self, now: float) -> list[Upstream]:
        """Return every server, best first: awake before resting, then by round-trip time.

        A resting server is still there, last: with all of them failing, one that is back is found at once.
        """
        if len(self.servers) == 1:
            return self.servers
        ranked = sorted(self.servers, key=lambda s: (s.rest_until > now, s.rtt))
        if self._random() < _PROBE:
            at = 1 + int(self._random() * (len(ranked) - 1))
            ranked.insert(0, ranked.pop(at))
        return ranked
