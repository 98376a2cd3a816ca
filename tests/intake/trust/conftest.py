"""One web server for all tests of the client, and in it one repository a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hub.tuf.yard import Yard, founded
from tests.intake.trust.gate import Gate
from tests.intake.trust.served import Static, static_server

FILE = "lists/viettel/bad.sgl.zst"
OTHER = "lists/vnpt/bad.sgl.zst"
VIETTEL, VNPT = "partner-viettel", "partner-vnpt"


@dataclass
class Scene:
    """A publisher with two partners, and a gateway that reads from it over HTTP."""

    yard: Yard
    gate: Gate
    www: Path

    def save(self) -> Path:
        """Return a copy of what is served now."""
        copy = self.yard.folder.parent / f"saved-{len(list(self.yard.folder.parent.iterdir()))}"
        shutil.copytree(self.yard.served, copy)
        return copy

    def push(self, content: bytes, now: float) -> None:
        """Viettel brings a new list, and it is published."""
        self.yard.push("viettel", {FILE: content}, ["v1", "v2"], now)
        self.yard.publish(now)

    def content(self, path: str = FILE) -> bytes:
        """Return a file as the gateway has it."""
        return self.gate.fetch(self.gate.targets()[path]).read_bytes()


@pytest.fixture(scope="session")
def static(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Static]:
    with static_server(tmp_path_factory.mktemp("lighttpd")) as running:
        yield running


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publisher's folder with two partners who each have published a list."""
    yard = founded(tmp_path_factory.mktemp("template") / "hub")
    yard.partner("viettel", "v1", "v2", "v3", threshold=2)
    yard.partner("vnpt", "n1")
    yard.push("viettel", {FILE: b"viettel 1"}, ["v1", "v2"])
    yard.push("vnpt", {OTHER: b"vnpt 1"}, ["n1"])
    yard.publish()
    return yard.folder


@pytest.fixture
def scene(static: Static, template: Path, tmp_path: Path) -> Scene:
    yard = Yard(tmp_path / "hub")
    shutil.copytree(template, yard.folder)
    www = static.root / tmp_path.name
    www.symlink_to(yard.served)
    gate = Gate(tmp_path / "gate", f"{static.address}{tmp_path.name}/", yard.root())
    return Scene(yard, gate, www)
