"""The query log of one gateway, joined to its workers, its audit log and what it knows of devices.

It must not decide what is kept or who may look; ``querylog`` does.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from schoolguard.language import N_, Said
from schoolguard.node.audit import AuditLog, audit_path
from schoolguard.node.audit_entry import NotAnEntry
from schoolguard.querylog.asking import LogServer, address_of
from schoolguard.querylog.commands import LogCommands
from schoolguard.querylog.querylog import Keeping, QueryLog
from schoolguard.resolver.meaning import meaning
from schoolguard.serve.link import Keep, Logged
from schoolguard.settings import Settings

_log = logging.getLogger("schoolguard.querylog")


class QueryLogging:
    """Runs the query log; nothing that fails here may stop a gateway.

    ``tell`` sends a message to every worker; ``identities`` returns what a device (MAC or packed address) is
    known by now; ``settings`` returns those in force; ``floor`` is a time that has certainly passed.
    """

    def __init__(
        self,
        state: Path,
        tell: Callable[[Keep], object],
        identities: Callable[[bytes], Iterable[bytes]],
        settings: Callable[[], Settings],
        floor: float,
    ) -> None:
        self._audit_log = AuditLog(audit_path(state))
        self._settings = settings
        self.log = QueryLog(
            state,
            self._audit,
            self._words,
            lambda keeping: tell(_message(keeping)),
            time.time,
            floor,
            secrets.token_bytes,
        )
        commands = LogCommands(self.log, self._audit, identities, self._name_of)
        self._server = LogServer(address_of(state), commands.commands())

    def now(self) -> Keep:
        """Return what a worker that begins must know."""
        return _message(self.log.keeping)

    def take(self, logged: Logged) -> None:
        """Take rows from a worker."""
        self.log.take(logged.rows, logged.dropped)

    async def configured(self, settings: Settings) -> None:
        """Take the settings that are in force from now on."""
        await self.log.configured(settings.query_logs)

    async def run(self) -> None:
        """Answer those who ask, write, and see days and logs end, until cancelled."""
        try:
            await self._server.start()
        except OSError as error:
            _log.error("nobody can ask for the query log", extra={"problem": error.strerror or str(error)})
        await self.log.run()

    async def close(self) -> None:
        """Write what waits and stop."""
        await self._server.close()
        await self.log.close()

    def _audit(self, action: str, by: str, now: float, fields: Mapping[str, Any]) -> None:
        try:
            self._audit_log.append(action, by, now, fields)
        except NotAnEntry as error:
            raise Said(N_("the audit log cannot hold this: {problem}"), problem=error) from error

    def _words(self, outcome: int) -> tuple[str, str]:
        """Return verdict and cause of an outcome."""
        told = meaning(outcome, {each.bit: each for each in self._settings().categories})
        return told.outcome, told.blocked or ""

    def _name_of(self, school: str) -> str:
        return next((each.name for each in self._settings().schools if each.id == school), school)


def _message(keeping: Keeping) -> Keep:
    return Keep(keeping.day, dict(keeping.keys), keeping.groups)
