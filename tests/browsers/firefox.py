"""Firefox without a screen, with preferences as its settings page keeps them, driven over Marionette.

Source: Firefox source documentation, Marionette protocol: a message is its length, a colon and JSON; a
command is [0, number, name, parameters], its answer [1, number, error, result]. It must not take the
preferences that Marionette recommends for tests: they change what is asked of DNS.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.browsers.certificates import Authority
from tests.browsers.visit import Setting, Visit, etc, running
from tests.devices.network import inside
from tests.servers import program, wait_until

_PORT = 2828
_DISTRIBUTION = "/usr/lib/firefox-esr/distribution"
"""Where Debian's package looks for the machine's policies."""
_DEADLINE = 30.0


class Firefox:
    """A running Firefox with one tab."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self._rest = line, b""
        self._numbers = itertools.count(1)
        self._message()  # it says who it is
        limits = {"pageLoad": int(_DEADLINE * 1000)}
        self.call("WebDriver:NewSession", capabilities={"alwaysMatch": {"timeouts": limits}})

    def visit(self, url: str) -> Visit:
        """Go to a page and wait until it has loaded or failed."""
        error, _ = self._ask("WebDriver:Navigate", {"url": url})
        return Visit(url, str(self.call("WebDriver:GetTitle")["value"]), error)

    def preference(self, name: str) -> Any:
        """Return what a preference is now, ``None`` when nothing set it."""
        self.call("Marionette:SetContext", value="chrome")
        script = (
            "const p = Services.prefs; const n = arguments[0];"
            "return {[p.PREF_STRING]: () => p.getStringPref(n), [p.PREF_INT]: () => p.getIntPref(n),"
            "[p.PREF_BOOL]: () => p.getBoolPref(n)}[p.getPrefType(n)]?.() ?? null;"
        )
        value = self.call("WebDriver:ExecuteScript", script=script, args=[name])["value"]
        self.call("Marionette:SetContext", value="content")
        return value

    def decision(self) -> int:
        """Wait until Firefox has made up its mind about DoH, and return it: 0 no, 2 yes (DohController)."""
        wait_until(lambda: self.preference("doh-rollout.mode") is not None, "what Firefox thinks of DoH")
        return int(self.preference("doh-rollout.mode"))

    def call(self, name: str, **parameters: Any) -> dict[str, Any]:
        """Give a command that must succeed and return its result."""
        error, result = self._ask(name, parameters)
        assert not error, f"{name}: {error}"
        return dict(result or {})

    def _ask(self, name: str, parameters: dict[str, Any]) -> tuple[str, Any]:
        number = next(self._numbers)
        message = json.dumps([0, number, name, parameters]).encode()
        self._line.sendall(b"%d:%s" % (len(message), message))
        while True:
            said = self._message()
            if said[:2] == [1, number]:
                return (said[2]["message"] if said[2] else ""), said[3]

    def _message(self) -> Any:
        size, _, self._rest = self._until(lambda: b":" in self._rest).partition(b":")
        message = self._until(lambda: len(self._rest) >= int(size))[: int(size)]
        self._rest = self._rest[int(size) :]
        return json.loads(message)

    def _until(self, enough: Callable[[], bool]) -> bytes:
        while not enough():
            more = self._line.recv(1 << 16)
            assert more, "Firefox has ended"
            self._rest += more
        return self._rest


def _preferences(chosen: Mapping[str, object]) -> str:
    own = {
        "remote.prefs.recommended": False,
        "marionette.port": _PORT,
        "browser.shell.checkDefaultBrowser": False,
    }
    return "".join(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in (own | dict(chosen)).items())


@contextlib.contextmanager
def firefox(
    namespace: str, server: str, home: Path, authority: Authority, setting: Setting
) -> Iterator[Firefox]:
    """Run Firefox in a network whose resolver is ``server``."""
    profile = home / "profile"
    authority.trusted_in(profile)
    (profile / "user.js").write_text(_preferences(setting.kept))
    options = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access"]
    command = [program("firefox-esr"), *options, "--profile", str(profile), "about:blank"]
    if setting.policies:
        (home / "policies.json").write_text(json.dumps({"policies": dict(setting.policies)}))
        # In the mounts that `ip netns exec` makes for this process alone.
        hide = f"mount --bind '{home}' {_DISTRIBUTION} && exec \"$@\""
        command = [program("sh"), "-c", hide, "sh", *command]
    with (
        etc(namespace, {"resolv.conf": f"nameserver {server}\n"}),
        running(namespace, command, home),
        _connected(namespace) as line,
    ):
        yield Firefox(line)


@contextlib.contextmanager
def _connected(namespace: str) -> Iterator[socket.socket]:
    def connect() -> socket.socket | None:
        with inside(namespace):
            line = socket.socket()
        if line.connect_ex(("127.0.0.1", _PORT)) == 0:
            return line
        line.close()
        return None

    with wait_until(connect, "Firefox's Marionette") as line:
        line.settimeout(_DEADLINE + 10)
        yield line
