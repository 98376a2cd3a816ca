"""The stream as a whole: files, line ends, encodings, limits, and what no bytes may cause."""

from __future__ import annotations

import gzip
import lzma
import re
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.dns.names import to_ascii
from schoolguard.lists.formats import FORMATS, ListRefused, lines, read, reader, rpz
from schoolguard.lists.model import Entry, Kind, ListSource, Report

Take = Callable[..., tuple[list[Entry], Report]]

BYTES = [
    (b"a.example\nb.example\nc.example", "lf"),
    (b"a.example\r\nb.example\r\nc.example\r\n", "crlf"),
    (b"a.example\rb.example\rc.example\r", "cr"),
    (b"\xef\xbb\xbfa.example\nb.example\r\nc.example\r", "bom, mixed"),
]


@pytest.mark.parametrize("chunk", [lines.CHUNK, 7, 3])
@pytest.mark.parametrize(("content", "_what"), BYTES)
def test_line_ends(
    take: Take, monkeypatch: pytest.MonkeyPatch, content: bytes, _what: str, chunk: int
) -> None:
    monkeypatch.setattr(lines, "CHUNK", chunk)
    entries, report = take(content, "plain")
    assert [(e.name, e.line) for e in entries] == [("a.example", 1), ("b.example", 2), ("c.example", 3)]
    assert not report.refused


def test_encodings_line_by_line(take: Take) -> None:
    content = "bücher.example\n".encode() + "bücher.example\n".encode("latin-1")
    entries, _ = take(content, "plain")
    assert [e.name for e in entries] == ["xn--bcher-kva.example"] * 2


@pytest.mark.parametrize("suffix", [".txt", ".txt.xz", ".txt.gz"])
def test_plain_and_compressed_files(take: Take, suffix: str) -> None:
    content = b"a.example\nb.example\n"
    packed = {".txt": content, ".txt.xz": lzma.compress(content), ".txt.gz": gzip.compress(content)}
    entries, report = take(packed[suffix], name=f"list{suffix}")
    assert [e.name for e in entries] == ["a.example", "b.example"]
    assert report.format == "plain"


@pytest.mark.parametrize("suffix", [".xz", ".gz"])
@pytest.mark.parametrize("cut", [5, 40, -4])
def test_a_damaged_archive_is_refused_whole(take: Take, suffix: str, cut: int) -> None:
    text = "".join(f"x{n}.example\n" for n in range(500)).encode()
    content = lzma.compress(text) if suffix == ".xz" else gzip.compress(text)
    with pytest.raises(ListRefused) as refused:
        take(content[:cut], name=f"list{suffix}")
    assert refused.value.reason == "damaged"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    source = ListSource("x", str(tmp_path / "none.txt"), 3)
    with pytest.raises(ListRefused, match=r"none\.txt: found No such file") as refused:
        list(read(source, Report("x", "")))
    assert refused.value.reason == "unreadable"


WHOLE = [
    ("empty", b"", "plain"),
    ("empty", b"# only\n# comments\n", "plain"),
    ("empty", b"1.2.3.4\n", "plain"),
    ("html", b"<html></html>", "plain"),
    ("html", b"x.example\n<!DOCTYPE html>\n", "plain"),
    ("html", b"||x.example^\n  <html lang=en>\n", "adblock"),
    ("not-text", b"x.example\n\0\0\0", "plain"),
    ("unknown-format", b"x.example\n", "csv"),
    ("too-many-entries", b"x.example\n" * 11, "plain"),
    ("too-many-entries", b"0.0.0.0" + b" x.example" * 11, "hosts"),
]


@pytest.mark.parametrize(("reason", "content", "format_"), WHOLE)
def test_a_list_is_refused_whole(take: Take, reason: str, content: bytes, format_: str) -> None:
    with pytest.raises(ListRefused) as refused:
        take(content, format_, limit=10)
    assert refused.value.reason == reason


def test_a_zero_byte_far_inside_is_seen(take: Take) -> None:
    with pytest.raises(ListRefused) as refused:
        take(b"x.example\n" * 50_000 + b"\0\n", limit=100_000)
    assert refused.value.reason == "not-text"


def test_the_size_of_a_list_is_bounded(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_BYTES", 1_000)
    with pytest.raises(ListRefused) as refused:
        take(lzma.compress(b"\n" * 2_000), "plain", name="list.xz")
    assert refused.value.reason == "too-large"


def test_the_limit_is_reached_but_not_passed(take: Take) -> None:
    entries, report = take(b"x.example\n" * 10, "plain", limit=10)
    assert len(entries) == report.entries == 10


def test_an_endless_line_is_one_refusal_and_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"x.example\n" + b"y" * (20 << 20) + b"\nz.example\n")
    report = Report("x", "")
    tracemalloc.start()
    entries = list(read(ListSource("x", str(path), 3), report))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(e.name, e.line) for e in entries] == [("x.example", 1), ("z.example", 3)]
    assert report.refused == {"too-long-line": 1}
    assert peak < 4 << 20


