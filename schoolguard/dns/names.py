"""Domain names in their three shapes: text, wire, and search key. No I/O.

*text* is lower-case A-labels without the trailing dot (``www.example.vn``). *wire* is RFC 1035's
length-prefixed labels ending in a zero byte. The *search key* is the text reversed by label with a trailing
dot (``vn.example.www.``), so that every parent of a name is a prefix of its key.
"""

from __future__ import annotations

import re

import idna

MAX_WIRE = 255
MAX_LABEL = 63
_PLAIN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\Z")
_PLAIN_LABEL = re.compile(rb"[a-z0-9_-]+\Z")
_KEY_LABEL = re.compile(r"((?:[^.\\]|\\.)*)\.")
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


class InvalidName(ValueError):
    """A text or wire form that is no domain name; ``reason`` is one short word for counters."""

    def __init__(self, reason: str, found: str) -> None:
        super().__init__(f"{found!r} is not a domain name ({reason})")
        self.reason = reason


def to_ascii(text: str) -> str:
    """Return ``text`` as a name in text shape: U-labels encoded (UTS #46), lower case, no trailing dot.

    Raises ``InvalidName`` with reason ``empty``, ``too-long``, ``bad-label``, ``bad-idn`` or ``address``
    (an IPv4 or bracketed IPv6 address is no name). Source: RFC 1035 2.3.4, RFC 5891, UTS #46.
    """
    name = text.strip().translate(_DOTS).lower().removesuffix(".")
    if not name:
        raise InvalidName("empty", text)
    if not name.isascii():
        try:
            name = _a_labels(name)
        except (idna.IDNAError, UnicodeError) as error:
            raise InvalidName("bad-idn", text) from error
    if len(name) > MAX_WIRE - 2:
        raise InvalidName("too-long", text)
    if not _PLAIN.match(name):
        reason = "address" if ":" in name or name.startswith("[") else "bad-label"
        raise InvalidName(reason, text)
    if name[-1].isdigit() and is_ipv4(name):
        raise InvalidName("address", text)
    return name


def is_ipv4(text: str) -> bool:
    """Return whether ``text`` is four decimal numbers: an address written where a name belongs."""
    parts = text.split(".")
    return len(parts) == 4 and all(
        p.isascii() and p.isdigit() and len(p) <= 3 and int(p) < 256 for p in parts
    )


def search_key(name: str) -> str:
    """Return the search key of a name in text shape: ``www.example.vn`` -> ``vn.example.www.``."""
    labels = name.split(".")
    labels.reverse()
    return ".".join(labels) + "."


def from_key(key: str) -> str:
    """Return the text shape of a search key, escapes kept; ``""`` for the root."""
    labels = _KEY_LABEL.findall(key) if "\\" in key else key[:-1].split(".")
    labels.reverse()
    return ".".join(labels)


def to_wire(name: str) -> bytes:
    """Return the wire shape of a name in text shape (``""`` is the root)."""
    if not name:
        return b"\0"
    out = bytearray()
    for label in name.encode("ascii").split(b"."):
        out.append(len(label))
        out += label
    out.append(0)
    return bytes(out)


def labels_of(wire: bytes) -> list[bytes]:
    """Return the labels of an uncompressed wire name, which must be well formed."""
    labels = []
    at = 0
    while size := wire[at]:
        labels.append(wire[at + 1 : at + 1 + size])
        at += 1 + size
    return labels


def key_of_wire(wire: bytes) -> str:
    """Return the search key of an uncompressed wire name of any case.

    The decision is made on labels: a dot or a byte outside the usual alphabet inside a label is escaped, so
    that ``www\\.evil.com`` is a name under ``com`` and not under ``evil.com``; a label in raw UTF-8 becomes
    its A-label, so that a name has one verdict in every spelling. The root gives ``""``.
    """
    labels = [_label(label) for label in labels_of(wire.lower())]
    labels.reverse()
    return ".".join(labels) + "." if labels else ""


def text_of_wire(wire: bytes) -> str:
    """Return an uncompressed wire name for people: escaped per RFC 1035 5.1, ``.`` for the root."""
    return ".".join(_escape(label) for label in labels_of(wire)) or "."


def _label(label: bytes) -> str:
    if _PLAIN_LABEL.match(label):
        return label.decode("ascii")
    if not label.isascii():
        try:
            encoded = _a_labels(label.decode("utf-8"))
        except (idna.IDNAError, UnicodeError):
            return _escape(label)
        # UTS #46 maps some characters to a dot; one label on the wire stays one label.
        if _PLAIN_LABEL.match(encoded.encode("ascii")):
            return encoded
    return _escape(label)


def _a_labels(text: str) -> str:
    """Return ``text`` mapped per UTS #46, each label that is not ASCII then as its A-label.

    Label by label, because ``_sip.ví-dụ.vn`` is a name, although IDNA knows no underscore.
    """
    mapped = idna.uts46_remap(text, std3_rules=False, transitional=False)
    labels = mapped.split(".")
    return ".".join(label if label.isascii() else idna.alabel(label).decode("ascii") for label in labels)


def _escape(label: bytes) -> str:
    out = []
    for byte in label:
        if byte in b".\\":
            out.append("\\" + chr(byte))
        elif 33 <= byte <= 126:
            out.append(chr(byte))
        else:
            out.append(f"\\{byte:03d}")
    return "".join(out)
