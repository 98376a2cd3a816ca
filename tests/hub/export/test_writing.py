"""An export as a file: with a head, whole, readable by BIND's own checker."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from schoolguard.hub.export.model import ExportZone
from schoolguard.hub.export.writing import Form, write_export
from schoolguard.lists.layout import SnapshotBroken
from tests.hub.export.conftest import ZONE, Tier
from tests.servers import program

NOW = 1_788_566_400.0


def test_zone_file_is_right_for_bind(tier: Tier, export: ExportZone, tmp_path: Path) -> None:
    target = tmp_path / "thcs.rpz"
    write_export(target, Form.RPZ, export, [tier.compile(gambling="||x.vn^", never_block="c.b.x.vn")], NOW)
    checked = subprocess.run(
        [program("named-checkzone"), ZONE, str(target)],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert f"loaded serial {int(NOW)}" in checked.stdout
    assert "c.b.x.vn CNAME rpz-passthru.\n" in target.read_text()


@pytest.mark.parametrize("form", tuple(Form))
def test_head_says_what_it_is(form: Form, tier: Tier, export: ExportZone, tmp_path: Path) -> None:
    target, snapshot = tmp_path / "file", tier.compile(gambling="||x.vn^")
    write_export(target, form, export, [snapshot], NOW)
    head = target.read_text()[:400]
    assert "thcs" in head
    assert "2026-09-05T07:00:00+07:00" in head
    assert snapshot.stem in head
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["file"]


def test_an_older_file_stays_when_the_snapshot_is_broken(
    tier: Tier, export: ExportZone, tmp_path: Path
) -> None:
    target, snapshot = tmp_path / "file", tier.compile(gambling="||x.vn^")
    write_export(target, Form.HOSTS, export, [snapshot], NOW)
    before = target.read_text()
    snapshot.write_bytes(snapshot.read_bytes()[:-100])
    with pytest.raises(SnapshotBroken):
        write_export(target, Form.HOSTS, export, [snapshot], NOW)
    assert target.read_text() == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["file"]
