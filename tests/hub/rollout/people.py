"""Approvers' keys without files, and decisions of theirs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from schoolguard.hub.rollout.log import AGREE, ROLLBACK, Decision, DecisionLog
from schoolguard.hub.tuf.keys import PublicKey, named, public_document

LIST, CONTENT, OTHER = "viettel/gambling", "c" * 64, "d" * 64


@cache
def signer(name: str) -> CryptoSigner:
    """Return the key of a person, always the same."""
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"-")))


def public(name: str) -> PublicKey:
    secret = Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"-"))
    return PublicKey(name, named(secret.public_key(), name))


def write_public(folder: Path, name: str, as_name: str | None = None) -> Path:
    """Write a public key as ``hub keys new`` does; ``as_name`` is another name for the same key."""
    key = public(name)
    written = key if as_name is None else PublicKey(as_name, key.key)
    path = folder / f"{as_name or name}.pub.json"
    path.write_bytes(public_document(written))
    return path


def log_of(folder: Path, *names: str) -> DecisionLog:
    return DecisionLog(folder / "decisions.log", {(key := public(name)).keyid: key.key for name in names})


def agree(log: DecisionLog, person: str, content: str = CONTENT, list_name: str = LIST) -> None:
    log.sign(Decision(AGREE, list_name, 1_700_000_000, content=content), signer(person))


def back(log: DecisionLog, person: str, version: int, list_name: str = "", reason: str = "") -> None:
    log.sign(Decision(ROLLBACK, list_name, 1_700_000_000, version=version, reason=reason), signer(person))