def test_reading_twice_gives_the_same_and_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("||a.example^\n||1.2.3.4^\n! x\n||ad*.example.com^$dnsrewrite=NXDOMAIN\n")
    source, report = ListSource("x", str(path), 3), Report("x", "")
    first = list(read(source, report))
    again = list(read(source, report))
    assert first == again
    assert (report.entries, report.skipped, report.refused) == (2, 1, {"address": 1})
    assert (len(report.first), report.approximated) == (1, {"dnsrewrite": 1})


def test_only_the_first_refusals_are_kept(take: Take) -> None:
    _, report = take("x.example\n" + "1.2.3.4\n" * 50, "plain")
    assert report.refused == {"address": 50}
    assert [refusal.line for refusal in report.first] == list(range(2, 22))


SHAPES = {
    "hosts": "0.0.0.0 {}",
    "plain": "{}",
    "wildcard": "*.{}",
    "adblock": "||{}^",
    "dnsmasq": "address=/{}/0.0.0.0",
    "unbound": 'local-zone: "{}" always_null',
    "rpz": "{} CNAME .",
}
TRICKY = """
x.example xn--p1ai.xn--p1ai a_b.example 1.2.3.4 1.2.3.x x.123 edu.vn com.vn x.edu.vn -x.example x-.example com
localhost.localdomain x..example .x.example 8.rpz-ip x.rpz-nsdname X.example x.example. ab.cd.ef.gh
"""
LONG = ("a" * 63 + ".example", "a" * 64 + ".example", "a." * 124 + "a.com", "a." * 124 + "aa.com")


@pytest.mark.parametrize("format_", FORMATS)
def test_the_short_way_gives_what_the_long_way_gives(
    take: Take, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    content = "".join(SHAPES[format_].format(name) + "\n" for name in (*TRICKY.split(), *LONG))
    quick = take(content, format_)
    monkeypatch.setattr(reader, "_FAST", {format_: (r"(?!)", reader._FAST[format_][1])})
    monkeypatch.setattr(rpz, "_FAST", re.compile(r"(?!)"))
    assert take(content, format_) == quick


@pytest.mark.parametrize("kind", list(Kind))
def test_a_registry_level_may_be_let_through_but_not_blocked(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / "list.txt"
    path.write_text("gov.vn\nvn\nx.gov.vn\n")
    report = Report("x", "")
    names = [entry.name for entry in read(ListSource("x", str(path), 3, kind), report)]
    assert names == (["x.gov.vn"] if kind is Kind.BLOCK else ["gov.vn", "x.gov.vn"])
    assert report.refused["top-level"] == 1


FRAGMENTS = [
    b"||", b"@@", b"^", b"$important", b"$badfilter", b"$denyallow=", b"$dnstype=A|~AAAA", b"/", b"*.", b".",
    b"0.0.0.0 ", b"::1 ", b"x.example", b"evil.com", b"com", b"edu.vn", b"address=/", b"local=/", b"/#",
    b'local-zone: "', b'" always_null', b"server:\n", b"$ORIGIN ", b"@ SOA a. b. ( 1", b" CNAME .",
    b" CNAME ", b"rpz-passthru.", b".rpz-ip", b"(", b")", b'"', b"\\", b";", b"#", b"##", b"!", b" ", b"\t",
    b"\n", b"\r", b"\xc3\xbc", b"\xfc", b"\xe3\x80\x82", b"\xef\xbb\xbf", b"\x00", b"[a-z]+",
    b"(a|b)", b"\\d{2}", b"|", b"-",
]  # fmt: skip
SCRAPS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=6)), max_size=40).map(b"".join)


@given(content=SCRAPS, format_=st.sampled_from(("auto", *FORMATS)), tail=st.booleans())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_valid_entries_or_a_refusal(
    tmp_path: Path, content: bytes, format_: str, tail: bool
) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content + b"\n" * tail)
    report = Report("x", "")
    taken = 0
    with suppress(ListRefused):
        for entry in read(ListSource("x", str(path), 3, format=format_), report):
            taken += 1
            if entry.pattern:
                re2.compile(entry.name)
            else:
                assert to_ascii(entry.name) == entry.name
                assert "." in entry.name
            assert 1 <= entry.line <= content.count(b"\n") + content.count(b"\r") + 1
    assert report.entries == taken
