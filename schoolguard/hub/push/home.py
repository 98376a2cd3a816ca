"""The partner's folder: who it is, what it published last, and the push that is on its way. No network.

partner.json       name, publisher's address, the key's file
metadata.json      the role's metadata as the publisher last accepted it
lists/ID.sgl.zst   each list's bundle as the publisher last accepted it
push               the push on its way
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schoolguard.hub.push.bundle import Base
from schoolguard.hub.push.reading import BundleReader
from schoolguard.intake.orders.canonical import NotCanonical, canonical, read_canonical
from schoolguard.language import N_, Said, Translate, said_of
from schoolguard.lists.archive import write_synced

FORMAT = "schoolguard-partner/1"
LISTS = "lists"

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\Z")

_NO_HOME = N_("{folder} is no partner's folder: {why}; run: schoolguard partner init")
_THERE = N_("{folder} is a partner's folder already")
_BAD_NAME = N_("{name!r} is no partner's name: small letters, digits and hyphens, at most 32")
_BAD_ADDRESS = N_("{address!r} is no publisher's address; accepted: https://lists.example.vn")


class NoHome(Said):
    """A folder is not a partner's, or is one where a new one was to be made."""


@dataclass(frozen=True, slots=True)
class Home:
    """A partner's folder and what stands in its ``partner.json``."""

    folder: Path
    partner: str
    publisher: str

    @property
    def key(self) -> Path:
        """The private key's file."""
        return self.folder / "keys" / f"{self.partner}.key"

    @property
    def metadata(self) -> bytes | None:
        """The role's metadata as last accepted, None before the first push."""
        path = self.folder / "metadata.json"
        return path.read_bytes() if path.is_file() else None

    @property
    def package(self) -> Path:
        """The push on its way."""
        return self.folder / "push"

    def bundle(self, list_id: str) -> Path:
        """Return where a list's bundle stands as last accepted."""
        return self.folder / LISTS / f"{list_id}.sgl.zst"

    def base(self, list_id: str) -> Base | None:
        """Return which bundle of a list was last accepted; raises ``BundleRefused``."""
        path = self.bundle(list_id)
        if not path.is_file():
            return None
        with path.open("rb") as packed:
            reader = BundleReader(packed)
            for _ in reader.entries():
                pass
        return Base(reader.header.sequence, reader.sha256)

    def accepted(self, metadata: bytes, list_id: str, bundle: Path) -> None:
        """Keep what the publisher accepted; ``bundle`` is the whole list."""
        (self.folder / LISTS).mkdir(exist_ok=True)
        bundle.replace(self.bundle(list_id))
        write_synced(self.folder / "metadata.json", metadata)


def make_home(folder: Path, partner: str, publisher: str) -> Home:
    """Make a partner's folder; raises ``NoHome`` and ``OSError``."""
    if not _NAME.match(partner):
        raise NoHome(_BAD_NAME, name=partner)
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+/?", publisher):
        raise NoHome(_BAD_ADDRESS, address=publisher)
    if (folder / "partner.json").exists():
        raise NoHome(_THERE, folder=folder)
    (folder / "keys").mkdir(parents=True, exist_ok=True)
    members = {"format": FORMAT, "partner": partner, "publisher": publisher.rstrip("/")}
    write_synced(folder / "partner.json", canonical(members))
    return Home(folder, partner, publisher.rstrip("/"))


def open_home(folder: Path) -> Home:
    """Return a partner's folder; raises ``NoHome``."""
    try:
        members = read_canonical((folder / "partner.json").read_bytes(), 4_096)
        if members.get("format") != FORMAT:
            raise NotCanonical(f"the format is not {FORMAT}")
        return Home(folder, str(members["partner"]), str(members["publisher"]))
    except (OSError, NotCanonical, KeyError) as error:
        raise NoHome(_NO_HOME, folder=folder, why=str(error)) from error


def push_of(package: Path) -> str:
    """Return the name of a push: the digest of its file."""
    with package.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reasons_of(receipt: bytes, translate: Translate = str) -> tuple[str, list[str]]:
    """Return the status of a receipt and its reasons as lines; raises ``NoHome`` for what is no receipt."""
    try:
        members = json.loads(receipt)
        lines = []
        for reason in members["reasons"]:
            where = f"{reason['where']}: " if reason.get("where") else ""
            lines.append(f"{where}{reason['code']}: {_message(reason, translate)}")
        return str(members["status"]), lines
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NoHome(N_("the publisher's answer is no receipt")) from error


def _message(reason: dict[str, Any], translate: Translate) -> str:
    """Return a reason in the reader's language, in the publisher's where it says no more than that."""
    try:
        return said_of(reason.get("said")).say(translate)
    except (ValueError, TypeError):
        return str(reason["message"])


def codes_of(receipt: bytes) -> frozenset[str]:
    """Return the words for programs in a receipt's reasons; raises ``NoHome`` for what is no receipt."""
    reasons_of(receipt)
    return frozenset(str(reason["code"]) for reason in json.loads(receipt)["reasons"])
