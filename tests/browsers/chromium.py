"""Chromium without a screen, with settings as its own settings page keeps them, driven over a pipe.

Source: Chrome DevTools Protocol (Target, Page, Runtime); ``--remote-debugging-pipe``: JSON messages that end
with a zero byte, in on descriptor 3 and out on 4. It must not switch off what the browser does besides.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.browsers.certificates import Authority
from tests.browsers.visit import Setting, Visit, etc, running
from tests.servers import NeverHappened, program

_DEADLINE = 30.0
_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    "--remote-debugging-pipe",
)


class Chromium:
    """A running Chromium with one tab."""

    def __init__(self, to: int, of: int) -> None:
        self._to, self._of, self._rest = to, of, b""
        self._numbers = itertools.count(1)
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._tab = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def visit(self, url: str) -> Visit:
        """Go to a page and wait until it has loaded or failed."""
        said = self._call("Page.navigate", tab=True, url=url)
        end = time.monotonic() + _DEADLINE
        while not said.get("errorText") and self._worth("document.readyState") != "complete":
            if time.monotonic() > end:
                raise NeverHappened(f"{url} neither loads nor fails")
        return Visit(url, str(self._worth("document.title")), said.get("errorText", ""))

    def _worth(self, expression: str) -> Any:
        said = self._call("Runtime.evaluate", tab=True, expression=expression)
        return said["result"].get("value")

    def _call(self, method: str, tab: bool = False, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if tab:
            message["sessionId"] = self._tab
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            said = self._message()
            if said.get("id") == number:
                assert "error" not in said, said
                return dict(said["result"])

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._of], [], [], _DEADLINE)
            more = os.read(self._of, 1 << 16) if ready else b""
            if not more:
                raise NeverHappened("Chromium says nothing more")
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))


@contextlib.contextmanager
def chromium(
    namespace: str, server: str, home: Path, authority: Authority, setting: Setting
) -> Iterator[Chromium]:
    """Run Chromium in a network whose resolver is ``server``."""
    authority.trusted_in(home / ".pki/nssdb")
    profile = home / "profile"
    profile.mkdir(parents=True)
    (profile / "Local State").write_text(json.dumps(dict(setting.kept)))
    files = {"resolv.conf": f"nameserver {server}\n"}
    if setting.policies:
        files["chromium/policies/managed/test.json"] = json.dumps(dict(setting.policies))
    with contextlib.ExitStack() as stack:
        stack.enter_context(etc(namespace, files))
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        for each in (theirs_in, ours_out, ours_in, theirs_out):
            stack.callback(os.close, each)
        shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        browser = [program("chromium"), *_OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        command = [program("bash"), "-c", shell, "bash", *browser]
        stack.enter_context(running(namespace, command, home, (theirs_in, theirs_out)))
        yield Chromium(ours_out, ours_in)
