"""A desk in a place: commands are typed there, servers started, names asked; each is shown as it happens."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.orders.network import Place
from tests.bench.processes import Failed
from tests.servers import program

PASSPHRASE = "four random words, here"
_VARIABLE = "SCHOOLGUARD_DAY_PASSPHRASE"
SECRET = ("--passphrase", f"env:{_VARIABLE}")
_LONGEST = 120.0


def wait(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Return the first true value; raises ``Failed``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.1)
    raise Failed(f"not within {seconds:.0f} s: {what}")


def need(right: object, what: str, seen: object = "") -> None:
    """Go on only when something is so; raises ``Failed``."""
    if not right:
        raise Failed(f"{what}; seen: {seen}")


@dataclass
class Desk:
    """Where ``name`` works: a place, a folder of its own, the authority whose certificates are believed."""

    name: str
    place: Place
    folder: Path
    authority: Path
    language: str = "en"
    said: list[str] = field(default_factory=list)

    def run(self, *words: str | Path, code: int = 0, typed: str = "", language: str = "") -> str:
        """Type a ``schoolguard`` command and return what it printed; raises ``Failed`` for another code."""
        line = [str(word) for word in words]
        spoken = language or self.language
        print(f"\n{self.name}$ schoolguard {shlex.join(line)}", flush=True)
        try:
            done = subprocess.run(
                self.place.command(sys.executable, "-m", "schoolguard", *line),
                input=typed,
                capture_output=True,
                text=True,
                timeout=_LONGEST,
                cwd=self.folder,
                env=self._environment(spoken),
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{self.name}: {line} did not end") from error
        told = done.stdout + done.stderr
        print("".join(f"    {each}\n" for each in told.splitlines()), end="", flush=True)
        if done.returncode != code:
            raise Failed(f"{self.name}: {' '.join(line[:3])} ended with {done.returncode}, not {code}")
        self.said.append(told)
        return told

    @contextlib.contextmanager
    def serving(self, words: Sequence[str], log: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a server here; it is ended as a power cut does it."""
        with (self.folder / log).open("ab") as output:
            server = subprocess.Popen(
                self.place.command(*words),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env=self._environment("en"),
                start_new_session=True,
            )
        try:
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)  # its own session: only what was begun here
            server.wait()

    def schoolguard(self, *words: str) -> list[str]:
        """Return the words of a server of ours."""
        return [sys.executable, "-m", "schoolguard", *words]

    def asks(self, name: str, of: str, kind: str = "A", port: int = 53) -> str:
        """Return what ``dig`` says of a name: the status and the addresses."""
        words = [f"@{of}", "-p", str(port), "+tries=1", "+time=2", "+noedns", name, kind]
        done = subprocess.run(
            self.place.command(program("dig"), *words), capture_output=True, text=True, check=False
        )
        lines = done.stdout.splitlines()
        status = next((x.split("status: ")[1].split(",")[0] for x in lines if "status: " in x), "SILENT")
        answers = [x.split()[-1] for x in lines if x and not x.startswith(";") and "\tIN\t" in x]
        return " ".join([status, *answers])

    def _environment(self, language: str) -> dict[str, str]:
        return {
            **os.environ,
            "SSL_CERT_FILE": str(self.authority),
            _VARIABLE: PASSPHRASE,
            "SCHOOLGUARD_LANGUAGE": language,
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "160",
        }
