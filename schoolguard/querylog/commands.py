"""Looks into the query log and what else people do with it: allowed or not, written down, then done.

It must not show a row before the look stands in the audit log. What is written there holds pseudonyms: an
address beside a name would be the very record that the log is made to do without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from schoolguard.language import N_, Said
from schoolguard.querylog.arguments import (
    NotAllowed,
    day_in,
    device_in,
    name_in,
    number,
    text_or_none,
    who_and_why,
)
from schoolguard.querylog.asking import Arguments, Command
from schoolguard.querylog.finding import Wanted
from schoolguard.querylog.model import Terms, day_of, day_text
from schoolguard.querylog.peer import Peer
from schoolguard.querylog.querylog import QueryLog
from schoolguard.querylog.schema import Damaged
from schoolguard.querylog.statement import statement
from schoolguard.querylog.store import StoreFailed
from schoolguard.querylog.switching import Audit

SEARCH, DEVICES, ERASE = "query-log-search", "query-log-devices", "query-log-erase"
MOST_FOUND = 10_000


class LogCommands:
    """The commands on one gateway's log.

    ``identities`` returns what else a device (MAC or packed address) is known by now, itself among it;
    ``name_of`` turns a school's id into its name.
    """

    def __init__(
        self,
        log: QueryLog,
        audit: Audit,
        identities: Callable[[bytes], Iterable[bytes]],
        name_of: Callable[[str], str],
    ) -> None:
        self._log = log
        self._audit = audit
        self._identities = identities
        self._name_of = name_of

    def commands(self) -> dict[str, Command]:
        """Return the commands by name, for ``LogServer``."""
        looks: dict[str, Command] = {"status": self.status, "search": self.search, "devices": self.devices}
        return looks | {"erase": self.erase, "end": self.end}

    async def status(self, peer: Peer, arguments: Arguments) -> dict[str, Any]:
        """Return what is kept and why, which anybody may know; no row is looked at."""
        return {
            "ok": True,
            "on": [_told(each) for each in self._log.on],
            "dropped": self._log.dropped,
            "pruned": self._log.pruned,
            "statement": list(statement(self._log.on, self._name_of)),
        }

    async def search(self, peer: Peer, arguments: Arguments) -> dict[str, Any]:
        """Return rows; raises ``Said``."""
        by, reason = who_and_why(arguments)
        schools = self._schools(peer, arguments, readers=True)
        devices, called = self._devices(arguments)
        name, day = name_in(arguments), day_in(arguments)
        most = number(arguments, "most", 1, MOST_FOUND, 200)
        wanted = Wanted(schools, None, name, day, arguments.get("blocked") is True, most)
        asked = {"name": name, "day": None if day is None else day_text(day), "blocked": wanted.blocked}
        fields = {key: value for key, value in asked.items() if value}
        await self._write_down(
            SEARCH, peer, by, reason, schools, fields | self._named(schools, devices, called)
        )
        found = await _stored(self._log.find(wanted, devices, called))
        return {"ok": True, "now": self._log.now(), "found": [each._asdict() for each in found]}

    async def devices(self, peer: Peer, arguments: Arguments) -> dict[str, Any]:
        """Return the pseudonyms of each day, with how many queries there are; raises ``Said``."""
        by, reason = who_and_why(arguments)
        schools = self._schools(peer, arguments, readers=True)
        await self._write_down(DEVICES, peer, by, reason, schools, {})
        found = await _stored(self._log.devices(schools, MOST_FOUND))
        return {"ok": True, "now": self._log.now(), "devices": [each._asdict() for each in found]}

    async def erase(self, peer: Peer, arguments: Arguments) -> dict[str, Any]:
        """Remove all that is kept of one device, everywhere it is kept; raises ``Said``."""
        by, reason = who_and_why(arguments)
        schools = self._schools(peer, arguments, readers=False)
        devices, called = self._devices(arguments)
        if not devices and not called:
            raise NotAllowed(N_("say which device is to be erased"))
        named = self._named(schools, devices, called)
        await self._write_down(ERASE, peer, by, reason, schools, named)
        return {"ok": True, "erased": await _stored(self._log.erase(schools, devices, called))}

    async def end(self, peer: Peer, arguments: Arguments) -> dict[str, Any]:
        """End the log of one school, or the only one; raises ``Said``."""
        by, reason = who_and_why(arguments)
        schools = self._schools(peer, arguments, readers=False)
        if len(schools) > 1:
            msgid = N_("several schools keep a query log; add --school, one of: {schools}")
            raise NotAllowed(msgid, schools=", ".join(schools))
        terms = next(each for each in self._log.on if each.school == schools[0])
        await self._log.end(terms, by, {"why": reason, **_user(peer)})
        return {"ok": True, "school": terms.school}

    def _schools(self, peer: Peer, arguments: Arguments, readers: bool) -> tuple[str, ...]:
        """Return the schools that a user may look at, or the one named; raises ``NotAllowed``."""
        school = text_or_none(arguments, "school")
        logs = [each for each in self._log.on if school in (None, each.school)]
        may = [each for each in logs if peer.operates or (readers and peer.is_in(each.readers))]
        if may:
            return tuple(each.school for each in may)
        if not peer.operates:
            msgid = N_("user {user} may not do this; the gateway's user and root may, and the readers named")
            raise NotAllowed(msgid, user=peer.name)
        if school is not None and self._log.on:
            known = ", ".join(each.school for each in self._log.on)
            raise NotAllowed(N_("{school} keeps no query log; these do: {known}"), school=school, known=known)
        raise NotAllowed(N_("no query log is kept"))

    def _devices(self, arguments: Arguments) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """Return the device meant by all its names, and the pseudonym meant; either may be none."""
        device, called = device_in(arguments)
        known = () if device is None else tuple(dict.fromkeys((device, *self._identities(device))))
        return known, () if called is None else (called,)

    def _named(
        self, schools: Sequence[str], devices: Sequence[bytes], called: Sequence[bytes]
    ) -> dict[str, list[str]]:
        """Return the pseudonyms for the audit log."""
        names = [*self._log.called(schools, devices), *(each.hex() for each in called)]
        return {"devices": names} if devices or called else {}

    async def _write_down(
        self,
        action: str,
        peer: Peer,
        by: str,
        reason: str,
        schools: Sequence[str],
        fields: Mapping[str, Any],
    ) -> None:
        entry = {"schools": list(schools), "reason": reason, **fields, **_user(peer)}
        await asyncio.to_thread(self._audit, action, by, self._log.now(), entry)


async def _stored(work: Any) -> Any:
    try:
        return await work
    except (StoreFailed, Damaged) as error:
        raise Said(N_("the query log cannot be read or changed: {problem}"), problem=error) from error


def _user(peer: Peer) -> dict[str, Any]:
    """Return who the kernel says it was, beside the name that he gave."""
    return {"user": peer.name, "uid": peer.uid}


def _told(terms: Terms) -> dict[str, Any]:
    return {
        "school": terms.school,
        "groups": list(terms.groups),
        "reason": terms.reason,
        "requested_by": terms.requested_by,
        "first_day": day_text(day_of(terms.begins)),
        "last_day": day_text(day_of(terms.ends - 1)),
        "days": terms.days,
        "readers": terms.readers,
    }
