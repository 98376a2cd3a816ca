"""A small right configuration that the tests spoil in one place each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from schoolguard.config import Finding, Loaded, findings, load

BASE = Path(__file__).parent / "base"
TODAY = date(2026, 11, 24)
Change = str | bytes | tuple[str, str] | None


@pytest.fixture
def spoil(tmp_path: Path) -> Callable[[dict[str, Change]], Path]:
    """Return a function that copies the right configuration and changes files of it.

    A change is a whole new text, ``(old, new)`` for the one place where ``old`` stands, or ``None`` (remove).
    """

    def make(changes: dict[str, Change]) -> Path:
        shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
        for name, change in changes.items():
            outside = name.startswith(("resolv", "blocklists"))
            path = tmp_path / name if outside else tmp_path / "config" / name
            path.parent.mkdir(exist_ok=True)
            _apply(path, change)
        return tmp_path / "config"

    return make


def _apply(path: Path, change: Change) -> None:
    if change is None:
        path.unlink()
    elif isinstance(change, bytes):
        path.write_bytes(change)
    elif isinstance(change, str):
        path.write_text(change, encoding="utf-8")
    else:
        text = path.read_text(encoding="utf-8")
        assert text.count(change[0]) == 1, f"{change[0]!r} must stand once in {path.name}"
        path.write_text(text.replace(*change), encoding="utf-8")


@pytest.fixture
def check(spoil: Callable[[dict[str, Change]], Path]) -> Callable[[dict[str, Change]], tuple[Finding, ...]]:
    """Return a function that gives the findings of the right configuration with changes."""

    def run(changes: dict[str, Change]) -> tuple[Finding, ...]:
        folder = spoil(changes)
        return findings(folder, resolv_conf=folder.parent / "resolv.conf", cores=4, today=TODAY)

    return run


@pytest.fixture
def loaded(spoil: Callable[[dict[str, Change]], Path]) -> Callable[[dict[str, Change]], Loaded]:
    """Return a function that loads the right configuration with changes."""

    def run(changes: dict[str, Change]) -> Loaded:
        folder = spoil(changes)
        return load(folder, resolv_conf=folder.parent / "resolv.conf", cores=4, today=TODAY)

    return run
