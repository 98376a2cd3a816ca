"""What gateway and receiver say to each other when a gateway is enrolled, and when its key changes. Pure.

A request is signed twice: by the gateway's key, which is then known, and by the code's key, which shows that
a person was given the code. A key's change is signed by the old key and the new. It must not decide who may.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schoolguard.feed.message import MessageRefused, from_hex, read_message, short, sign_message, whole
from schoolguard.intake.orders.canonical import NotCanonical, canonical, read_canonical

REQUEST, ENROLLED = "schoolguard-enrolment/1", "schoolguard-enrolled/1"
CHANGE, CHANGED, RECEIVER = "schoolguard-key-change/1", "schoolguard-key-changed/1", "schoolguard-receiver/1"
MOST_SCHOOLS = 500
_MOST = 128 << 10


@dataclass(frozen=True, slots=True)
class Request:
    """A gateway asks to be enrolled: its key, the code's public key, the schools it serves, its software."""

    key: bytes
    code: bytes
    schools: tuple[str, ...]
    software: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The receiver's word: the gateway's id there, the school, the gateway's key; ``receiver`` signed it."""

    gateway: str
    school: str
    key: bytes
    time: int
    receiver: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """A gateway's key changes."""

    old: bytes
    new: bytes


def gateway_id(public: bytes) -> str:
    """Return how a receiver calls a gateway: from the first key that it was enrolled with."""
    return hashlib.sha256(b"schoolguard-gateway\x00" + public).hexdigest()[:16]


def ask(key: Ed25519PrivateKey, code: Ed25519PrivateKey, schools: Sequence[str], software: str) -> bytes:
    """Return a request."""
    members = {
        "format": REQUEST,
        "code": code.public_key().public_bytes_raw().hex(),
        "schools": sorted(schools),
        "software": software,
    }
    return _countersigned(sign_message(members, key), code)


def read_request(content: bytes) -> Request:
    """Return a request that both keys signed; raises ``MessageRefused``."""
    inner, proof = _inner(content)
    members, key = read_message(inner, REQUEST, frozenset({"code", "schools", "software"}))
    try:
        code = from_hex(members["code"], 32)
        schools = members["schools"]
        if not isinstance(schools, list) or not 0 < len(schools) <= MOST_SCHOOLS:
            raise NotCanonical(f"1 to {MOST_SCHOOLS} schools belong in a request")
        found = Request(key, code, tuple(short(each, 100) for each in schools), short(members["software"]))
    except NotCanonical as error:
        raise MessageRefused(str(error)) from error
    _check(code, proof, inner)
    return found


def answer(enrolled: Enrolled, key: Ed25519PrivateKey) -> bytes:
    """Return the receiver's answer, signed."""
    members = {
        "format": ENROLLED,
        "gateway": enrolled.gateway,
        "school": enrolled.school,
        "gateway-key": enrolled.key.hex(),
        "time": enrolled.time,
    }
    return sign_message(members, key)


def read_answer(content: bytes) -> Enrolled:
    """Return the answer of whoever signed it; raises ``MessageRefused``."""
    members, receiver = read_message(
        content, ENROLLED, frozenset({"gateway", "school", "gateway-key", "time"})
    )
    try:
        return Enrolled(
            short(members["gateway"], 100),
            short(members["school"], 100),
            from_hex(members["gateway-key"], 32),
            whole(members["time"]),
            receiver,
        )
    except NotCanonical as error:
        raise MessageRefused(str(error)) from error


def change(old: Ed25519PrivateKey, new: Ed25519PrivateKey) -> bytes:
    """Return a change of key, signed by both."""
    keys = {name: key.public_key().public_bytes_raw().hex() for name, key in (("old", old), ("new", new))}
    return _countersigned(sign_message({"format": CHANGE, **keys}, old), new)


def read_change(content: bytes) -> Change:
    """Return a change of key that both keys signed; raises ``MessageRefused``."""
    inner, proof = _inner(content)
    members, signer = read_message(inner, CHANGE, frozenset({"old", "new"}))
    try:
        old, new = from_hex(members["old"], 32), from_hex(members["new"], 32)
    except NotCanonical as error:
        raise MessageRefused(str(error)) from error
    if signer != old or old == new:
        raise MessageRefused("a change of key is signed by the old key, and to another")
    _check(new, proof, inner)
    return Change(old, new)


def _countersigned(inner: bytes, key: Ed25519PrivateKey) -> bytes:
    return canonical({"proof": key.sign(inner).hex(), "request": read_canonical(inner, _MOST)})


def _inner(content: bytes) -> tuple[bytes, bytes]:
    try:
        outer = read_canonical(content, _MOST)
        if outer.keys() != {"proof", "request"} or not isinstance(outer["request"], dict):
            raise NotCanonical("missing or unknown members")
        return canonical(outer["request"]), from_hex(outer["proof"], 64)
    except NotCanonical as error:
        raise MessageRefused(str(error)) from error


def _check(public: bytes, proof: bytes, inner: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(proof, inner)
    except (InvalidSignature, ValueError) as error:
        raise MessageRefused("the second signature does not fit") from error
