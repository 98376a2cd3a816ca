"""A repository of which some files were brought along already; the others come from where they stand.

It must not believe what was brought: the client verifies it as it does everything else.
"""

from __future__ import annotations

from collections.abc import Mapping

from schoolguard.intake.trust.errors import Absent
from schoolguard.intake.trust.source import Bounded, Source, Write
from schoolguard.language import N_

_NOT_THERE = N_("{path}: the publisher has no such file")


class EnclosedSource:
    """``files`` by path within the repository, None for one that is not there; ``source`` has the rest."""

    def __init__(self, source: Source, files: Mapping[str, bytes | None]) -> None:
        self._source = source
        self._files = files

    @property
    def carried(self) -> bool:
        """Whether the rest is a copy that somebody carries."""
        return self._source.carried

    async def copy(self, path: str, write: Write, *, limit: int, start: int = 0) -> None:
        """Hand on a file that was brought, or the source's."""
        if path not in self._files:
            await self._source.copy(path, write, limit=limit, start=start)
            return
        content = self._files[path]
        if content is None:
            raise Absent(_NOT_THERE, path=path)
        Bounded(path, write, limit=limit, start=start).take(content[start:])
