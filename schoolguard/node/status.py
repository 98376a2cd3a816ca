"""The gateway's status over HTTP: ``/metrics`` for Prometheus and ``/healthz``, on loopback by default.

Reading only: no route changes anything. It runs in threads of its own, so a slow reader stops nobody.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from schoolguard.language import N_
from schoolguard.node.sockets import CannotListen
from schoolguard.settings import Endpoint

Health = Callable[[], dict[str, object]]


class StatusServer:
    """One HTTP server; ``health`` returns the body of ``/healthz``, whose ``ready`` decides 200 or 503."""

    def __init__(self, endpoint: Endpoint, registry: CollectorRegistry, health: Health) -> None:
        self.endpoint = endpoint
        self._metrics = make_wsgi_app(registry)
        self._health = health
        try:
            self._server = make_server(
                endpoint.host, endpoint.port, self._answer, _class_for(endpoint), _Quiet
            )
        except OSError as error:
            msgid = N_(
                "cannot listen on {address} for metrics: {problem}; choose another address under `metrics`,"
                ' or `metrics: "off"`'
            )
            address = f"{endpoint.host}@{endpoint.port}"
            raise CannotListen(msgid, address=address, problem=error.strerror) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="status", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "")
        if method not in ("GET", "HEAD"):
            return _text(start, "405 Method Not Allowed", "text/plain", b"GET and HEAD only\n")
        if path == "/metrics":
            return self._scraped(environ, start)
        if path == "/healthz":
            health = self._health()
            status = "200 OK" if health.get("ready") else "503 Service Unavailable"
            body = json.dumps(health, ensure_ascii=False).encode() + b"\n"
            return _text(start, status, "application/json; charset=utf-8", body)
        return _text(start, "404 Not Found", "text/plain", b"/metrics and /healthz are here\n")

    def _scraped(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        try:
            metrics: Iterable[bytes] = self._metrics(environ, start)
        except TimeoutError:
            return _text(start, "503 Service Unavailable", "text/plain", b"the gateway is busy; ask again\n")
        return metrics


def _text(start: Callable[..., Any], status: str, kind: str, body: bytes) -> Iterable[bytes]:
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")])
    return [body]


class _Quiet(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: scrapes are no news."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 16


class _Server6(_Server):
    address_family = 10  # AF_INET6


def _class_for(endpoint: Endpoint) -> type[WSGIServer]:
    return _Server6 if ":" in endpoint.host else _Server
