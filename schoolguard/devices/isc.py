"""ISC dhcpd's lease file (``dhcpd.leases``, ``dhcpd6.leases``), to which it appends. Text in, leases out.

    lease 10.1.0.7 { ends 2 2026/11/24 12:00:00; binding state active; hardware ethernet aa:bb:cc:00:00:01; }
    ia-na "...." { iaaddr 2001:db8::7 { binding state active; max-life 600; ends 2 2026/11/24 12:00:00; } }

The last block of an address holds. Times are UTC, ``never``, or ``epoch`` and Unix seconds. The text behind
``ia-na`` and ``ia-ta`` is the IAID (4 bytes) and the DUID. Source: dhcpd.leases(5) of 4.4.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from schoolguard.devices.lease import Lease, Leases, mac_of, mac_of_duid, octets, packed

# Possessive, and each alternative begins with another character: one pass, whatever stands there.
_STATEMENT: Final = re.compile(r'((?:[^;{}"#]++|"(?:[^"\\\n]++|\\.)*+"|#[^\n]*+)*+)([;{}]?)')
_WORD: Final = re.compile(r'("(?:[^"\\\n]++|\\.)*+"|[^\s"#]++)|#[^\n]*+')
_BLOCK: Final = re.compile(r"^(?:lease [0-9]|ia-[nt]a )", re.MULTILINE)
_ESCAPE: Final = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)
_IAID_SIZE: Final = 4


def read_isc(text: str) -> Leases:
    """Return the leases of a lease file; blocks without their end are left out."""
    reader = _Reader()
    for head, end in _statements(text, reader):
        reader.take(_words(head), end)
    reader.close()
    return Leases(reader.found, reader.skipped)


def _statements(text: str, reader: _Reader) -> Iterator[tuple[str, str]]:
    """Yield each statement and what ends it; behind a broken one, go on at the next block's beginning."""
    at = 0
    while match := _STATEMENT.match(text, at):
        at = match.end()
        if match[2]:
            yield match[1], match[2]
        elif at == len(text):
            if _words(match[1]):
                reader.broken()
            return
        else:  # a quote that does not end in its line
            reader.broken()
            block = _BLOCK.search(text, at + 1)
            at = block.start() if block else len(text)


def _words(head: str) -> list[str]:
    """Return the words of a statement, a quoted text as one, comments left out."""
    if '"' in head or "#" in head:
        return [word for word in _WORD.findall(head) if word]
    return head.split()


class _Reader:
    """Takes statements one after another and keeps what blocks are open."""

    def __init__(self) -> None:
        self.found: dict[bytes, Lease] = {}
        self.skipped = 0
        self._open: list[tuple[str, str]] = []
        self._block: dict[str, list[str]] = {}

    def take(self, words: list[str], end: str) -> None:
        if end == "{":
            self._begin(words)
        elif end == "}":
            self._end()
        elif words and self._open and self._open[-1][0] in ("lease", "iaaddr"):
            self._block[words[0]] = words[1:]

    def broken(self) -> None:
        """Forget the open blocks: their rest cannot be read."""
        self.skipped += 1
        self._open.clear()

    def close(self) -> None:
        """Count what was still open at the end of the file."""
        self.skipped += bool(self._open)

    def _begin(self, words: list[str]) -> None:
        kind = words[0] if words else ""
        if kind in ("lease", "ia-na", "ia-ta") and self._open:
            self.broken()
        self._open.append((kind, words[1] if len(words) == 2 else ""))
        if kind in ("lease", "iaaddr"):
            self._block = {}

    def _end(self) -> None:
        if not self._open:
            self.skipped += 1
            return
        kind, name = self._open.pop()
        if kind == "lease" and not self._open:
            hardware = self._block.get("hardware", [])
            mac = mac_of(hardware[1]) if len(hardware) == 2 and hardware[0] == "ethernet" else None
            self._keep(name, mac)
        elif kind == "iaaddr" and [outer for outer, _ in self._open] in (["ia-na"], ["ia-ta"]):
            self._keep(name, mac_of_duid(_bytes(self._open[0][1])[_IAID_SIZE:]))

    def _keep(self, name: str, mac: bytes | None) -> None:
        address = packed(name)
        end = _time(self._block.get("ends", ["never"]))
        if address is None or "binding" not in self._block or isinstance(end, str):
            self.skipped += 1
        elif self._block["binding"] != ["state", "active"] or mac is None:
            self.found.pop(address, None)
        else:
            self.found[address] = Lease(address, mac, end)


def _time(words: list[str]) -> float | str | None:
    """Return a time in Unix seconds, ``None`` for never, or the words when they are no time."""
    try:
        match words:
            case ["never"]:
                return None
            case ["epoch", seconds, *_] if len(seconds) <= 12:
                return float(int(seconds))
            case [_, day, clock]:
                return (
                    datetime.strptime(f"{day} {clock}", "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
                )
    except ValueError:
        pass
    return " ".join(words)


def _bytes(text: str) -> bytes:
    """Return the bytes of a quoted text with its escapes undone, or of hex (``lease-id-format hex``)."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return _ESCAPE.sub(_unescaped, text[1:-1]).encode("latin-1", "replace")
    return octets(text) or b""


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code, 8) & 0xFF) if code.isdigit() and code < "8" else code
