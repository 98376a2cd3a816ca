"""Fetches one target: resumed where it broke off, believed only when length and digest are right.

It must not name a file after what a repository says: files are named by their digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from schoolguard.intake.trust.contents import Target
from schoolguard.intake.trust.errors import Fault, SourceFailed, StoreFailed, Untrusted
from schoolguard.intake.trust.names import served_target
from schoolguard.intake.trust.source import Source
from schoolguard.intake.trust.store import Store, exclusive
from schoolguard.language import N_
from schoolguard.lists.archive import sync_folder

CONTENT = N_("{path}: what was fetched is not the file that {role} signed")


async def fetch(source: Source, store: Store, target: Target) -> Path:
    """Return the path of a target's file; fetches what is missing of it.

    What came before a broken connection is kept for the next call. When a file put together from two calls is
    wrong, the first part may be to blame, and it is fetched once from its beginning.
    Raises ``SourceFailed``, ``StoreFailed``, and ``Untrusted`` for content that nobody signed.
    """
    done, partial = store.target(target.sha256), store.partial(target.sha256)
    with store.writing():
        if await asyncio.to_thread(_is_right, done, target):
            return done
        start = _size(partial)
        if start > target.length:
            await asyncio.to_thread(partial.unlink)
            start = 0
        if start and await _attempt(source, target, partial, start):
            return _finish(partial, done)
        if await _attempt(source, target, partial, 0):
            return _finish(partial, done)
    raise Untrusted(Fault.CONTENT, target.role, CONTENT, path=target.path, role=target.role)


def is_content(content: bytes, target: Target) -> bool:
    """Return whether these are the bytes that were signed for a target."""
    return len(content) == target.length and hashlib.sha256(content).hexdigest() == target.sha256


async def _attempt(source: Source, target: Target, partial: Path, start: int) -> bool:
    if start < target.length or not start:
        await _append(source, target, partial, start)
    return await asyncio.to_thread(_is_right_or_gone, partial, target)


async def _append(source: Source, target: Target, partial: Path, start: int) -> None:
    served = served_target(target.path, target.sha256)
    with exclusive(partial) as file:

        def write(block: bytes) -> None:
            _write_all(file, block)

        try:
            await source.copy(served, write, limit=target.length, start=start)
        except StoreFailed:
            await asyncio.to_thread(partial.unlink)  # a full disk must not stay full of this
            raise
        except SourceFailed:
            await asyncio.to_thread(os.fsync, file.fileno())
            raise
        await asyncio.to_thread(os.fsync, file.fileno())


def _write_all(file: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError as error:
        raise StoreFailed(N_("{path}: {why}"), path=file.name, why=error.strerror) from error


def _finish(partial: Path, done: Path) -> Path:
    partial.replace(done)
    sync_folder(done.parent)
    return done


def _is_right_or_gone(path: Path, target: Target) -> bool:
    right = _is_right(path, target)
    if not right:
        path.unlink()
    return right


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _is_right(path: Path, target: Target) -> bool:
    if _size(path) != target.length or not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == target.sha256
