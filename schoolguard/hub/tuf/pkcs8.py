"""Writes a private key as an encrypted PKCS#8 file whose passphrase is stretched by scrypt.

It must not read such files: ``cryptography`` does, and so does ``openssl pkey``. Writing is done here because
``cryptography`` only writes PBKDF2 with 2,048 rounds, which a graphics card tries by the million a second;
scrypt with these numbers needs 16 MiB and 0.2 s for one try (RFC 7914 section 7, RFC 8018 section 6.2).
"""

from __future__ import annotations

import base64
import os
import textwrap

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_N, _R, _P = 1 << 14, 8, 5
"""Cost: what OWASP holds equal to N = 2^17, p = 1, in the 16 MiB that OpenSSL allows itself by default."""

_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES256_CBC = bytes.fromhex("060960864801650304012a")
_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04


def encrypted_pem(key: Ed25519PrivateKey, passphrase: bytes) -> bytes:
    """Return the key as ``ENCRYPTED PRIVATE KEY`` in PEM."""
    salt, start = os.urandom(16), os.urandom(16)
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    secret = Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase)
    padder, encryptor = PKCS7(128).padder(), Cipher(AES(secret), CBC(start)).encryptor()
    hidden = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return _pem(_sequence(_algorithm(salt, start), _element(_OCTETS, hidden)))


def _algorithm(salt: bytes, start: bytes) -> bytes:
    cost = _sequence(_element(_OCTETS, salt), *(_integer(number) for number in (_N, _R, _P)))
    derivation, cipher = _sequence(_SCRYPT, cost), _sequence(_AES256_CBC, _element(_OCTETS, start))
    return _sequence(_PBES2, _sequence(derivation, cipher))


def _element(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    return bytes((tag, 0x81, len(content))) + content  # nothing here reaches 256 bytes


def _sequence(*parts: bytes) -> bytes:
    return _element(_SEQUENCE, b"".join(parts))


def _integer(number: int) -> bytes:
    return _element(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _pem(der: bytes) -> bytes:
    lines = textwrap.wrap(base64.b64encode(der).decode("ascii"), 64)
    return "\n".join(
        ["-----BEGIN ENCRYPTED PRIVATE KEY-----", *lines, "-----END ENCRYPTED PRIVATE KEY-----", ""]
    ).encode("ascii")
