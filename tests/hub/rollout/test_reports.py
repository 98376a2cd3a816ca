"""What the publisher keeps of gateways' reports: each one's last word, of gateways that are enrolled."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.hub.rollout.reports import CannotKeepReports, Reports
from schoolguard.intake.rollout.report import Effect, Preview, Rate, Report, sign
from schoolguard.intake.rollout.report_reading import ReportRefused
from tests.hub.tuf.killed import every_step

NEW, FORMER, OTHER = "a" * 64, "b" * 64, "c" * 64
KEYS = {f"gw-{n}": Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3)}


def reports(folder: Path, *gateways: str) -> Reports:
    known = {name: KEYS[name].public_key().public_bytes_raw() for name in gateways or KEYS}
    return Reports(folder / "rollout.db", known.get)


def preview(gateway: str, number: int, blocked: int, state: str = NEW) -> bytes:
    told = Report(gateway, number, 5, "x", preview=Preview(state, FORMER, 10, blocked, 0, 0))
    return sign(told, KEYS[gateway])


def effect(gateway: str, number: int, blocked: int) -> bytes:
    rates = Rate(10, blocked, 1), Rate(10, 0)
    return sign(Report(gateway, number, 5, "x", effect=Effect(NEW, FORMER, 5, *rates)), KEYS[gateway])


def blocked(found: Reports, state: str = NEW) -> list[int]:
    return [each.blocked for each in found.previews(state)]


def test_each_gateways_last_word_counts(tmp_path: Path) -> None:
    found = reports(tmp_path)
    for number, count in ((1, 3), (7, 5), (4, 9), (7, 8)):
        found.put(preview("gw-1", number, count), 1.0)
    found.put(preview("gw-2", 2, 1), 1.0)
    found.put(effect("gw-1", 1, 6), 1.0)
    assert blocked(found) == [5, 1], "what is older, or sent again, changes nothing"
    assert blocked(found, OTHER) == []
    assert [each.after for each in found.effects(NEW)] == [Rate(10, 6, 1)]
    assert blocked(reports(tmp_path)) == [5, 1]
    assert (tmp_path / "rollout.db").stat().st_mode & 0o777 == 0o600


def test_only_enrolled_gateways_are_heard(tmp_path: Path) -> None:
    found = reports(tmp_path, "gw-1")
    with pytest.raises(ReportRefused, match="not the key of the gateway 'gw-2'"):
        found.put(preview("gw-2", 1, 3), 1.0)
    stolen = sign(Report("gw-1", 9, 5, "x", preview=Preview(NEW, FORMER, 10, 10, 0, 0)), KEYS["gw-3"])
    with pytest.raises(ReportRefused, match="not the key"):
        found.put(stolen, 1.0)
    assert blocked(found) == []


def test_a_gateway_that_is_taken_out_counts_no_more(tmp_path: Path) -> None:
    for gateway in ("gw-1", "gw-2"):
        reports(tmp_path).put(preview(gateway, 1, 3), 1.0)
    assert blocked(reports(tmp_path, "gw-2")) == [3]


def test_what_is_about_no_present_state_is_deleted(tmp_path: Path) -> None:
    found = reports(tmp_path)
    found.put(preview("gw-1", 1, 3), 1.0)
    found.put(preview("gw-1", 1, 4, OTHER), 1.0)
    found.forget({OTHER})
    assert (blocked(found), blocked(found, OTHER)) == ([], [4])


def test_a_kill_keeps_a_report_or_does_not(tmp_path: Path) -> None:
    found = reports(tmp_path)
    found.put(preview("gw-1", 1, 3), 1.0)
    numbers = iter(range(2, 1000))

    def work() -> None:
        found.put(preview("gw-1", next(numbers), 5), 1.0)

    for _ in every_step(work, lambda: None):
        assert blocked(reports(tmp_path)) in ([3], [5])
    assert blocked(found) == [5]


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "rollout.db").write_bytes(b"no database" * 100)
    with pytest.raises(CannotKeepReports, match="cannot be kept"):
        reports(tmp_path).put(preview("gw-1", 1, 3), 1.0)
