"""Which format a list is in, from its first lines. It must not guess: what looks like no list is refused."""

from __future__ import annotations

import re
from types import MappingProxyType

from schoolguard.lists.formats.lines import text
from schoolguard.lists.formats.refused import ListRefused

FORMATS: tuple[str, ...] = ("hosts", "plain", "wildcard", "adblock", "dnsmasq", "unbound", "rpz")

HEAD = 1 << 16
"""Bytes looked at."""

ACCEPTED = "a list as " + ", ".join(FORMATS)

_LABEL = r"[^\s./|^$=:;,\"'<>{}()\[\]*#!@]+"
_NAME = rf"{_LABEL}(?:\.{_LABEL})+\.?"
_SIGNS = MappingProxyType(
    {
        "adblock": re.compile(r"(?:@@)?\|\|?[^\s|]|@@|\[Adblock|\S+#[@?$%]?#|/.+/(?:\$|\Z)|\S+\^(?:\$|\Z)"),
        "unbound": re.compile(r"local-(?:zone|data)(?:-ptr)?:|server:\Z"),
        "dnsmasq": re.compile(r"(?:--)?(?:address|local|server)\s*=\s*/"),
        "rpz": re.compile(
            r"\$(?:TTL|ORIGIN)\s|(?:\S+\s+)?(?:\d+\s+)?(?:IN\s+)?(?:CNAME|SOA|NS)\s+\S|\S+\s+(?:\d+\s+)?IN\s+[A-Z]+\s"
        ),
        "hosts": re.compile(r"(?:0|\d+\.\d+\.\d+\.\d+|[0-9a-f:]*::[0-9a-f:]*(?:%\w+)?)\s+\S", re.I),
        "wildcard": re.compile(rf"(?:\*\.|\.){_LABEL}(?:\.{_LABEL})*\.?\s*(?:#|\Z)"),
        "plain": re.compile(rf"{_NAME}\s*(?:[#;]|\Z)|\d+\.\d+\.\d+\.\d+\Z"),
    }
)
_COMMENTS = ("#", "!", ";", "//")
_HTML = re.compile(r"<[!/?a-z]", re.I)
_HTML_INSIDE = re.compile(r"\s*</?(?:!doctype\s+html|html|head|body)\b", re.I)
_MAGIC = (b"\xfd7zXZ\x00", b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd", b"%PDF")


def detect(head: bytes, where: str = "list") -> str:
    """Return the format of a list whose first bytes (up to ``HEAD``) are given.

    Raises ``ListRefused``: ``empty`` (nothing, or comments only), ``html``, ``json``, ``not-text``,
    ``unknown-format`` (fewer than half of the lines are of any known shape).
    """
    check_head(head, where)
    votes = dict.fromkeys(_SIGNS, 0)
    told = 0
    for line in _lines(head):
        word = _shape(line)
        told += 1
        if word:
            votes[word] += 1
    if not told:
        raise ListRefused("empty", where, "no entry (nothing, or comments only)", ACCEPTED)
    # Written by count, then by place: the stricter syntaxes stand first.
    best = max(votes, key=votes.__getitem__)
    if 2 * sum(votes.values()) < told:
        raise ListRefused("unknown-format", where, f"{told} lines, most of no known shape", ACCEPTED)
    return best


def check_head(head: bytes, where: str) -> None:
    """Raise ``ListRefused`` when the first bytes show that the file is no list at all."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ListRefused("not-text", where, "UTF-16 text", "UTF-8 or Latin-1")
    if head.startswith(_MAGIC):
        raise ListRefused("not-text", where, "an archive without its suffix", "plain text, or .xz or .gz")
    if b"\0" in head:
        raise ListRefused("not-text", where, "a zero byte (binary)", ACCEPTED)
    start = head[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _HTML.match(start.decode("latin-1")):
        raise ListRefused("html", where, "an HTML or XML page", ACCEPTED)
    if re.match(rb'[{\[]\s*["{\[\]}]', start):
        raise ListRefused("json", where, "a JSON document", ACCEPTED)


def is_html(line: str) -> bool:
    """Return whether a line inside a list begins an HTML page."""
    return _HTML_INSIDE.match(line) is not None


def _lines(head: bytes) -> list[str]:
    whole = head.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").decode("latin-1")
    found = whole.split("\n")
    if len(head) >= HEAD and len(found) > 1:
        found.pop()
    stripped = [text(line).strip() for line in found]
    return [line for line in stripped if line and not line.startswith(_COMMENTS)]


def _shape(line: str) -> str:
    return next((word for word, sign in _SIGNS.items() if sign.match(line)), "")
