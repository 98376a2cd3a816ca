"""ARCHITECTURE.md names things that exist: the threats' tests, the files, the parts of the import table."""

from __future__ import annotations

import re
from pathlib import Path

from tests.test_imports import MAY_IMPORT

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


def test_every_test_named_exists() -> None:
    names = set(re.findall(r"`(test_\w+)`", TEXT))
    assert len(names) > 25
    missing = sorted(name for name in names if f"def {name}(" not in TESTS)
    assert not missing, f"ARCHITECTURE.md names tests that do not exist: {missing}"


def test_every_file_named_exists() -> None:
    paths = set(re.findall(r"`((?:tests|schoolguard|config|systemd)/[\w./-]+)`", TEXT))
    missing = sorted(path for path in paths if not (ROOT / path).exists())
    assert paths
    assert not missing, f"ARCHITECTURE.md names files that do not exist: {missing}"


def test_every_threat_tested_by_number_is_in_the_table() -> None:
    rows = {int(number) for number in re.findall(r"^\| (\d+) \|", TEXT, re.M)}
    tested = {int(number) for number in re.findall(r"def test_threat_(\d+)_", TESTS)}
    assert tested - rows == set()


def test_the_import_table_names_every_part() -> None:
    described = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`[^|]*) \|", TEXT, re.M))))
    assert {part.partition(".")[0] for part in MAY_IMPORT} - described == set()
