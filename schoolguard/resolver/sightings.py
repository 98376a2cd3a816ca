"""Which devices were seen at what, as keyed hashes, to count distinct ones by. No address leaves it.

The key is the control process' and lasts a day, in memory only; so a *token* says that two sightings are of
the same device today, and nothing else. Names are noted only for what was blocked, beside a token.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

MAX_TOKENS = 40_000
MAX_TOLD = 100_000
"""Devices told in one period, each once for each outcome: 2,000 devices make some ten thousand. Who forges
addresses would else fill the memory. What is over is not told: a number is too low, never too high."""

MAX_NAMES = 2_000
"""Blocked names noted in one report; a whole school asks for some dozen a second."""

NEVER = 1 << 30
"""No outcome is as high: nothing is noted."""

FIRST_NOTED = 8
"""The lowest outcome of a blocked query (``Outcome.BLOCKED``)."""

_NAME_AT = 10
"""Where the question stands in a packet without its ID."""


class At(NamedTuple):
    """Where a device was seen: its school, its tier, and the outcome's number."""

    school: str
    tier: str
    outcome: int


class Blocked(NamedTuple):
    """A blocked name (lower-case wire shape): how often it was asked, and the tokens of those who did."""

    at: At
    name: bytes
    queries: int
    tokens: tuple[int, ...]


class Sightings:
    """What was seen since the last report.

    ``note_from`` is the lowest outcome whose names are noted: read on the hot path, ``NEVER`` when none are.
    ``period`` is the number of the period that it all belongs to.
    """

    def __init__(self) -> None:
        self.note_from = NEVER
        self.crowded = 0
        self._key = b""
        self.period = -1
        self._tokens: dict[bytes, int] = {}
        self._told: set[tuple[At, int]] = set()
        self._new: dict[At, list[int]] = {}
        self._names: dict[tuple[At, bytes], tuple[int, set[int]]] = {}

    def begin(self, key: bytes, period: int, names: bool) -> None:
        """Count devices anew for this period under this key; ``names``: whether blocked names are noted."""
        if key != self._key:
            self._tokens.clear()
            self._names.clear()
            self._new.clear()
        if (key, period) != (self._key, self.period):
            self._told.clear()
        self._key, self.period = key, period
        self.note_from = FIRST_NOTED if names else NEVER

    def saw(self, at: At, device: bytes) -> None:
        """Take a device that was answered like that."""
        if not self._key:
            return
        token = self._token(device)
        if (at, token) not in self._told and len(self._told) < MAX_TOLD:
            self._told.add((at, token))
            self._new.setdefault(at, []).append(token)

    def saw_name(self, at: At, packet: bytes, device: bytes, queries: int) -> None:
        """Take a blocked query; ``packet`` is what follows its ID, which was parsed before."""
        if not self._key:
            return
        name = question_name(packet)
        noted = self._names.get((at, name))
        if noted is None:
            if len(self._names) >= MAX_NAMES:
                self.crowded += queries
                return
            noted = 0, set()
        before, tokens = noted
        tokens.add(self._token(device))
        self._names[at, name] = before + queries, tokens

    def take(self) -> tuple[tuple[tuple[At, tuple[int, ...]], ...], tuple[Blocked, ...]]:
        """Return the devices not told before in this period, and the names since the last call."""
        devices = tuple((at, tuple(tokens)) for at, tokens in self._new.items())
        names = tuple(Blocked(at, name, n, tuple(ts)) for (at, name), (n, ts) in self._names.items())
        self._new, self._names = {}, {}
        return devices, names

    def _token(self, device: bytes) -> int:
        token = self._tokens.get(device)
        if token is None:
            if len(self._tokens) >= MAX_TOKENS:
                self._tokens.clear()
            token = token_of(device, self._key)
            self._tokens[device] = token
        return token


def token_of(device: bytes, key: bytes) -> int:
    """Return a device's token: its MAC, else its address, hashed with the day's key."""
    return int.from_bytes(blake2b(device, digest_size=8, key=key).digest())


def question_name(packet: bytes) -> bytes:
    """Return a parsed query's name in lower-case wire shape; ``packet`` is what follows the ID."""
    end = _NAME_AT
    while packet[end]:
        end += packet[end] + 1
    return packet[_NAME_AT : end + 1].lower()  # lengths are below 64, so only letters change
