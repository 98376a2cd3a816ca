"""The kept file: whole or the one before at every kill, read by the lists' reader, changed by differences."""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.intake.transfer.envelope import open_envelope
from schoolguard.intake.transfer.incoming import Difference
from schoolguard.intake.transfer.kept import Kept, KeptZone
from schoolguard.intake.transfer.model import TransferRefused
from schoolguard.intake.transfer.soa import Soa
from schoolguard.intake.transfer.text import OutOfZone, relative
from schoolguard.lists.formats import ListRefused, read
from schoolguard.lists.model import Flag, ListSource, Report
from tests.ask import wire
from tests.intake.transfer.killing import kill_at, some_steps, steps_of

NS = b"@ NS localhost.\n"
OF_TEST = wire("rpz", "test")


def soa(serial: int) -> Soa:
    return Soa(b"localhost.", b"root.localhost.", serial, 3600, 600, 604800, 300)


def lines(serial: int, count: int = 30) -> list[bytes]:
    """Return records that tell which serial they belong to."""
    return [NS, *(b"s%d-%d.vn CNAME .\n" % (serial, number) for number in range(count))]


def install(zone: KeptZone, serial: int, records: list[bytes]) -> Kept:
    with zone.writer() as writer:
        writer.begin(soa(serial))
        writer.lines(records)
        return writer.install()


def held(zone: KeptZone) -> tuple[int, list[bytes]]:
    """Return what the file has; it must be whole."""
    kept = zone.read()
    assert kept is not None
    records = zone.path.read_bytes().splitlines(keepends=True)[4:-1]
    assert len(records) == kept.records
    return kept.soa.serial, records


def test_kill_at_every_step_leaves_the_old_zone_or_the_new(tmp_path: Path) -> None:
    zone = KeptZone(tmp_path, "z", "rpz.test")
    install(zone, 1, lines(1))
    difference = Difference({lines(1)[3]}, {b"new.vn CNAME .\n"})
    changed = sorted([*(line for line in lines(1) if line not in difference.removed), *difference.added])
    works = {
        "whole": (lambda: install(zone, 2, lines(2)), sorted(lines(2))),
        "difference": (lambda: zone.apply(difference, soa(2)), changed),
    }
    for work, new in works.values():
        install(zone, 1, lines(1))
        steps = steps_of(work)
        seen = set()
        for step in some_steps(steps, 40):
            install(zone, 1, lines(1))
            assert kill_at(step, work)
            serial, records = held(zone)
            assert sorted(records) == (sorted(lines(1)) if serial == 1 else new)
            seen.add(serial)
        assert seen == {1, 2}


@pytest.mark.parametrize("size", [0, 10, 200, -1])
def test_a_cut_file_is_no_zone(size: int, tmp_path: Path) -> None:
    zone = KeptZone(tmp_path, "z", "rpz.test")
    install(zone, 1, lines(1))
    assert held(zone)[0] == 1
    os.truncate(zone.path, size % zone.path.stat().st_size)
    assert zone.read() is None


def test_another_zones_file_is_no_zone(tmp_path: Path) -> None:
    install(KeptZone(tmp_path, "z", "other.test"), 1, lines(1))
    assert KeptZone(tmp_path, "z", "rpz.test").read() is None


@pytest.mark.parametrize(
    ("removed", "added", "reason"),
    [
        ({b"absent.vn CNAME .\n"}, set(), "mismatch"),
        (set(), {lines(1)[3]}, "mismatch"),
        ({NS}, set(), "no-ns"),
    ],
)
def test_difference_that_does_not_fit(
    removed: set[bytes], added: set[bytes], reason: str, tmp_path: Path
) -> None:
    zone = KeptZone(tmp_path, "z", "rpz.test")
    install(zone, 1, lines(1))
    with pytest.raises(TransferRefused) as refused:
        zone.apply(Difference(removed, added), soa(2))
    assert refused.value.reason == reason
    assert held(zone) == (1, lines(1))
    assert [path.name for path in tmp_path.iterdir()] == ["z.rpz"]


LABELS = st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=4)


@given(LABELS)
def test_no_label_is_taken_for_syntax(tmp_path_factory: pytest.TempPathFactory, labels: list[bytes]) -> None:
    owner = relative(wire(*labels)[:-1] + OF_TEST, OF_TEST)
    zone = KeptZone(tmp_path_factory.mktemp("z"), "z", "rpz.test")
    install(zone, 1, [NS, owner + b" CNAME .\n"])
    report = Report("z", "rpz")
    found = []
    with contextlib.suppress(ListRefused):  # the only name of the list is refused
        found += [entry.name for entry in read(ListSource("z", str(zone.path), 3, format="rpz"), report)]
    if found:
        assert found == [owner.decode().removeprefix("*.")]
    else:
        assert sum(report.refused.values()) == 1


@given(LABELS, st.binary(min_size=1, max_size=9))
def test_a_name_that_only_ends_alike_is_outside(labels: list[bytes], start: bytes) -> None:
    with pytest.raises(OutOfZone):
        relative(wire(*labels, start + b"rpz", "test"), OF_TEST)


def rr(owner: str, kind: int, content: bytes) -> bytes:
    """Return a record on the wire, its owner under the zone in the question."""
    return (
        wire(*owner.split("."))[:-1]
        + b"\xc0\x0c"
        + struct.pack("!HHIH", kind, 1, 300, len(content))
        + content
    )


def test_every_type_of_record_is_kept_and_understood(tmp_path: Path) -> None:
    records = [
        rr("addr.vn", 1, b"\x7f\0\0\1"),
        rr("addr6.vn", 28, bytes(15) + b"\1"),
        rr("text.vn", 16, b'\x08;"quoted'),
        rr("mail.vn", 15, b"\0\x0a\xc0\x0c"),
        rr("novel.vn", 65_280, b"\1\2"),
        rr("empty.vn", 65_280, b""),
        rr("signed.vn", 46, bytes(30)),
        rr("next.vn", 47, bytes(6)),
        rr("open.vn", 5, wire("rpz-passthru")),
        rr("walled.vn", 5, wire("Page", "School", "vn")),
    ]
    message = (
        struct.pack("!6H", 1, 0x8400, 1, len(records), 0, 0) + OF_TEST + b"\0\xfc\0\1" + b"".join(records)
    )
    lines_ = [item for item in open_envelope(message, OF_TEST).answers if isinstance(item, bytes)]
    assert lines_[0] == b"addr.vn A 127.0.0.1\n"
    assert lines_[3] == b"mail.vn MX \\# 12 000a0372707a047465737400\n", "no pointer is left in what is kept"
    assert lines_[9] == b"walled.vn CNAME page.school.vn.\n"
    zone = KeptZone(tmp_path, "z", "rpz.test")
    install(zone, 1, [NS, *lines_])
    report = Report("z", "rpz")
    entries = {e.name: e.flags for e in read(ListSource("z", str(zone.path), 3, format="rpz"), report)}
    assert not report.refused
    blocked = {"addr.vn", "addr6.vn", "text.vn", "mail.vn", "novel.vn", "empty.vn", "walled.vn"}
    assert {name for name, flags in entries.items() if not flags & Flag.EXCEPTION} == blocked
    assert {name for name, flags in entries.items() if flags & Flag.EXCEPTION} == {"open.vn"}
