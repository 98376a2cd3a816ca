"""Documents that are carried: parcels written to a folder or file, and the receiver's answers brought back.

What was written stays in the outbox until an answer says that the receiver has it. It must not send.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from schoolguard.feed.batch import batch_of, parcel_of
from schoolguard.feed.compact import MOST_DOCUMENTS, Packing
from schoolguard.feed.parcel import pack
from schoolguard.language import N_, Said
from schoolguard.store.kept import Waiting

PARCEL, ANSWER, REQUEST = ".feed", ".answer", ".enrol"
"""Ends of file names: a parcel's, the receiver's answer beside it, a request to be enrolled."""

_MOST_BYTES = 4 << 20
_MOST_FILES = 1_000


class CannotCarry(Said):
    """Files cannot be written or read; the message says why."""


def write_parcels(
    place: Path, gateway: str, waiting: Sequence[Waiting], time: int, packing: Packing
) -> list[Path]:
    """Write documents to ``place``: a folder that is there, or one file; return the files.

    Raises ``CannotCarry``. A file is whole or not there.
    """
    batches = list(_batches(waiting))
    folder = place.is_dir()
    if not folder and len(batches) > 1:
        msgid = N_("{count} documents do not fit into one file; name a folder")
        raise CannotCarry(msgid, count=len(waiting))
    written = []
    for number, batch in enumerate(batches, 1):
        path = place / f"schoolguard-{gateway}-{time}-{number}{PARCEL}" if folder else place
        _write(path, pack(parcel_of(batch, time), packing))
        written.append(path)
    return written


def read_carried(place: Path, end: str, most: int) -> Iterator[tuple[Path, bytes]]:
    """Yield the files with an ending in a folder, or one file, in order of their names.

    Raises ``CannotCarry``, for one of more than ``most`` bytes too.
    """
    try:
        paths = sorted(place.glob(f"*{end}"))[:_MOST_FILES] if place.is_dir() else [place]
        for path in paths:
            if path.stat().st_size > most:
                raise CannotCarry(
                    N_("{path}: a file of at most {most} bytes belongs here"), path=path, most=most
                )
            yield path, path.read_bytes()
    except OSError as error:
        raise CannotCarry(N_("{path}: {problem}"), path=place, problem=error.strerror or error) from error


def write_beside(path: Path, end: str, content: bytes) -> Path:
    """Write a file beside another, with another ending; raises ``CannotCarry``."""
    beside = path.with_name(path.name + end)
    _write(beside, content)
    return beside


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole; raises ``CannotCarry``."""
    _write(path, content)


def _batches(waiting: Sequence[Waiting]) -> Iterator[list[Waiting]]:
    left = waiting
    while batch := batch_of(left, MOST_DOCUMENTS, _MOST_BYTES):
        yield batch
        left = left[len(batch) :]


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a stick is pulled out soon
        partial.replace(path)
    except OSError as error:
        raise CannotCarry(N_("{path}: {problem}"), path=path, problem=error.strerror or error) from error
