"""Ed25519 keys as files: the private one encrypted and for its owner only, the public one as a small
document.

It must not print or log a private key, or open one that others on the machine may read.
"""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, Key, SSlibKey

from schoolguard.hub.tuf.passphrases import check_new
from schoolguard.hub.tuf.pkcs8 import encrypted_pem
from schoolguard.language import N_, Said
from schoolguard.lists.archive import sync_folder, write_synced

FORMAT = "schoolguard-key/1"
PRIVATE, PUBLIC = ".key", ".pub.json"

_NAMED = "x-schoolguard-name"
"""Field of a key in metadata that says whose it is; signed, but no part of the key's id."""

_LARGEST = 4096
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_HEX32 = re.compile(r"[0-9a-f]{64}\Z")

_UNREADABLE = N_("{path}: cannot be read: {why}")
_EXISTS = N_("{path}: there already; a key is never overwritten")
_OPEN = N_("{path}: others may read it (mode {mode}); run: chmod 600 {path}")
_WRONG = N_("{path}: not opened; the passphrase is wrong or the file is no encrypted Ed25519 key")
_NO_KEY = N_("{path}: no schoolguard-key/1 document")
_NOT_ITS_ID = N_("{path}: the key's id does not belong to the key")
_BAD_NAME = N_("{name!r} is no name for a key: small letters, digits, '.', '_' and '-'")


class KeyRefused(Said):
    """A key file cannot be used; says which and why."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that others check signatures with; ``name`` says whose it is, and is in the metadata too."""

    name: str
    key: SSlibKey

    @property
    def keyid(self) -> str:
        """The key's id in metadata: SHA-256 over its canonical form (TUF specification 4.2)."""
        return self.key.keyid


def new_key(folder: Path, name: str, passphrase: bytes) -> PublicKey:
    """Make a key pair: ``NAME.key``, mode 0600, and ``NAME.pub.json``; raises ``KeyRefused``."""
    if not _NAME.match(name):
        raise KeyRefused(_BAD_NAME, name=name)
    check_new(passphrase)
    private, public = folder / (name + PRIVATE), folder / (name + PUBLIC)
    if public.exists():
        raise KeyRefused(_EXISTS, path=public)
    secret = Ed25519PrivateKey.generate()
    _write_private(private, encrypted_pem(secret, passphrase))
    made = PublicKey(name, named(secret.public_key(), name))
    write_synced(public, public_document(made))
    return made


def public_document(key: PublicKey) -> bytes:
    """Return the document of a public key."""
    described = {part: value for part, value in key.key.to_dict().items() if part != _NAMED}
    content = {"format": FORMAT, "name": key.name, "keyid": key.keyid, **described}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_public(path: Path) -> PublicKey:
    """Return the public key of a document; raises ``KeyRefused``."""
    try:
        content = json.loads(_read(path))
        name, value, keyid = content["name"], content["keyval"]["public"], content["keyid"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise KeyRefused(_NO_KEY, path=path) from error
    texts = all(isinstance(text, str) for text in (name, value, keyid))
    if content.get("format") != FORMAT or not texts or not _HEX32.match(value) or not _NAME.match(name):
        raise KeyRefused(_NO_KEY, path=path)
    key = named(Ed25519PublicKey.from_public_bytes(bytes.fromhex(value)), name)
    if keyid != key.keyid:  # two ids for one key would count as two signatures
        raise KeyRefused(_NOT_ITS_ID, path=path)
    return PublicKey(name, key)


def name_of(key: Key) -> str:
    """Return what people call a key, as metadata has it; the beginning of its id when it has no name."""
    name = key.unrecognized_fields.get(_NAMED)
    return name if isinstance(name, str) and _NAME.match(name) else key.keyid[:16]


def named(public: Ed25519PublicKey, name: str) -> SSlibKey:
    """Return a public key as metadata has it: its id, its value and whose it is."""
    key = SSlibKey.from_crypto(public)
    key.unrecognized_fields[_NAMED] = name
    return key


def read_signer(path: Path, passphrase: bytes) -> CryptoSigner:
    """Return what signs with a private key; raises ``KeyRefused``, also when others may read the file."""
    content = _read(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyRefused(_OPEN, path=path, mode=f"{mode:04o}")
    try:
        secret = load_pem_private_key(content, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRefused(_WRONG, path=path) from error
    if not isinstance(secret, Ed25519PrivateKey):
        raise KeyRefused(_WRONG, path=path)
    return CryptoSigner(secret)


def read_signers(folder: Path, passphrase: bytes) -> tuple[CryptoSigner, ...]:
    """Return what signs with every private key of a folder; raises ``KeyRefused``."""
    return tuple(read_signer(path, passphrase) for path in sorted(folder.glob("*" + PRIVATE)))


def _write_private(path: Path, content: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KeyRefused(_EXISTS, path=path) from error
    except OSError as error:
        raise KeyRefused(_UNREADABLE, path=path, why=error.strerror) from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    sync_folder(path.parent)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise KeyRefused(_UNREADABLE, path=path, why=error.strerror) from error
    if len(content) > _LARGEST:
        raise KeyRefused(_NO_KEY, path=path)
    return content
