"""TLS for the server from two files, and how much memory a connection of it takes. No routes here."""

from __future__ import annotations

import asyncio.sslproto
import ssl

from schoolguard.hub.server.limits import Listening

_BUFFER = 16 << 10
"""A TLS record holds 16 KiB at most (RFC 8446 5.1), so nothing is gained by reading more at once."""


def tls_context(listening: Listening) -> ssl.SSLContext | None:
    """Return the context, None without a certificate; raises ``OSError`` and ``ssl.SSLError``."""
    if listening.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(listening.certificate, listening.key)
    return context


def use_small_buffers() -> None:
    """Let asyncio's TLS connections of this process keep 16 KiB each instead of 256 KiB.

    For the publisher's process alone, at its start: 5,000 gateways held open took 1.4 GB without.
    """
    asyncio.sslproto.SSLProtocol.max_size = _BUFFER
