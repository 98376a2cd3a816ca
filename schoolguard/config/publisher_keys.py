"""The keys of ``publisher`` in ``schoolguard.yaml``: loader, schema and reference are made of this table."""

from __future__ import annotations

from dataclasses import dataclass

from schoolguard.config.finding import Wrong
from schoolguard.config.numbers import Integer, Time
from schoolguard.config.scalars import Text
from schoolguard.config.types import Fields, Key, Schema, Section, TextType
from schoolguard.config.web_address import LONGEST, web_address
from schoolguard.intake.model import Publisher
from schoolguard.language import N_

_FORM = "https://lists.example.vn/schoolguard"
_FINGERPRINT = r"[1-9][0-9]{0,8}:(?:[ -]?[0-9a-fA-F]){32}"
_DEFAULTS = Publisher("")


@dataclass(frozen=True, slots=True)
class RepositoryType(TextType[str]):
    """The address below which a publisher's files stand; http is signed as well, but not hidden."""

    @property
    def label(self) -> str:
        """``https address``."""
        return "https address"

    def parse(self, text: str) -> str:
        """Return the address without a slash at its end."""
        parts = web_address(text, ("https", "http"), _FORM)
        if "@" in parts.netloc or "?" in text or "#" in text:
            msgid = N_("an address without a user name, a question mark and a part after # belongs here")
            raise Wrong(msgid, found=parts.hostname, accepted=_FORM)
        return text.rstrip("/")

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "pattern": r"^\s*https?://[^\s#@?]+\s*$", "maxLength": LONGEST}


ROOT_FINGERPRINT = Key(
    "root-fingerprint",
    Text("fingerprint", 120, _FINGERPRINT, "1:0a1b-2c3d-4e5f-6071-8293-a4b5-c6d7-e8f9"),
    "Fingerprint of the publisher's root, as the publisher reads it out; everything signed leads back to it.",
)
URL = Key(
    "url",
    RepositoryType(),
    "Where the publisher, or a mirror of it, serves its files; receipts for orders go there too.",
    otherwise="none",
)
FOLDER = Key(
    "folder",
    Text("path", 400),
    "A folder with a copy of the publisher's files, instead of `url`: a share, a stick that stays in.",
    otherwise="none; without a url too, only `schoolguard lists import` brings anything",
)
EVERY = Key(
    "every",
    Time(5, 86_400),
    "How often it is asked, beside when it gives notice of something new.",
    _DEFAULTS.every,
)
JITTER = Key(
    "jitter",
    Time(0, 3_600),
    "It is asked up to so much later, at random, so that not all schools ask at once.",
    _DEFAULTS.jitter,
)
KEPT = Key(
    "kept-layers",
    Integer(0, 20),
    "So many sets of its lists that were in force before stay here, to go back to.",
    _DEFAULTS.kept,
)
REPORT_EVERY = Key(
    "report-every",
    Time(5, 86_400),
    "How often it is told, in counts alone, how much lists block while new ones are on their way.",
    _DEFAULTS.report_every,
)
PUBLISHER: Key[Fields] = Key(
    "publisher",
    Section((ROOT_FINGERPRINT, URL, FOLDER, EVERY, JITTER, KEPT, REPORT_EVERY)),
    "The province's publisher, whose signed lists and takedown orders this gateway follows.",
    otherwise="none is followed",
)
