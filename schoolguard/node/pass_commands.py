"""``pass-grant``, ``pass-list`` and ``pass-revoke`` on the gateway's side of the control socket.

They turn what was typed into a pass, let the book write it down, and have it put in force in all workers
before they answer. What a pass may open is not decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from schoolguard.language import N_, Said
from schoolguard.node.commands import Arguments, Taking
from schoolguard.node.local_time import VIET_NAM, next_clock
from schoolguard.node.pass_model import Issued, Pass, PassRefused
from schoolguard.node.pass_scope import opened, scope_of
from schoolguard.node.passes import PassBook
from schoolguard.node.typed import clock, device_text, duration
from schoolguard.settings import Settings

ITSELF = "schoolguard"
"""Who takes a pass back that the workers did not take."""


class PassCommands:
    """The commands on one book.

    ``settings`` and ``services`` (id -> names) return what is in force; ``apply`` puts the passes in force in
    all workers, or raises ``Said``; ``clock`` returns Unix seconds.
    """

    def __init__(
        self,
        book: PassBook,
        settings: Callable[[], Settings],
        services: Callable[[], Mapping[str, Collection[str]]],
        apply: Callable[[], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        self._book = book
        self._settings = settings
        self._services = services
        self._apply = apply
        self._now = clock
        self._changing = asyncio.Lock()

    def commands(self) -> dict[str, Taking]:
        """Return the commands by name, for ``CommandServer``."""
        return {
            "pass-grant": Taking(self.grant),
            "pass-list": Taking(self.list_),
            "pass-revoke": Taking(self.revoke),
        }

    async def grant(self, arguments: Arguments) -> dict[str, Any]:
        """Grant a pass; raises ``Said`` when it is refused, and then nothing is in force."""
        async with self._changing:
            now = self._now()
            asked = self._asked(arguments, now)
            granted = await asyncio.to_thread(self._book.grant, asked, now)  # a slow disk must stop nobody
            try:
                await self._apply()
            except Said as error:
                reason = "the workers did not take it"
                await asyncio.to_thread(self._book.revoke, granted.id, ITSELF, reason, now)
                raise Said(N_("the pass cannot be put in force: {reason}"), reason=error) from error
        return {"ok": True, "now": now, "pass": self._told(Issued(granted), now)}

    async def revoke(self, arguments: Arguments) -> dict[str, Any]:
        """End a pass before its time; raises ``Said`` when there is none, or it cannot be written down."""
        id, by, reason = (_text(arguments, name) for name in ("id", "by", "reason"))
        async with self._changing:
            now = self._now()
            revoked = await asyncio.to_thread(self._book.revoke, id, by, reason, now)
            try:
                await self._apply()
            except Said as error:
                msgid = N_("the pass is revoked, but still in force: {reason}; type: schoolguard reload")
                raise Said(msgid, reason=error) from error
        return {"ok": True, "now": now, "pass": self._told(self._issued(revoked), now)}

    async def list_(self, arguments: Arguments) -> dict[str, Any]:
        """Return the passes in force, with ``all`` every one; raises ``Said`` when the log is broken."""
        if self._book.broken is not None:
            raise self._book.broken
        now = self._now()
        every = arguments.get("all") is True
        passes = [self._told(each, now) for each in self._book.issued() if every or each.holds(now)]
        return {"ok": True, "now": now, "passes": passes}

    def _asked(self, arguments: Arguments, now: float) -> Pass:
        settings = self._settings()
        school, group, device = (_text_or_none(arguments, name) for name in ("school", "group", "device"))
        scope = scope_of(settings.schools, school, group, device)
        what = opened(_texts(arguments, "allow"), settings.categories, self._services())
        by, reason = _text(arguments, "by"), _text(arguments, "reason")
        until = _until(_text_or_none(arguments, "for"), _text_or_none(arguments, "until"), now)
        return Pass(
            "",
            scope.school,
            scope.group,
            scope.device,
            what.targets,
            what.names,
            what.services,
            what.categories,
            int(now),
            until,
            by,
            reason,
        )

    def _issued(self, granted: Pass) -> Issued:
        return next(each for each in self._book.issued() if each.granted.id == granted.id)

    def _told(self, issued: Issued, now: float) -> dict[str, Any]:
        granted, revoked = issued.granted, issued.revoked
        return {
            "id": granted.id,
            "state": _state(issued, now),
            "school": granted.school,
            "group": granted.group,
            "device": None if granted.device is None else device_text(granted.device),
            "allow": list(granted.targets),
            "from": _moment(granted.start),
            "until": _moment(granted.until),
            "seconds_left": max(0, int(granted.until - now)) if issued.holds(now) else 0,
            "by": granted.by,
            "reason": granted.reason,
            "revoked": None
            if revoked is None
            else {"time": _moment(revoked.time), "by": revoked.by, "reason": revoked.reason},
        }


def _state(issued: Issued, now: float) -> str:
    if issued.revoked is not None:
        return "revoked"
    if issued.holds(now):
        return "in-force"
    return "ended" if issued.granted.until <= now else "not-begun"


def _until(lasting: str | None, at: str | None, now: float) -> float:
    if lasting is not None and at is None:
        return now + duration(lasting)
    if at is not None and lasting is None:
        return next_clock(*clock(at), now)
    raise PassRefused(N_("name either --for or --until"))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, VIET_NAM).isoformat()


def _text(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str):
        raise PassRefused(N_("the argument {name} must be a text"), name=name)
    return value


def _text_or_none(arguments: Arguments, name: str) -> str | None:
    return None if arguments.get(name) is None else _text(arguments, name)


def _texts(arguments: Arguments, name: str) -> tuple[str, ...]:
    values = arguments.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise PassRefused(N_("the argument {name} must be a list of texts"), name=name)
    return tuple(values)
