"""Names that are answered here and never forwarded, because the public DNS must not see them.

Source: RFC 6761 (localhost, invalid, test), RFC 7686 (onion), RFC 8375 (home.arpa), RFC 6762 (local),
RFC 6303 and RFC 1918 (reverse zones of private addresses), RFC 9462 6.4 (resolver.arpa). And the names by
which browsers and systems ask whether they may go round this resolver: no, where the plan blocks what they
would go to. It must not decide what a plan blocks.
"""

from __future__ import annotations

from typing import NamedTuple

from schoolguard.categories import BY_NAME
from schoolguard.dns.answer import Answer
from schoolguard.dns.blocked import BlockAnswer, blocked_answer
from schoolguard.policy.bypass import Bypass

_TTL = 3_600
_PLAN_TTL = 300
"""Seconds for an answer that hangs on the plan, which may be another one in the next window."""

_ENCRYPTED_DNS = BY_NAME["encrypted-dns"].mask
_PROXY_VPN = BY_NAME["proxy-vpn"].mask
_ANYTHING = -1
"""The mask of every category: what hides names from a filter is closed by every plan that filters."""

_ESNI = b"\x05_esni"
_ONION = "onion."
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

_ASKING = {
    "net.use-application-dns.": (Bypass.CANARY, _ENCRYPTED_DNS),
    "com.icloud.mask.": (Bypass.PRIVATE_RELAY, _PROXY_VPN),
    "com.icloud.mask-h2.": (Bypass.PRIVATE_RELAY, _PROXY_VPN),
    "com.icloud.mask-canary.": (Bypass.PRIVATE_RELAY, _PROXY_VPN),
    "net.googlezip.dns-tunnel-check.": (Bypass.TUNNEL_CHECK, _ANYTHING),
}
"""Names by which software asks, and the categories of which a plan must block one to be given a no.

NXDOMAIN, for whatever type is asked, is what the makers document: Mozilla ("canary domain"), Apple ("Prepare
your network or web server for iCloud Private Relay", which has the first two names; AdGuard DNS answers
``mask-canary`` so as well), Google ("Private prefetch proxy for network admins": Chrome then looks a name up
here before it shows a page fetched ahead through Google's proxy). No maker speaks of ``mask-api.icloud.com``.
What lies below a name that does not exist does not exist either (RFC 8020).
"""
_ASKING_KEYS = tuple(_ASKING)


class Special(NamedTuple):
    """A local answer, and which way round the gateway was tried with the question, if any."""

    answer: Answer
    bypass: Bypass | None = None


def special_answer(key: str, question: bytes, blocked: int) -> Special | None:
    """Return the local answer to a search key, or ``None`` when the name is an ordinary one.

    ``question`` is the cache key (lower-case wire name, type, class); ``blocked`` the mask of the categories
    that the client's plan blocks.
    """
    if key.startswith(_ASKING_KEYS):
        return _asked(key, question, blocked)
    if question.startswith(_ESNI) and blocked:
        # Keys of the drafts before ECH; NXDOMAIN is what a site without such keys has.
        return Special(blocked_answer(question, BlockAnswer.NXDOMAIN, (), _PLAN_TTL, None), Bypass.ESNI)
    if key.startswith(_DESIGNATED):
        answer = blocked_answer(question, BlockAnswer.NODATA, (), _TTL, None)
        return Special(answer, Bypass.DDR if blocked & _ENCRYPTED_DNS else None)
    if key.startswith(_LOOPBACK):
        return Special(blocked_answer(question, BlockAnswer.PAGE, ("127.0.0.1", "::1"), _TTL, None))
    if _is_nowhere(key):
        answer = blocked_answer(question, BlockAnswer.NXDOMAIN, (), _TTL, None)
        return Special(answer, Bypass.ONION if key.startswith(_ONION) and blocked & _PROXY_VPN else None)
    return None


def _asked(key: str, question: bytes, blocked: int) -> Special | None:
    for asking, (bypass, categories) in _ASKING.items():
        if key.startswith(asking) and categories & blocked:
            return Special(blocked_answer(question, BlockAnswer.NXDOMAIN, (), _PLAN_TTL, None), bypass)
    return None


def _is_nowhere(key: str) -> bool:
    end = key.find(".") + 1
    while end:
        if key[:end] in _NOWHERE:
            return True
        if not key.startswith(_INFRASTRUCTURE):
            return False  # only top-level names stand in the table, but for those under arpa
        end = key.find(".", end) + 1
    return False
