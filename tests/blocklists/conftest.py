"""What we ship, read once: the list files as text, and the whole example configuration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from schoolguard.config import load
from schoolguard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
BLOCKLISTS = ROOT / "blocklists"


def names_in(path: Path) -> list[str]:
    """Return the names of a list of ours as written, in order: a name a line, ``#`` begins a comment."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


@pytest.fixture(scope="session")
def plain_lists() -> Mapping[str, list[str]]:
    """The plain lists of ours by file stem."""
    return {path.stem: names_in(path) for path in sorted(BLOCKLISTS.glob("*.txt"))}


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The example configuration as it stands in ``config``."""
    resolv_conf = tmp_path_factory.mktemp("resolv") / "resolv.conf"
    resolv_conf.write_text("nameserver 192.0.2.53\n")
    return load(ROOT / "config", resolv_conf=resolv_conf, cores=1, today=date(2026, 11, 24)).settings
