"""Names that are answered here and never forwarded, because the public DNS must not see them.

Source: RFC 6761 (localhost, invalid, test), RFC 7686 (onion), RFC 8375 (home.arpa), RFC 6762 (local),
RFC 6303 and RFC 1918 (reverse zones of private addresses), RFC 9462 6.4 (resolver.arpa). And the names by
which browsers and systems ask whether they may go round this resolver: no, where the plan blocks what they
would go to. It must not decide what a plan blocks.
"""

from __future__ import annotations

from schoolguard.categories import BY_NAME
from schoolguard.dns.answer import Answer
from schoolguard.dns.blocked import BlockAnswer, blocked_answer

_TTL = 3_600
_DESIGNATED = "arpa.resolver."
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


_SWITCHES = {
    "net.use-application-dns.": BY_NAME["encrypted-dns"].mask,
    "com.icloud.mask.": BY_NAME["proxy-vpn"].mask,
    "com.icloud.mask-h2.": BY_NAME["proxy-vpn"].mask,
}
"""Firefox's canary and Apple's Private Relay: their makers document NXDOMAIN as the network's no."""


def special_answer(key: str, question: bytes, blocked: int) -> Answer | None:
    """Return the local answer to a search key, or ``None`` when the name is an ordinary one.

    ``blocked`` is the mask of the categories that the client's plan blocks.
    """
    if _SWITCHES.get(key, 0) & blocked:
        return blocked_answer(question, BlockAnswer.NXDOMAIN, (), _TTL, None)
    if key.startswith(_DESIGNATED):
        return blocked_answer(question, BlockAnswer.NODATA, (), _TTL, None)
    if key.startswith(_LOOPBACK):
        return blocked_answer(question, BlockAnswer.PAGE, ("127.0.0.1", "::1"), _TTL, None)
    end = key.find(".") + 1
    while end:
        if key[:end] in _NOWHERE:
            return blocked_answer(question, BlockAnswer.NXDOMAIN, (), _TTL, None)
        if not key.startswith(_INFRASTRUCTURE):
            return None  # only top-level names stand in the table, but for those under arpa
        end = key.find(".", end) + 1
    return None
