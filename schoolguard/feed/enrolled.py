"""Where this gateway is enrolled, in ``feed.json`` of the state folder: the receiver's key, the schools.

It must not be changed but by an answer that the receiver signed. The file is replaced whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schoolguard.feed.message import from_hex, short, whole
from schoolguard.intake.orders.canonical import NotCanonical
from schoolguard.language import N_, Said

FILE = "feed.json"
FORMAT = "schoolguard-feed-enrolled/1"
_MOST_BYTES = 1 << 20


class EnrolledUnusable(Said):
    """The file cannot be read or written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """The receiver that this gateway is enrolled at.

    ``receiver`` is its public key, ``gateway`` how it calls this one, ``schools`` when each was enrolled
    (Unix seconds), ``to`` its address at that time.
    """

    receiver: bytes
    gateway: str
    to: str
    schools: Mapping[str, int] = field(default_factory=dict)

    def with_school(self, school: str, time: int) -> Home:
        """Return it with one more school."""
        return Home(self.receiver, self.gateway, self.to, {**self.schools, school: time})


class EnrolledFile:
    """The file of one state folder; read anew when it changed, as a command may write it."""

    def __init__(self, state: Path) -> None:
        self.path = state / FILE
        self._mark: tuple[int, int, int] | None = None
        self._home: Home | None = None

    def read(self) -> Home | None:
        """Return where this gateway is enrolled, ``None`` when it is not; raises ``EnrolledUnusable``."""
        try:
            status = self.path.stat()
            mark = (status.st_ino, status.st_mtime_ns, status.st_size)
            if mark != self._mark:
                self._home, self._mark = _home(json.loads(self.path.read_bytes()[:_MOST_BYTES])), mark
        except FileNotFoundError:
            self._home = self._mark = None
        except OSError as error:
            raise _unusable(self.path, error.strerror or str(error)) from error
        except (ValueError, RecursionError) as error:
            msgid = N_("{path}: this is no enrolment; remove it, and enrol with a new code")
            raise EnrolledUnusable(msgid, path=self.path) from error
        return self._home

    def write(self, home: Home) -> None:
        """Replace the file; raises ``EnrolledUnusable``."""
        members = {
            "format": FORMAT,
            "receiver": home.receiver.hex(),
            "gateway": home.gateway,
            "to": home.to,
            "schools": dict(home.schools),
        }
        try:
            _replace(self.path, (json.dumps(members, indent=1, sort_keys=True) + "\n").encode())
        except OSError as error:
            raise _unusable(self.path, error.strerror or str(error)) from error


def _home(members: Any) -> Home:
    if not isinstance(members, dict) or members.get("format") != FORMAT:
        raise NotCanonical("another format")
    if not isinstance(members.get("schools"), dict):
        raise NotCanonical("no schools")
    return Home(
        from_hex(members.get("receiver"), 32),
        short(members.get("gateway")),
        short(members.get("to"), 2_000),
        {short(school): whole(time) for school, time in members["schools"].items()},
    )


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _unusable(path: Path, problem: str) -> EnrolledUnusable:
    return EnrolledUnusable(N_("{path}: {problem}"), path=path, problem=problem)
