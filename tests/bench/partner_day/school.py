"""A school's gateway: the shipped configuration, changed as the README says, and its process."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.bench.partner_day.desk import Desk, wait

ROOT = Path(__file__).resolve().parents[3]
CLOSED, OPEN = "NOERROR 0.0.0.0", "NOERROR 192.0.2.7"
NET = "10.97.0.0/24"
_SCHOOL = {
    "school": {"name": "Trường Thử Nghiệm", "commune": "Pa Tần", "level": "thcs"},
    "groups": [{"name": "Học sinh", "tier": "thcs", "networks": [NET]}],
}


class School:
    """One gateway; ``begin`` starts it, leaving the block kills it."""

    def __init__(self, desk: Desk, upstream: str) -> None:
        self.desk = desk
        self.config = desk.folder / "config"
        self.address = desk.place.address
        shutil.copytree(ROOT / "config", self.config)
        for folder in ("schools", "communes"):
            shutil.rmtree(self.config / folder)
        (self.config / "schools").mkdir()
        self._write("schools/truong.yaml", _SCHOOL)
        self.change("schoolguard.yaml", listen=[f"{self.address}@53"], metrics="off")
        self.change("schoolguard.yaml", upstreams={"servers": [f"{upstream}@53"]})
        paths = {"blocklists": str(ROOT / "blocklists"), "state": str(desk.folder / "state")}
        self.change("schoolguard.yaml", paths=paths)

    def change(self, name: str, **members: object) -> None:
        """Write members of a file of its configuration."""
        found = yaml.safe_load((self.config / name).read_text())
        self._write(name, {**found, **members})

    def follow(self, **members: object) -> None:
        """Follow a publisher."""
        self.change(
            "schoolguard.yaml", publisher={"every": "5s", "jitter": "1s", "report-every": "5s", **members}
        )

    @contextlib.contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the gateway until the block ends; then it loses its power."""
        words = self.desk.schoolguard("serve", "--config", str(self.config))
        with self.desk.serving(words, "gateway.log") as server:
            up = "the gateway answers"
            wait(lambda: server.poll() is not None or not self.asks("chan.example").startswith("SI"), up)
            wait(lambda: not self.asks("hoc.example").startswith("SERVFAIL"), f"{up} with lists")
            yield server

    def asks(self, name: str, kind: str = "A") -> str:
        """Return what a pupil's machine is answered."""
        return self.desk.asks(name, self.address, kind)

    def closes(self, name: str) -> None:
        """Wait until a name is closed."""
        wait(lambda: self.asks(name) == CLOSED, f"{self.desk.name} closes {name}", 90)

    def opens(self, name: str) -> None:
        """Wait until a name is open."""
        wait(lambda: self.asks(name) == OPEN, f"{self.desk.name} opens {name}", 90)

    def run(self, *words: str | Path, code: int = 0, language: str = "") -> str:
        """Type a command of the gateway."""
        return self.desk.run(*words, "--config", self.config, code=code, language=language)

    def _write(self, name: str, content: object) -> None:
        (self.config / name).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
