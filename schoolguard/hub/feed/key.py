"""The receiver's own key, with which it signs its answers; gateways pin it when they are enrolled."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.intake.orders.key import gateway_key

FILE = "feed.key"


def receiver_key(hub: Path) -> Ed25519PrivateKey:
    """Return the key in a publisher's folder, made if there is none; raises ``KeyUnusable``.

    A publisher that loses it must enrol every gateway again: it belongs in the backup.
    """
    return gateway_key(hub / FILE)
