"""Bundles: what is written is read, in one form only, and everything else is refused with its line."""

from __future__ import annotations

import hashlib
import io
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.hub.push.bundle import (
    Base,
    BundleEntry,
    BundleHeader,
    Match,
    Provenance,
    Sign,
    end_line,
)
from schoolguard.hub.push.reading import BundleLimits, BundleReader, faults_of
from schoolguard.hub.push.reasons import BundleRefused
from schoolguard.hub.push.writing import apply, difference, entries_of_list, write_bundle, write_list
from tests.hub.push.partner import HEADER, ORDER, entries

LABEL = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,8}[a-z0-9_])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
ENTRY = st.builds(BundleEntry, NAME, st.sampled_from(Match), st.sampled_from([None, 0, 1]), st.just(Sign.ADD))
SORTED = st.lists(ENTRY, max_size=30, unique_by=lambda entry: entry.token).map(
    lambda found: sorted(found, key=lambda entry: entry.token)
)
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
PROVENANCE = st.builds(
    Provenance,
    WORDS,
    st.sampled_from(["order", "source", "report"]),
    WORDS,
    st.integers(0, 4_000_000_000),
    st.none() | st.integers(0, 4_000_000_000),
)


def written(
    header: BundleHeader, found: list[BundleEntry], provenances: list[Provenance] | None = None
) -> io.BytesIO:
    out = io.BytesIO()
    write_bundle(out, header, provenances or [ORDER, ORDER], found)
    return out


def text_bundle(text: bytes, *, end: bytes | None = None) -> io.BytesIO:
    count = sum(line[:1] in (b"+", b"-") for line in text.split(b"\n"))
    end = end_line(count, hashlib.sha256(text).hexdigest()) if end is None else end
    return io.BytesIO(zstandard.compress(text + end))


def refusal(packed: io.BytesIO, limits: BundleLimits | None = None) -> BundleRefused:
    with pytest.raises(BundleRefused) as caught:
        list(BundleReader(packed, limits).entries())
    return caught.value


@settings(max_examples=60, deadline=None)
@given(SORTED, st.lists(PROVENANCE, min_size=2, max_size=4))
def test_what_is_written_is_read(found: list[BundleEntry], provenances: list[Provenance]) -> None:
    out = io.BytesIO()
    digest = write_bundle(out, HEADER, provenances, found)
    reader = BundleReader(out)
    assert list(reader.entries()) == found
    assert (reader.header, reader.provenances) == (HEADER, provenances)
    assert (reader.count, reader.sha256) == (len(found), digest)


@settings(max_examples=60, deadline=None)
@given(SORTED, SORTED)
def test_a_delta_makes_the_new_list_of_the_old(old: list[BundleEntry], new: list[BundleEntry]) -> None:
    before = written(HEADER, old)
    base = Base(HEADER.sequence, write_bundle(io.BytesIO(), HEADER, [ORDER, ORDER], old))
    delta = written(replace(HEADER, sequence=8, base=base), list(difference(iter(old), iter(new))))
    out = io.BytesIO()
    apply(before, delta, out)
    reader = BundleReader(out)
    assert [entry.token for entry in reader.entries()] == [entry.token for entry in new]
    assert reader.header == replace(HEADER, sequence=8)


def test_a_delta_to_another_base_is_refused() -> None:
    delta = written(replace(HEADER, sequence=8, base=Base(7, "0" * 64)), [])
    with pytest.raises(BundleRefused) as caught:
        apply(written(HEADER, []), delta, io.BytesIO())
    assert caught.value.code == "wrong-base"


def test_a_delta_that_takes_away_what_is_not_there_is_refused() -> None:
    base = Base(7, write_bundle(io.BytesIO(), HEADER, [ORDER, ORDER], []))
    gone = BundleEntry("a.example", sign=Sign.REMOVE)
    delta = written(replace(HEADER, sequence=8, base=base), [gone])
    with pytest.raises(BundleRefused) as caught:
        apply(written(HEADER, []), delta, io.BytesIO())
    assert caught.value.code == "not-there"


HEAD = HEADER.line()
BY = ORDER.line()


