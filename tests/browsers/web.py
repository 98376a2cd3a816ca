"""A web server that answers every name alike over HTTP and HTTPS, and remembers what it was asked for.

A page has loaded when its title is in the browser and its request is here. It must know no name: whatever a
browser manages to reach, it gets.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tests.browsers.certificates import Certificate

TITLE = "Trang đã mở"
_PORTAL_CHECKS = {
    "/canonical.html": (
        200,
        b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>',
    ),
    "/success.txt": (200, b"success\n"),
    "/generate_204": (204, b""),
}
"""What browsers fetch to see whether the network wants a log-in first. Where it does, Firefox uses no DoH."""

_PAGE = f"<!doctype html><meta charset=utf-8><title>{TITLE}</title><link rel=icon href=data:,>".encode()


@dataclass
class Seen:
    """What reached the web server: hosts asked for a page, and names said in the clear by TLS (SNI)."""

    hosts: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: ClassVar[Seen]

    def do_GET(self) -> None:
        self.seen.hosts.append(self.headers.get("Host", ""))
        status, body = _PORTAL_CHECKS.get(urlsplit(self.path).path, (200, _PAGE))
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what matters is in ``seen``."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], page: type[_Page], tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        super().__init__(address, page)

    def server_bind(self) -> None:
        """Bind, and do not ask DNS for the address's name, which ``http.server`` does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "", 0

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the connection's own thread, so that a slow client holds up nobody."""
        request.settimeout(20)
        if self._tls is None:
            super().finish_request(request, client_address)
            return
        with self._tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser breaks off what it no longer wants, and does not trust a name that is not certified."""


@contextlib.contextmanager
def web(address: str, certificate: Certificate) -> Iterator[Seen]:
    """Serve ports 80 and 443 of an address in the network namespace of the caller; yield what they see."""
    seen = Seen()
    page = type("Page", (_Page,), {"seen": seen})
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.certificate, certificate.key)
    tls.sni_callback = lambda _, name, __: seen.spoken.append(name or "")
    with contextlib.ExitStack() as stack:
        for port, secured in ((80, None), (443, tls)):
            server = stack.enter_context(_Server((address, port), page, secured))
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield seen
