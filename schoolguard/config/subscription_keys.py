"""The keys of a list that is fetched, which stand beside those of ``list_keys``."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from schoolguard.config.finding import Wrong
from schoolguard.config.numbers import Size, Time
from schoolguard.config.scalars import OrWord, Text
from schoolguard.config.subnets import NetworkType
from schoolguard.config.types import Key, ListOf, Schema, TextType
from schoolguard.config.web_address import LONGEST, web_address
from schoolguard.language import N_

CATALOGUE = "catalogue"

_FORM = "https://example.org/list.txt"
_HOUR, _DAY = 3_600, 86_400


@dataclass(frozen=True, slots=True)
class UrlType(TextType[str]):
    """An address that a list is fetched from: https, a host, no user name."""

    @property
    def label(self) -> str:
        """``https address``."""
        return "https address"

    def parse(self, text: str) -> str:
        """Return the address."""
        if text[:5].lower() == "http:":
            msgid = N_("a list is fetched by https only: on the way anybody could change it")
            raise Wrong(msgid, found=text, suggestion=f"https{text[4:]}")
        parts = web_address(text, ("https",), _FORM)
        if parts.username is not None or parts.fragment:
            msgid = N_("an address without a user name, a password and a part after # belongs here")
            raise Wrong(msgid, found=parts.hostname, accepted=_FORM)
        return text

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "pattern": r"^\s*https://[^\s#@]+\s*$", "maxLength": LONGEST}


def private_literal(url: str) -> str | None:
    """Return the host of an address when it is an IP address that is not public, else None."""
    host = urlsplit(url).hostname or ""
    try:
        return None if ip_address(host).is_global else host
    except ValueError:
        return None


URL = Key(
    "url",
    OrWord(UrlType(), CATALOGUE),
    "Where the list is fetched from, instead of a `file`. catalogue: as catalogue.yaml says for this id:"
    " address, format and category.",
    otherwise="the list has a `file` or a `transfer`",
)
REFRESH = Key(
    "refresh",
    Time(_HOUR, 30 * _DAY),
    "How often the list is asked for; give or take a tenth, so that not all schools ask at once.",
    float(_DAY),
)
MEMBER = Key(
    "member",
    Text(most=200, pattern=r"\w[\w.-]*(?:/\w[\w.-]*)*", example="domains"),
    "Which file is the list, when the address gives a tar archive.",
    "domains",
)
MAX_SIZE = Key(
    "max-size",
    Size(1 << 10, 1 << 30),
    "A list with more bytes, as it comes or unpacked, is refused.",
    256 << 20,
)
ALARM_AFTER = Key(
    "alarm-after",
    Time(2 * _HOUR, 365 * _DAY),
    "A list that could not be confirmed for so long is reported as too old; it stays in force.",
    7.0 * _DAY,
)
PRIVATE_NETWORKS = Key(
    "private-networks",
    ListOf(NetworkType(), 0, 10),
    "Private networks that the address may lead to, for a mirror of the province's own; others are refused.",
    otherwise="only public addresses",
)

SUBSCRIPTION_KEYS = (URL, REFRESH, MEMBER, MAX_SIZE, ALARM_AFTER, PRIVATE_NETWORKS)
"""In the section of one list."""

POPULAR = Key(
    "popular",
    Text(most=400),
    "A file with well-known names, one a line, most popular first, within `paths.blocklists`: a fetched list"
    " that newly takes many of them waits until a person agrees.",
    otherwise="none: well-known names are not looked after",
)
