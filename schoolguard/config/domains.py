"""The type of a domain name with all below it. It must not say which names may stand there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schoolguard.config.finding import Wrong
from schoolguard.config.types import Schema, TextType
from schoolguard.dns import names
from schoolguard.language import N_


@dataclass(frozen=True, slots=True)
class NameType(TextType[str]):
    """A domain name with all below it, in text shape; a leading ``*.`` means the same."""

    @property
    def label(self) -> str:
        """``domain name``."""
        return "domain name"

    def parse(self, text: str) -> str:
        """Return the name in text shape."""
        try:
            return names.to_ascii(text.strip().removeprefix("*."))
        except names.InvalidName as error:
            raise Wrong(
                N_("this is no domain name ({reason})"),
                reason=error.reason,
                found=text,
                accepted="example.edu.vn, *.example.edu.vn",
                suggestion=_name_meant(text),
            ) from error

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "minLength": 1, "maxLength": 253}


def _name_meant(text: str) -> str | None:
    match = re.fullmatch(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*://)?(?:\|\||\.|\*)?([^/?#@:^$ ]+).*", text.strip())
    if match is None or match[1] == text:
        return None
    try:
        return names.to_ascii(match[1])
    except names.InvalidName:
        return None
