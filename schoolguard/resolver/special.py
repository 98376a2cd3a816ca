"""Names that are answered here and never forwarded, because the public DNS must not see them.

Source: RFC 6761 (localhost, invalid, test), RFC 7686 (onion), RFC 8375 (home.arpa), RFC 6762 (local),
RFC 6303 and RFC 1918 (reverse zones of private addresses). It must not hold policy.
"""

from __future__ import annotations

from schoolguard.dns.answer import Answer
from schoolguard.dns.blocked import blocked_answer

_TTL = 3_600
_LOOPBACK = "localhost."
_INFRASTRUCTURE = "arpa."
_UNSPECIFIED = "arpa.ip6." + 32 * "0."
_NOWHERE = frozenset(
    ["invalid.", "test.", "onion.", "local.", "arpa.home.", "arpa.in-addr.10.", "arpa.in-addr.192.168."]
    + [f"arpa.in-addr.172.{i}." for i in range(16, 32)]
    + ["arpa.in-addr.127.", "arpa.in-addr.0.", "arpa.in-addr.169.254.", "arpa.in-addr.255.255.255.255."]
    + ["arpa.in-addr.192.0.2.", "arpa.in-addr.198.51.100.", "arpa.in-addr.203.0.113."]
    + [f"arpa.ip6.{nibbles}." for nibbles in ("f.c", "f.d", "f.e.8", "f.e.9", "f.e.a", "f.e.b")]
    + ["arpa.ip6.2.0.0.1.0.d.b.8.", _UNSPECIFIED, _UNSPECIFIED.removesuffix("0.") + "1."]
)


def special_answer(key: str, question: bytes) -> Answer | None:
    """Return the local answer to a search key, or ``None`` when the name is an ordinary one."""
    if key.startswith(_LOOPBACK):
        return blocked_answer(question, "block-page", ("127.0.0.1", "::1"), _TTL, None)
    end = key.find(".") + 1
    while end:
        if key[:end] in _NOWHERE:
            return blocked_answer(question, "nxdomain", (), _TTL, None)
        if not key.startswith(_INFRASTRUCTURE):
            return None  # only top-level names stand in the table, but for those under arpa
        end = key.find(".", end) + 1
    return None
