"""A query log in this process, with a clock and a device of the test's own, and a real audit log."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from schoolguard.node.audit import AuditLog, audit_path
from schoolguard.querylog.finding import Wanted
from schoolguard.querylog.model import Terms
from schoolguard.querylog.querylog import Keeping, QueryLog
from schoolguard.querylog.recording import Recorder
from schoolguard.resolver.counts import Outcome
from schoolguard.resolver.meaning import meaning

DAY = 86_400.0
NOON = 20_781 * DAY + 5 * 3_600
"""Noon in Viet Nam, 2026-11-24."""

MIDNIGHT = NOON - 12 * 3_600
ANNA, BERT = b"\x7f\0\1\x21", b"\x02\0\0\0\0\x01"
ALL = Wanted(("a", "b"), most=100_000)


def terms(school: str = "a", reason: str = "Bắt nạt qua mạng", **changes: Any) -> Terms:
    """Return terms that began yesterday and end in ten days, for the group ``6A``."""
    dates = {"begins": MIDNIGHT - DAY, "ends": MIDNIGHT + 10 * DAY}
    return Terms(school, reason=reason, requested_by="Hiệu trưởng", **{"groups": ("6A",), **dates, **changes})


def wire(name: str) -> bytes:
    """Return a name in wire shape."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


class Log:
    """A ``QueryLog`` over a state folder, whose only worker is ``recorder``."""

    def __init__(self, state: Path, now: float = NOON) -> None:
        self.state = state
        self.now = now
        self.told: list[Keeping] = []
        self.recorder = Recorder(lambda: self.now)
        self._numbers = iter(range(1 << 30))
        self._audit_log = AuditLog(audit_path(state))
        self.log = QueryLog(state, self.write_down, _words, self._tell, lambda: self.now, 0.0, self._random)

    def _tell(self, keeping: Keeping) -> None:
        self.told.append(keeping)
        self.recorder.keep(keeping.day, keeping.keys)

    def write_down(self, action: str, by: str, now: float, fields: Mapping[str, Any]) -> None:
        """Write an entry of the audit log."""
        self._audit_log.append(action, by, now, fields)

    def _random(self, size: int) -> bytes:
        """Return bytes that are others each time, and in each folder."""
        text = f"{self.state} {self.now} {next(self._numbers)}"
        return hashlib.shake_256(text.encode()).digest(size)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.log.close()

    async def ask(
        self, *names: str, device: bytes = ANNA, school: str = "a", outcome: Outcome = Outcome.ALLOWED
    ) -> None:
        """Let a device ask for names, and the worker tell so."""
        for name in names:
            self.recorder.record(school, device, wire(name), outcome)
        while any(told := self.recorder.take()):
            self.log.take(*told)
        await self.log.write()

    async def names(self, *devices: bytes) -> list[str]:
        """Return the names that are found, of all devices or of some."""
        return [each.name for each in await self.log.find(ALL, devices, ())]

    def audited(self) -> list[str]:
        """Return what the audit log says was done."""
        path = audit_path(self.state)
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line)["action"] for line in lines]

    def files(self) -> dict[str, bytes]:
        """Return the content of every file of the query log but its terms."""
        keys = self.state / "query-log.keys"
        paths = [*self.state.glob("query-log.db*"), *(keys.iterdir() if keys.exists() else ())]
        return {path.name: path.read_bytes() for path in paths}


def _words(outcome: int) -> tuple[str, str]:
    told = meaning(outcome, {})
    return told.outcome, told.blocked or ""
