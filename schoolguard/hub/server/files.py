"""The static repository: files of one folder, with ranges, ETag and packed copies (``NAME.gz`` beside them).

It must not list folders, follow links out of the folder, or serve a name that a repository cannot have.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from schoolguard.hub.server.limits import ServerLimits

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}\Z")
_SEGMENTS = 8
_NAMED_ANEW = re.compile(r"(?:\d+\.[a-z0-9-]+\.json|[0-9a-f]{64}\..+)\Z")
"""Names of content that never changes: a version or a digest is in them."""

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class StaticFiles:
    """The files below one folder."""

    def __init__(self, folder: Path, limits: ServerLimits) -> None:
        self._folder = folder.resolve()
        self._limits = limits

    async def answer(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Return the reply for the path within the folder (no leading slash)."""
        segments = path.split("/")
        if len(segments) > _SEGMENTS or not all(map(_SEGMENT.match, segments)):
            return web.Response(status=404)
        file = await asyncio.to_thread(self._inside, segments)
        if file is None:
            return web.Response(status=404)
        return _PacedFile(file, self._limits, _FOR_EVER if _NAMED_ANEW.match(file.name) else _ASK_AGAIN)

    def _inside(self, segments: list[str]) -> Path | None:
        try:
            file = self._folder.joinpath(*segments).resolve(strict=True)
        except OSError:
            return None
        return file if file.is_file() and file.is_relative_to(self._folder) else None


class _PacedFile(web.FileResponse):
    """A file that goes out in time or not at all: a reader that stops reading must not hold a place."""

    def __init__(self, file: Path, limits: ServerLimits, kept: str) -> None:
        super().__init__(file, headers={"Cache-Control": kept, "X-Content-Type-Options": "nosniff"})
        self._size = file.stat().st_size
        self._limits = limits

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send head and content."""
        try:
            async with asyncio.timeout(self._limits.grace + self._size / self._limits.floor):
                return await super().prepare(request)
        except TimeoutError as error:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the reader was too slow") from error
