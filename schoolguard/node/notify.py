"""Messages to systemd (sd_notify(3)): ready, reloading, stopping, watchdog. Silent without systemd."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping


class Notify:
    """The notification socket that systemd named in the environment, if any."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._path = environment.get("NOTIFY_SOCKET", "")
        microseconds = environment.get("WATCHDOG_USEC", "")
        self.watchdog_seconds = int(microseconds) / 1e6 if microseconds.isdigit() else 0.0

    def send(self, *states: str) -> None:
        """Send states such as ``READY=1``; raises ``OSError`` when systemd's socket does not take them."""
        if not self._path:
            return
        address = "\0" + self._path[1:] if self._path.startswith("@") else self._path
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.sendto("\n".join(states).encode(), address)

    def reloading(self) -> None:
        """Tell that a reload began (systemd wants the monotonic time with it)."""
        self.send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
