"""What both browsers have in common: a profile in a folder of the test, a namespace, the outcome of a visit.

It must not know how a browser is driven.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.browsers.web import TITLE
from tests.servers import process, program


@dataclass(frozen=True, slots=True)
class Setting:
    """How somebody set up a browser: what it keeps (``Local State``, ``user.js``), and its policies."""

    browser: str
    kept: Mapping[str, object] = field(default_factory=dict)
    policies: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a browser was sent, the title it ended with, and its error when there was one."""

    url: str
    title: str
    error: str

    @property
    def loaded(self) -> bool:
        """Whether the page of the test's web server is what is shown."""
        return self.title == TITLE and not self.error


class Browser(Protocol):
    """A running browser with one window."""

    def visit(self, url: str) -> Visit:
        """Go to a page and wait until it has loaded or failed."""


@contextlib.contextmanager
def etc(namespace: str, files: Mapping[str, str]) -> Iterator[None]:
    """Let what ``ip netns exec`` runs in the namespace see other files in /etc (ip-netns(8)).

    A folder that a path begins with is hidden as a whole, and must exist in /etc.
    """
    folder = Path("/etc/netns") / namespace
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        yield
    finally:
        shutil.rmtree(folder)
        with contextlib.suppress(OSError):  # another test's folder is in it
            folder.parent.rmdir()


@contextlib.contextmanager
def running(
    namespace: str, command: Sequence[str], home: Path, passed: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a browser in a namespace with a home of its own; ``passed`` are descriptors it inherits."""
    place = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    place |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    full = [program("ip"), "netns", "exec", namespace, *command]
    with process(full, home / "browser.log", env=place, pass_fds=passed) as started:
        yield started
