"""A gateway is enrolled at a receiver with a code, over the network or on a stick; and its key is changed.

The receiver's key is held against the code before anything is sent to it, and pinned by its signed answer. It
must not send the code: only what the code's key signed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.feed.code import Code, fingerprint
from schoolguard.feed.delivery import ENROL, KEYS, RECEIVER
from schoolguard.feed.enrolled import EnrolledFile, Home
from schoolguard.feed.enrolment import CHANGED, ask, change, read_answer
from schoolguard.feed.enrolment import RECEIVER as RECEIVER_FORMAT
from schoolguard.feed.message import MessageRefused, read_message
from schoolguard.feed.web import Bounds, NotTaken, exchange
from schoolguard.intake.orders.key import gateway_key
from schoolguard.language import N_, Said

NEXT_KEY = "gateway.key.next"
_JSON = "application/json"
_WHY = {
    "unknown": N_("the receiver does not know this code; read it again, or ask for a new one"),
    "used": N_("this code was used by another gateway; ask for a new one"),
    "expired": N_("this code has expired; ask for a new one"),
    "school": N_("this code is for a school that this gateway does not serve; it serves: {schools}"),
    "key": N_("this gateway's key was revoked or changed; remove gateway.key, and enrol with a new one"),
}
"""What the receiver's words mean, in the reader's language; its own text is English."""


class CannotEnrol(Said):
    """The gateway is not enrolled; nothing was changed here."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a gateway asks with: its key, the ids of the schools that it serves, its software."""

    key: Ed25519PrivateKey
    schools: Sequence[str]
    software: str

    def request(self, code: Code) -> bytes:
        """Return the request that a code's holder may send, or carry on a stick."""
        return ask(self.key, code.key(), self.schools, self.software)


async def enrol(
    http: aiohttp.ClientSession, to: str, code: Code, asking: Asking, bounds: Bounds | None = None
) -> tuple[bytes, str]:
    """Ask the receiver at ``to``; return its answer, which ``pinned`` takes, and its address.

    Raises ``NotSent``, ``NotTaken``, ``CannotEnrol``. Asking twice with one code has the same answer.
    """
    base, bounds = to.rstrip("/"), bounds or Bounds()
    content = await exchange(http, base + RECEIVER, None, "", bounds)
    try:
        _members, receiver = read_message(content, RECEIVER_FORMAT, frozenset({"time"}))
    except MessageRefused as error:
        raise _no_receiver(base, error) from error
    _check(receiver, code)
    try:
        return await exchange(http, base + ENROL, asking.request(code), _JSON, bounds), base
    except NotTaken as error:
        if error.word not in _WHY:
            raise
        raise CannotEnrol(_WHY[error.word], schools=", ".join(asking.schools)) from error


def pinned(file: EnrolledFile, answer: bytes, code: Code, asking: Asking, to: str) -> tuple[Home, str]:
    """Take the receiver's answer: pin its key, note the school; return where this gateway is enrolled now,
    and the school.

    Another receiver than before takes the former one's place, with all its schools. Raises ``CannotEnrol``,
    ``EnrolledUnusable``.
    """
    try:
        said = read_answer(answer)
    except MessageRefused as error:
        raise _no_receiver(to, error) from error
    _check(said.receiver, code)
    if said.key != asking.key.public_key().public_bytes_raw() or said.school not in asking.schools:
        raise CannotEnrol(N_("this answer is for another gateway, or for a school that is not served here"))
    former = file.read()
    if former is None or former.receiver != said.receiver:
        former = Home(said.receiver, said.gateway, to)
    home = Home(former.receiver, said.gateway, to, former.schools).with_school(said.school, said.time)
    file.write(home)
    return home, said.school


async def change_key(
    http: aiohttp.ClientSession, to: str, state: Path, home: Home, bounds: Bounds | None = None
) -> str:
    """Let a new key take the place of ``gateway.key`` in the state folder; return the new public key.

    The receiver knows the new key before this gateway signs with it, and takes the old one's documents for
    some weeks. Stopped half-way, it goes on when it is called again. Raises ``NotSent``, ``NotTaken``,
    ``CannotEnrol``, ``KeyUnusable``.
    """
    path, following = state / "gateway.key", state / NEXT_KEY
    old, new = gateway_key(path), gateway_key(following)
    public = new.public_key().public_bytes_raw().hex()
    answer = await exchange(http, to.rstrip("/") + KEYS, change(old, new), _JSON, bounds or Bounds())
    try:
        members, receiver = read_message(answer, CHANGED, frozenset({"gateway", "new", "time"}))
    except MessageRefused as error:
        raise _no_receiver(to, error) from error
    if receiver != home.receiver or members["new"] != public:
        raise CannotEnrol(N_("the answer is not the enrolled receiver's; the key stays as it was"))
    following.replace(path)
    folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return public


def _check(receiver: bytes, code: Code) -> None:
    if fingerprint(receiver) != code.fingerprint:
        msgid = N_(
            "this receiver is not the one that the code is of; check `feed.to`, and ask who gave you the code"
        )
        raise CannotEnrol(msgid)


def _no_receiver(to: str, error: MessageRefused) -> CannotEnrol:
    return CannotEnrol(N_("{to}: no receiver of summaries answers there ({why})"), to=to, why=str(error))
