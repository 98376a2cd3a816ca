"""A partner with a key, its lists and packages, for the tests of pushes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.hub.push.asking import Sender
from schoolguard.hub.push.bundle import BundleEntry, BundleHeader, Provenance
from schoolguard.hub.push.package import pack
from schoolguard.hub.push.writing import write_bundle

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
NOW = 1_700_000_000
HEADER = BundleHeader("viettel", "gambling", "gambling", "CC0-1.0", 7, NOW)
ORDER = Provenance("Phòng An ninh mạng", "order", "123/QĐ", NOW, NOW + 86_400)
METADATA = b'{"signatures":[],"signed":{}}'


def keys(partner: str, keyid: str) -> bytes | None:
    return PUBLIC if (partner, keyid) == ("viettel", "k1") else None


def entries(*names: str) -> list[BundleEntry]:
    return sorted((BundleEntry(name) for name in names), key=lambda entry: entry.token)


def bundle(path: Path, header: BundleHeader = HEADER, names: tuple[str, ...] = ("bet.example",)) -> Path:
    with path.open("wb") as out:
        write_bundle(out, header, [ORDER], entries(*names))
    return path


def package(folder: Path, *, files: dict[str, Path] | None = None, metadata: bytes = METADATA) -> Path:
    """Write a push with one right bundle, or with ``files``."""
    files = {"lists/viettel/gambling.sgl.zst": bundle(folder / "b")} if files is None else files
    path = folder / "push"
    with path.open("wb") as out:
        pack(out, "viettel", NOW, metadata, list(files.items()))
    return path


def sender(publisher: str, *, chunk: int = 1 << 20, clock: Callable[[], float] = time.time) -> Sender:
    return Sender(publisher, "viettel", "k1", KEY.sign, clock, chunk=chunk, wait=0.01, tries=40)