@pytest.mark.parametrize(
    ("packed", "code", "line"),
    [
        (io.BytesIO(b""), "not-zstd", 0),
        (io.BytesIO(HEAD), "not-zstd", 0),
        (io.BytesIO(b"<html>"), "not-zstd", 0),
        (io.BytesIO(zstandard.compress(HEAD + b"+a.example\n" * 50)[:-3]), "damaged", 0),
        (text_bundle(b""), "format", 1),
        (text_bundle(HEAD.replace(b"bundle/1", b"bundle/2")), "format", 1),
        (text_bundle(HEAD.replace(b"{", b"{ ", 1)), "bad-json", 1),
        (text_bundle(HEAD.replace(b'"sequence":7', b'"sequence":7.0')), "bad-json", 1),
        (text_bundle(HEAD.replace(b'"sequence":7', b'"sequence":-7')), "bad-member", 1),
        (text_bundle(HEAD.replace(b"viettel", b"../etc")), "bad-member", 1),
        (text_bundle(HEAD.replace(b"+07:00", b"Z")), "bad-member", 1),
        (text_bundle(HEAD.replace(b'"format"', b'"extra":1,"format"')), "unknown-member", 1),
        (text_bundle(b"{" * 9_000 + b"\n"), "long-line", 1),
        (text_bundle(HEAD + BY.replace(b"order", b"other") + b"+a\n"), "bad-member", 2),
        (text_bundle(HEAD + b"+a.example\n+a.example\n"), "not-sorted", 3),
        (text_bundle(HEAD + b"+b.example\n+a.example\n"), "not-sorted", 3),
        (text_bundle(HEAD + b"+a.example\t0\n"), "no-provenance", 2),
        (text_bundle(HEAD + BY + b"+a.example\t1\n"), "no-provenance", 3),
        (text_bundle(HEAD + b"-a.example\n"), "removal", 2),
        (text_bundle(HEAD + b"+A.example\n"), "bad-line", 2),
        (text_bundle(HEAD + b"+a..example\n"), "bad-line", 2),
        (text_bundle(HEAD + b"+a.example\r\n"), "bad-line", 2),
        (text_bundle(HEAD + b"+a.example \n"), "bad-line", 2),
        (text_bundle(HEAD + b"+*\n"), "bad-line", 2),
        (text_bundle(HEAD + b"+\n"), "bad-line", 2),
        (text_bundle(HEAD + b"\n"), "bad-line", 2),
        (text_bundle(HEAD + "+gồ.example\n".encode()), "bad-line", 2),
        (text_bundle(HEAD + b"+" + b"a." * 140 + b"b\n"), "bad-line", 2),
        (text_bundle(HEAD + b"+" + b"a" * 400 + b"\n"), "long-line", 2),
        (text_bundle(HEAD + b"+" + b"a" * 64 + b".example\n"), "bad-line", 2),
        (text_bundle(HEAD + b"+a.example\t00\n"), "bad-line", 2),
        (text_bundle(HEAD + b"+a.example\n", end=b""), "cut-off", 2),
        (text_bundle(HEAD + b"+a.example", end=b""), "cut-off", 2),
        (text_bundle(HEAD, end=end_line(1, hashlib.sha256(HEAD).hexdigest())), "wrong-count", 2),
        (text_bundle(HEAD, end=end_line(0, "0" * 64)), "wrong-digest", 2),
        (text_bundle(HEAD, end=end_line(0, hashlib.sha256(HEAD).hexdigest()) + b"+a\n"), "after-end", 3),
    ],
)
def test_every_other_form_is_refused_with_its_line(packed: io.BytesIO, code: str, line: int) -> None:
    error = refusal(packed)
    assert (error.code, error.line) == (code, line)


def test_bombs_end_at_their_bounds() -> None:
    many = text_bundle(HEAD + b"".join(b"+%06d.example\n" % number for number in range(20_000)))
    assert refusal(many, BundleLimits(entries=100)).code == "too-many-entries"
    assert refusal(many, BundleLimits(text=1 << 16)).code == "too-large"
    assert refusal(text_bundle(HEAD + BY * 50), BundleLimits(provenances=10)).code == "too-many-provenances"
    assert refusal(io.BytesIO(zstandard.compress(bytes(64 << 20)))).code == "ratio"
    lines = io.BytesIO(zstandard.compress(HEAD + BY * 200_000))
    assert refusal(lines, BundleLimits(provenances=1 << 30)).code == "ratio"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_any_bytes_are_read_or_refused(content: bytes, packed: bool, headed: bool) -> None:
    text = (HEAD if headed else b"") + content
    whole = io.BytesIO(zstandard.compress(text) if packed else text)
    with pytest.raises(BundleRefused):
        list(BundleReader(whole).entries())


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_changed_bundle_is_refused_or_is_the_same(data: st.DataObject) -> None:
    whole = bytearray(written(HEADER, entries("a.example", "b.example")).getvalue())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = [entry.name for entry in BundleReader(io.BytesIO(bytes(whole))).entries()]
    except BundleRefused:
        return
    assert found == ["a.example", "b.example"]


def test_all_faults_are_told_up_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "b"
    path.write_bytes(text_bundle(HEAD + b"+B\n+a.example\n+a.example\t3\n+z..\n").getvalue())
    assert [(fault.code, fault.line) for fault in faults_of(path)] == [
        ("bad-line", 2),
        ("not-sorted", 4),
        ("bad-line", 5),
    ]
    path.write_bytes(text_bundle(HEAD + b"+B\n" * 500).getvalue())
    assert len(faults_of(path)) == 20
    path.write_bytes(written(HEADER, entries("a.example")).getvalue())
    assert faults_of(path) == ()


def test_a_list_in_any_format_becomes_a_bundle_and_a_list_again(tmp_path: Path) -> None:
    source = tmp_path / "list"
    source.write_text(
        "||z.example^\n|exact.example^\n||*.below.example^\n@@||ok.example^\n/re[gx]/\n||z.example^\n"
    )
    found = entries_of_list(source, "adblock", provenance=0)
    assert [entry.token for entry in found] == ["*.below.example", "=exact.example", "z.example"]
    out = (tmp_path / "again").open("w+b")
    with out:
        assert write_list(written(HEADER, found), out) == 3
    again = entries_of_list(tmp_path / "again", "adblock", provenance=0)
    assert again == found


def test_standard_tools_write_a_bundle(tmp_path: Path) -> None:
    script = """
    { cat header; printf '%s\\n' b.example a.example a.example | LC_ALL=C sort -u | sed 's/^/+/'; } > text
    printf '{"entries":%d,"sha256":"%s"}\\n' $(($(wc -l < text) - 1)) $(sha256sum text | cut -c1-64) >> text
    """
    (tmp_path / "header").write_bytes(HEAD)
    subprocess.run(["/bin/bash", "-c", script], cwd=tmp_path, check=True)
    packed = io.BytesIO(zstandard.compress((tmp_path / "text").read_bytes()))
    assert [entry.name for entry in BundleReader(packed).entries()] == ["a.example", "b.example"]
