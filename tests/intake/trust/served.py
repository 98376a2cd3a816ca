"""Servers for tests of the client: lighttpd for what is honest, a socket for what no honest server would
send."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import free_port

_CONFIGURATION = """
server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.stat-cache-engine = "disable"
server.errorlog = "{log}"
"""


@dataclass(frozen=True)
class Static:
    """A running lighttpd: where its files stand, and its address."""

    root: Path
    address: str


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def static_server(folder: Path) -> Iterator[Static]:
    """Serve ``folder``/www until the end; only what was started here is ended."""
    program = shutil.which("lighttpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program is not None, "lighttpd is missing; `make packages` installs it"
    root, log, port = folder / "www", folder / "error.log", free_port()
    root.mkdir()
    written = folder / "lighttpd.conf"
    written.write_text(_CONFIGURATION.format(root=root, port=port, log=log))
    process = subprocess.Popen([program, "-D", "-f", str(written)])
    try:
        end = time.monotonic() + 20
        while not _answers(port):
            assert process.poll() is None, "lighttpd ended"
            assert time.monotonic() < end, "lighttpd does not answer"
            time.sleep(0.01)
        yield Static(root, f"http://127.0.0.1:{port}/")
    finally:
        process.terminate()
        process.wait(10)


Sends = Callable[[socket.socket, str], None]
"""Answers one request, whose head it is given, in its own way."""


@dataclass
class Raw:
    """A server that answers every connection's first request with a function, then closes."""

    answer: Sends
    requests: list[str] = field(default_factory=list)
    address: str = ""


@contextlib.contextmanager
def raw_server(answer: Sends) -> Iterator[Raw]:
    """Answer with ``answer`` until the end."""
    raw = Raw(answer)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        raw.address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread = threading.Thread(target=_serve, args=(listener, raw))
        thread.start()
        try:
            yield raw
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(20)


def _serve(listener: socket.socket, raw: Raw) -> None:
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer, contextlib.suppress(OSError):
            head = peer.recv(65536).decode("latin-1")
            raw.requests.append(head)
            raw.answer(peer, head)
