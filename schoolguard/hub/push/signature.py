"""Signatures of requests: HTTP Message Signatures (RFC 9421) with Ed25519, and Content-Digest (RFC 9530).

Of RFC 9421 only the one shape that a push needs, so that there is little to get wrong: one signature, a fixed
order of components, parameters ``created``, ``keyid``, ``nonce``, ``alg`` and ``tag``. No network, no clock.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TAG = "schoolguard-push"
DERIVED = ("@method", "@authority", "@path")
MOST_FIELDS = ("content-digest", "upload-length", "upload-metadata", "upload-offset")
"""Fields that change what a request does: each that is there must be covered."""

_INPUT = re.compile(
    r'sig1=\(((?:"[@a-z-]{1,30}"(?: |(?=\))))+)\);created=([0-9]{1,12});keyid="([0-9A-Za-z_.:-]{1,100})"'
    r';nonce="([0-9A-Za-z_-]{16,64})";alg="ed25519";tag="schoolguard-push"\Z'
)
_SIGNATURE = re.compile(r"sig1=:([0-9A-Za-z+/]{86}==):\Z")
_DIGEST = re.compile(r"sha-256=:([0-9A-Za-z+/]{43}=):\Z")

Sign = Callable[[bytes], bytes]
"""Returns the 64 bytes of an Ed25519 signature."""


class SignatureRefused(Exception):
    """A request is not signed as it must be; ``code`` is one word for programs, the text says why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed of a request: method, authority (small letters, no default port), path, fields.

    ``fields`` has names in small letters. A query has no place in a push.
    """

    method: str
    authority: str
    path: str
    fields: Mapping[str, str]

    def component(self, name: str) -> str:
        """Return the value of a component; raises ``SignatureRefused`` for one that is not there."""
        derived = {"@method": self.method, "@authority": self.authority, "@path": self.path}
        if name in derived:
            return derived[name]
        if name in self.fields:
            return self.fields[name].strip()
        raise SignatureRefused("component", f"{name} is signed and is not there")


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed a request, when (Unix seconds), and the word that makes it the only one."""

    keyid: str
    created: int
    nonce: str


def covered(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return the components that the signature of a request with these fields covers, in order."""
    return (*DERIVED, *(name for name in MOST_FIELDS if name in fields))


def content_digest(content: bytes) -> str:
    """Return the Content-Digest of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def digest_in(value: str) -> bytes:
    """Return the SHA-256 of a Content-Digest; raises ``SignatureRefused``."""
    match = _DIGEST.match(value.strip())
    if match is None:
        raise SignatureRefused("content-digest", "Content-Digest must be one sha-256")
    return base64.b64decode(match[1])


def sign(request: Request, keyid: str, created: int, nonce: str, signer: Sign) -> dict[str, str]:
    """Return the fields ``Signature-Input`` and ``Signature`` of a request."""
    names = covered(request.fields)
    inner = " ".join(f'"{name}"' for name in names)
    parameters = f'({inner});created={created};keyid="{keyid}";nonce="{nonce}";alg="ed25519";tag="{TAG}"'
    value = base64.b64encode(signer(_base(request, names, parameters))).decode()
    return {"Signature-Input": f"sig1={parameters}", "Signature": f"sig1=:{value}:"}


def verify(request: Request, keys: Callable[[str], bytes | None]) -> Signed:
    """Return who signed a request; ``keys`` gives the 32 bytes of a key by its id, None for one unknown.

    Raises ``SignatureRefused``. Whether it is fresh is not asked here.
    """
    told = request.fields.get("signature-input", "")
    match, value = _INPUT.match(told), _SIGNATURE.match(request.fields.get("signature", ""))
    if match is None or value is None:
        raise SignatureRefused("unsigned", "Signature-Input and Signature are not there in the right form")
    names = tuple(name.strip('"') for name in match[1].split())
    if names != covered(request.fields):
        wanted = " ".join(covered(request.fields))
        raise SignatureRefused("component", f"the signature must cover, in this order: {wanted}")
    key = keys(match[3])
    if key is None:
        raise SignatureRefused("unknown-key", "no key with this keyid may push here")
    base = _base(request, names, told.removeprefix("sig1="))
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(value[1]), base)
    except InvalidSignature as error:
        raise SignatureRefused("wrong-signature", "the signature is not right") from error
    return Signed(match[3], int(match[2]), match[4])


def _base(request: Request, names: tuple[str, ...], parameters: str) -> bytes:
    """Return the signature base (RFC 9421 2.5)."""
    lines = [f'"{name}": {request.component(name)}' for name in names]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()
