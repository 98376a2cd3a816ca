"""Who is let in and put out: codes, enrolments, changes of keys, revocations. Each is one transaction.

It must not believe a request's signatures without ``feed.enrolment`` having checked them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from schoolguard.feed.enrolment import Change, Enrolled, Request, gateway_id
from schoolguard.hub.feed.tables import writing
from schoolguard.language import N_, Said

CODE_LIFE = 7 * 86_400.0
"""Seconds that a code holds: it is read out, or sent by post to a commune."""

_SCHOOL = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?\Z")


class NotEnrolled(Said):
    """A request that is not granted; ``word`` names why for programs."""

    def __init__(self, word: str, msgid: str, **values: object) -> None:
        super().__init__(msgid, **values)
        self.word = word


class NoSuch(Said):
    """There is no such school, key or gateway here."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """What a revocation ended: gateways' ids, or keys in hexadecimal."""

    gateways: tuple[str, ...]
    keys: tuple[str, ...]


class Admission:
    """The tables of one file; ``connection`` may be shared with what stores, in the same thread, which is
    told by ``changed``.
    """

    def __init__(self, connection: sqlite3.Connection, changed: Callable[[], None]) -> None:
        self._connection = connection
        self._changed = changed

    def add_code(self, public: bytes, school: str, expires: float, maker: str, now: float) -> None:
        """Let a code's holder enrol one gateway for a school; a former code of it that was not used ends.

        Raises ``NoSuch`` for what can be no school's id, ``CannotKeep``.
        """
        if not _SCHOOL.match(school):
            raise NoSuch(N_("{school!r} can be no school's id"), school=school)
        with self._changing():
            self._connection.execute("DELETE FROM codes WHERE school = ? AND used IS NULL", (school,))
            row = (public, school, now, expires, maker)
            self._connection.execute(
                "INSERT INTO codes (public, school, made, expires, maker) VALUES (?, ?, ?, ?, ?)", row
            )

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with writing(self._connection):
            yield
        self._changed()

    def enrol(self, request: Request, receiver: bytes, now: float) -> Enrolled:
        """Enrol a gateway; the same request again has the same answer, and changes nothing.

        Raises ``NotEnrolled``, ``CannotKeep``.
        """
        with self._changing():
            school, used = self._school_of(request, now)
            gateway = self._gateway_of(request, now)
            if not used:
                self._use(request, gateway, school, now)
        return Enrolled(gateway, school, request.key, int(now), receiver)

    def _school_of(self, request: Request, now: float) -> tuple[str, bool]:
        query = "SELECT school, expires, used_by FROM codes WHERE public = ?"
        row = self._connection.execute(query, (request.code,)).fetchone()
        if row is None:
            raise NotEnrolled("unknown", N_("this code is not known here"))
        school, expires, used_by = row
        if used_by is not None and bytes(used_by) != request.key:
            raise NotEnrolled("used", N_("this code was used by another gateway; ask for a new one"))
        if used_by is None and now > expires:
            raise NotEnrolled("expired", N_("this code has expired; ask for a new one"))
        if school not in request.schools:
            msgid = N_("this code is for the school {school}, which this gateway does not serve")
            raise NotEnrolled("school", msgid, school=school)
        return school, used_by is not None

    def _gateway_of(self, request: Request, now: float) -> str:
        query = (
            "SELECT gateway, replaced, coalesce(keys.revoked, gateways.revoked) FROM keys"
            " JOIN gateways ON gateways.id = keys.gateway WHERE public = ?"
        )
        row = self._connection.execute(query, (request.key,)).fetchone()
        if row is None:
            gateway = gateway_id(request.key)
            values = (gateway, now, request.software)
            self._connection.execute("INSERT INTO gateways (id, added, software) VALUES (?, ?, ?)", values)
            self._connection.execute(
                "INSERT INTO keys (public, gateway, added) VALUES (?, ?, ?)", (request.key, gateway, now)
            )
            return gateway
        gateway, replaced, revoked = row
        if replaced is not None or revoked is not None:
            msgid = N_(
                "this gateway's key was revoked or changed; remove gateway.key, and enrol with a new one"
            )
            raise NotEnrolled("key", msgid)
        return str(gateway)

    def _use(self, request: Request, gateway: str, school: str, now: float) -> None:
        self._connection.execute(
            "UPDATE codes SET used = ?, used_by = ? WHERE public = ?", (now, request.key, request.code)
        )
        # Enrolled anew, its sequences may begin at 1 again: that is another stream.
        self._connection.execute(
            "INSERT INTO streams (gateway, school, added) VALUES (?, ?, ?)", (gateway, school, now)
        )

    def change_key(self, change: Change, now: float) -> str:
        """Let a gateway's new key take the old one's place; again, it changes nothing. Return its id.

        Raises ``NotEnrolled``, ``CannotKeep``.
        """
        with self._changing():
            known = {key: self._key(key) for key in (change.old, change.new)}
            old, new = known[change.old], known[change.new]
            if old is None or old[2] is not None:
                raise NotEnrolled("key", N_("the old key is not enrolled here"))
            if new is not None and new[0] == old[0] and old[1] is not None and new[2] is None:
                return str(old[0])
            if new is not None or old[1] is not None:
                raise NotEnrolled("key", N_("the old key was changed before, or the new one is taken"))
            self._connection.execute("UPDATE keys SET replaced = ? WHERE public = ?", (now, change.old))
            self._connection.execute(
                "INSERT INTO keys (public, gateway, added) VALUES (?, ?, ?)", (change.new, old[0], now)
            )
            return str(old[0])

    def _key(self, public: bytes) -> tuple[str, float | None, float | None] | None:
        query = (
            "SELECT gateway, replaced, coalesce(keys.revoked, gateways.revoked) FROM keys"
            " JOIN gateways ON gateways.id = keys.gateway WHERE public = ?"
        )
        row = self._connection.execute(query, (public,)).fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def revoke(self, what: str, now: float) -> Revoked:
        """Believe a key (64 hexadecimal digits), a gateway (its id) or all of a school no more.

        What is stored stays. A gateway that serves other schools too goes on for them when a school is named.
        Raises ``NoSuch``, ``CannotKeep``.
        """
        with self._changing():
            for found in (self._revoke_key(what, now), self._revoke_gateway(what, now), self._end(what, now)):
                if found.gateways or found.keys:
                    return found
        raise NoSuch(N_("{what!r} is no school, gateway or key that is enrolled here"), what=what)

    def _revoke_key(self, what: str, now: float) -> Revoked:
        if len(what) != 64 or not set(what) <= set("0123456789abcdef"):
            return Revoked((), ())
        query = "UPDATE keys SET revoked = ? WHERE public = ? AND revoked IS NULL"
        count = self._connection.execute(query, (now, bytes.fromhex(what))).rowcount
        return Revoked((), (what,) if count else ())

    def _revoke_gateway(self, what: str, now: float) -> Revoked:
        query = "UPDATE gateways SET revoked = ? WHERE id = ? AND revoked IS NULL"
        count = self._connection.execute(query, (now, what)).rowcount
        if count:
            self._connection.execute(
                "UPDATE streams SET ended = ? WHERE gateway = ? AND ended IS NULL", (now, what)
            )
        return Revoked((what,) if count else (), ())

    def _end(self, school: str, now: float) -> Revoked:
        query = "SELECT DISTINCT gateway FROM streams WHERE school = ? AND ended IS NULL"
        gateways = tuple(str(row[0]) for row in self._connection.execute(query, (school,)))
        self._connection.execute(
            "UPDATE streams SET ended = ? WHERE school = ? AND ended IS NULL", (now, school)
        )
        self._connection.execute("DELETE FROM codes WHERE school = ? AND used IS NULL", (school,))
        return Revoked(gateways, ())
