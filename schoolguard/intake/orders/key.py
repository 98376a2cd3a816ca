"""The gateway's own key, with which it signs receipts: made at its first start, never sent anywhere.

It must not be believed by a publisher before somebody enrolled its public part.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.language import N_, Said

_BYTES = 32
_log = logging.getLogger("schoolguard.gateway")


class KeyUnusable(Said):
    """The key cannot be read or made; the message says what to do."""


class KeptKey:
    """The key at ``path`` as it is now: ``schoolguard feed rotate-key`` changes it beside a running gateway.

    Raises ``KeyUnusable`` when it is made; later a file that cannot be read leaves the key of before, and
    that is said in the log.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = gateway_key(path)
        self._seen = self._mark()

    def now(self) -> Ed25519PrivateKey:
        """Return the key to sign with."""
        mark = self._mark()
        if mark is not None and mark != self._seen:
            self._seen = mark
            try:
                self._key = gateway_key(self._path)
            except KeyUnusable as error:
                _log.error("the gateway's key stays the one of before", extra={"problem": str(error)})
        return self._key

    def _mark(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


def gateway_key(path: Path) -> Ed25519PrivateKey:
    """Return the key kept at ``path``, made if there is none; raises ``KeyUnusable``.

    The file holds the 32 bytes of RFC 8032's private key in hexadecimal and is its user's only (0600).
    """
    try:
        text = path.read_bytes()[: 2 * _BYTES + 2].decode("ascii").strip()
        _check_mode(path)
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
    except FileNotFoundError:
        return _make(path)
    except OSError as error:
        raise _unusable(path, error) from error
    except ValueError as error:
        msgid = N_("{path}: this is no key; remove it, and enrol the gateway again with the new one")
        raise KeyUnusable(msgid, path=path) from error


def _check_mode(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(N_("{path}: others may read this key; type: chmod 600 {path}"), path=path)


def _make(path: Path) -> Ed25519PrivateKey:
    """Make a key: first whole on the disk under another name, so that there never is half a key."""
    key = Ed25519PrivateKey.generate()
    partial = path.with_suffix(".partial")
    try:
        partial.unlink(missing_ok=True)
        fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(key.private_bytes_raw().hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise _unusable(path, error) from error
    return key


def _unusable(path: Path, error: OSError) -> KeyUnusable:
    return KeyUnusable(N_("{path}: {problem}"), path=path, problem=error.strerror or str(error))
