"""Where a passphrase comes from: a prompt, an open file descriptor or an environment variable.

Never the command line: every user of the machine sees it in the list of processes, and the shell keeps it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from schoolguard.language import N_, Said

SHORTEST = 12
"""Characters of a new passphrase: four random words have twice that."""

_LONGEST = 1024
_UNKNOWN = N_("{source!r} is no place for a passphrase; use prompt, fd:NUMBER or env:NAME")
_NO_VARIABLE = N_("the environment variable {name} is not set")
_NO_DESCRIPTOR = N_("file descriptor {number} cannot be read: {why}")
_SHORT = N_("the passphrase has {length} characters; a new one needs at least {shortest}")


class NoPassphrase(Said):
    """There is no passphrase where it was said to be, or it is too short."""


def read_passphrase(source: str, environment: Mapping[str, str], prompt: Callable[[], str]) -> bytes:
    """Return the passphrase from ``prompt``, ``fd:NUMBER`` or ``env:NAME``; raises ``NoPassphrase``."""
    kind, _, where = source.partition(":")
    if source == "prompt":
        return prompt().encode()
    if kind == "env" and where:
        if not environment.get(where):
            raise NoPassphrase(_NO_VARIABLE, name=where)
        return environment[where].encode()
    if kind == "fd" and where.isascii() and where.isdecimal():
        return _from_descriptor(int(where))
    raise NoPassphrase(_UNKNOWN, source=source)


def _from_descriptor(number: int) -> bytes:
    try:
        with os.fdopen(number, "rb", closefd=False) as file:
            return file.readline(_LONGEST).rstrip(b"\r\n")
    except OSError as error:
        raise NoPassphrase(_NO_DESCRIPTOR, number=number, why=error.strerror) from error


def check_new(passphrase: bytes) -> None:
    """Raise ``NoPassphrase`` when a new key should not be hidden behind so little."""
    length = len(passphrase.decode(errors="replace"))
    if length < SHORTEST:
        raise NoPassphrase(_SHORT, length=length, shortest=SHORTEST)
