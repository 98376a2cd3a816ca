"""Tokens with which dashboards read: made once, shown once, kept as hashes. They change nothing anywhere."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from schoolguard.hub.feed.tables import writing
from schoolguard.language import N_, Said

PREFIX = "sgf_"
"""So that a token that went astray can be found by those who look for such."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z")
_LONGEST = 200


class Scope(StrEnum):
    """What a token's holder may read."""

    STATUS = "status"
    """Which school sent what until when, and gaps."""

    SUMMARIES = "summaries"
    """The documents themselves."""


class BadToken(Said):
    """A token cannot be made or ended."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A token as it is shown; times are Unix seconds."""

    name: str
    scopes: frozenset[Scope]
    made: float
    expires: float


class Tokens:
    """The tokens of one file; ``connection`` may be one that only reads, unless tokens are made or ended."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, name: str, scopes: Sequence[Scope], expires: float, entropy: bytes, now: float) -> str:
        """Make a token and return it; ``entropy`` are 32 random bytes.

        Raises ``BadToken``, ``CannotKeep``.
        """
        if not _NAME.match(name):
            raise BadToken(N_("a token's name has small letters, digits and hyphens, at most 40"))
        token = PREFIX + entropy.hex()
        row = (_digest(token), name, " ".join(sorted(set(scopes))), now, expires)
        with writing(self._connection):
            query = "INSERT INTO tokens VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
            if not self._connection.execute(query, row).rowcount:
                raise BadToken(N_("there is a token {name} already; revoke it first"), name=name)
        return token

    def remove(self, name: str) -> None:
        """End a token; raises ``BadToken``, ``CannotKeep``."""
        with writing(self._connection):
            if not self._connection.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount:
                raise BadToken(N_("there is no token {name}"), name=name)

    def all(self) -> list[Holder]:
        """Return the tokens, by name."""
        query = "SELECT name, scopes, made, expires FROM tokens ORDER BY name"
        return [_holder(row) for row in self._connection.execute(query)]

    def holder(self, token: str, now: float) -> Holder | None:
        """Return whose token it is, None for one that is not known or has expired.

        The hash is looked up, not compared: what the time of a look-up tells is about the hash.
        """
        if len(token) > _LONGEST:
            return None
        query = "SELECT name, scopes, made, expires FROM tokens WHERE digest = ? AND expires > ?"
        row = self._connection.execute(query, (_digest(token), now)).fetchone()
        return None if row is None else _holder(row)


def _digest(token: str) -> bytes:
    """Return what is kept of a token; it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _holder(row: tuple[str, str, float, float]) -> Holder:
    return Holder(row[0], frozenset(map(Scope, row[1].split())), row[2], row[3])
