"""Which format a list is in, and what is no list."""

from __future__ import annotations

import pytest

from schoolguard.lists.formats import FORMATS, ListRefused, detect

FOUND = [
    ("hosts", "# note\n127.0.0.1 localhost\n0.0.0.0 x.example\n"),
    ("hosts", "::1 localhost\n:: x.example y.example\n"),
    ("hosts", "## a\n## b\n## c\n0 x.example\n"),
    ("plain", "x.example\n"),
    ("plain", "ví-dụ.vn # note\nX.Example.\n1.2.3.4\n"),
    ("plain", "x.example\r\ny.example\r\n"),
    ("plain", "x.example\ry.example\r"),
    ("wildcard", "*.x.example\n*.y.example\nz.example\n"),
    ("wildcard", ".x.example\n.y.example\n"),
    ("adblock", "[Adblock Plus]\n! note\n||x.example^\n"),
    ("adblock", "||x.example^\n@@||y.example^\n0.0.0.0 z.example\n"),
    ("adblock", "/^ads[0-9]/\n|x.example^\n"),
    ("dnsmasq", "address=/x.example/0.0.0.0\n"),
    ("dnsmasq", "# note\nlocal=/x.example/\nserver=/y.example/\n"),
    ("unbound", 'server:\nlocal-zone: "x.example." always_null\n'),
    ("rpz", "$TTL 30\n@ SOA a. b. 1 2 3 4 5\n NS a.\nx.example CNAME .\n"),
    ("rpz", "x.example 60 IN CNAME rpz-passthru.\ny.example IN A 10.0.0.1\n"),
]

NONE = [
    ("empty", b""),
    ("empty", b"\xef\xbb\xbf"),
    ("empty", b"\n \n\t\n"),
    ("empty", b"# a\n! b\n; c\n// d\n"),
    ("html", b"<!DOCTYPE html><html><body>404</body></html>"),
    ("html", b"\xef\xbb\xbf\n  <html>\n"),
    ("html", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"),
    ("json", b'{"message": "Not Found"}'),
    ("json", b'[\n  "x.example"\n]'),
    ("not-text", "x.example\n".encode("utf-16")),
    ("not-text", "x.example\n".encode("utf-16-be")),
    ("not-text", b"\xfe\xffx"),
    ("not-text", b"\x7fELF\x00\x01"),
    ("not-text", b"\x1f\x8b\x08zzz"),
    ("not-text", b"\xfd7zXZ\x00zzz"),
    ("not-text", b"PK\x03\x04zzz"),
    ("unknown-format", b"404: Not Found"),
    ("unknown-format", b"Access denied\nPlease try again later.\n"),
    ("unknown-format", b"error"),
]


@pytest.mark.parametrize(("format_", "text"), FOUND)
def test_a_format_is_found(format_: str, text: str) -> None:
    assert detect(text.encode()) == format_
    assert format_ in FORMATS


@pytest.mark.parametrize(("reason", "head"), NONE)
def test_no_list(reason: str, head: bytes) -> None:
    with pytest.raises(ListRefused) as refused:
        detect(head, "blocklists/x.txt")
    assert refused.value.reason == reason
    assert str(refused.value).startswith("blocklists/x.txt: found ")
    assert "accepted is " in str(refused.value)
