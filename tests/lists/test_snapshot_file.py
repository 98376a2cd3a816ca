"""A snapshot file that is cut, damaged or foreign is refused with a clear error, whatever byte it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.dns.names import search_key
from schoolguard.lists.folder import current_in
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.lists.snapshot import Snapshot

if TYPE_CHECKING:
    from tests.lists.conftest import Workshop


@pytest.fixture
def good(workshop: Workshop) -> Path:
    workshop.write("a", *(f"site{number}.example" for number in range(300)), "||x.example^$dnstype=A")
    return workshop.compile(workshop.source("a", format="adblock")).path


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flipped_byte_is_noticed_or_has_no_meaning(good: Path, data: st.DataObject) -> None:
    content = bytearray(good.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    other = good.with_name("flipped.snapshot")
    other.write_bytes(content)
    whole = Snapshot.open(good)
    if refusal := _refusal(other):
        assert str(other) in refusal
        assert "schoolguard lists compile" in refusal
    else:  # only the padding between sections is not covered by a checksum
        assert good.read_bytes()[at] == 0
        for name in ("site7.example", "x.example", "other.example"):
            assert Snapshot.open(other).mask(search_key(name), 1) == whole.mask(search_key(name), 1)


def _refusal(path: Path) -> str:
    try:
        Snapshot.open(path)
    except SnapshotBroken as error:
        return str(error)
    return ""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_cut_file_is_refused(good: Path, data: st.DataObject) -> None:
    content = good.read_bytes()
    other = good.with_name("cut.snapshot")
    other.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(SnapshotBroken):
        Snapshot.open(other)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.booleans())
def test_foreign_bytes_are_refused(tmp_path: Path, content: bytes, disguised: bool) -> None:
    path = tmp_path / "foreign.snapshot"
    path.write_bytes((b"SchoolGuardSnap\x01" if disguised else b"") + content)
    with pytest.raises(SnapshotBroken):
        Snapshot.open(path)


def test_another_version_is_named(good: Path) -> None:
    content = bytearray(good.read_bytes())
    content[15] = 9
    good.write_bytes(content)
    with pytest.raises(SnapshotBroken, match="version 9 of the format"):
        Snapshot.open(good)


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SnapshotBroken, match="No such file"):
        Snapshot.open(tmp_path / "none.snapshot")
    with pytest.raises(SnapshotBroken, match="holds no snapshot"):
        Snapshot.open(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"../evil.snapshot\n", b"index.json\n"])
def test_a_pointer_that_names_no_snapshot_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "current").write_bytes(content)
    with pytest.raises(SnapshotBroken):
        current_in(tmp_path)


def test_a_mapped_snapshot_outlives_its_file(good: Path) -> None:
    snapshot = Snapshot.open(good)
    good.unlink()
    assert snapshot.mask(search_key("www.site299.example"))
