"""A name as a list spells it: checked, and refused when it would block more than a list may.

A list may not name a whole top-level domain (``com``, ``vn``; but ``xxx``), nor block a registry's second
level under ``.vn`` (``edu.vn``): one such line, by mistake or malice, closes every school and office below
it. Nobody needs that from a list; who wants it writes it in the school's own rules. To let ``gov.vn`` through
is another matter and stays possible, so that part is checked where an entry's flags and the list's kind are
known.
"""

from __future__ import annotations

import re
from ipaddress import ip_interface

from schoolguard.dns.names import InvalidName, to_ascii
from schoolguard.lists.formats.refused import refuse

FAST_NAME = r"(?!-)(?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9_-]{0,62}"
"""Expression for a name that needs no further look but its length and ``SPECIAL``: two labels or more,
lower-case ASCII, the last label not numeric (so no IPv4 address)."""

MAX_NAME = 253
_MAX_SPELLED = 1_000
"""Characters of a name as written: U-labels and escapes are longer than A-labels, but never by this much."""

_VN_LABELS = "ac ai biz com edu gov health id info int io name net org pro"
PUBLIC_SUFFIXES = frozenset(f"{label}.vn" for label in _VN_LABELS.split())
"""Second-level registries of .vn open to the public (VNNIC's list)."""

_LOCAL_WORDS = (
    "localhost localhost.localdomain localhost6 localhost6.localdomain6 localdomain local broadcasthost "
    "ip6-localhost ip6-loopback ip6-localnet ip6-mcastprefix ip6-allnodes ip6-allrouters ip6-allhosts "
    "0.0.0.0"
)
LOCAL_NAMES = frozenset(_LOCAL_WORDS.split())
"""Names of the standard lines of a hosts file, which name the machine itself; skipped, not refused."""

SINGLE_PURPOSE = frozenset(["adult", "casino", "poker", "porn", "sex", "xxx"])
"""Top-level names that hold one kind of site by their registries' own purpose: lists do name them whole."""

SPECIAL = PUBLIC_SUFFIXES | LOCAL_NAMES
_ADDRESS = re.compile(r"\[?[0-9a-fA-F:.]+(?:%\w+)?\]?(?:/\d+)?\Z")


def listed_name(spelled: str) -> str:
    """Return a listed name in text shape; raises ``LineRefused``.

    Reasons: those of ``InvalidName``, and ``address`` (also with prefix length, or a numeric last label:
    RFC 3696 2), ``url``, ``port``, ``wildcard``, ``top-level``.
    """
    if len(spelled) > _MAX_SPELLED:
        refuse("too-long")
    try:
        name = to_ascii(spelled)
    except InvalidName as error:
        refuse(_reason(spelled, error.reason))
    parent, _, last = name.rpartition(".")
    if last.isdigit():
        refuse("address")
    if not parent and last not in SINGLE_PURPOSE:
        refuse("top-level")
    return name


def is_address(text: str) -> bool:
    """Return whether ``text`` is an IPv4 or IPv6 address, with or without brackets, zone or prefix length."""
    if not _ADDRESS.match(text):
        return False
    address, slash, length = text.strip("[]").partition("/")
    try:
        ip_interface(address.partition("%")[0] + slash + length)
    except ValueError:
        return False
    return True


def _reason(spelled: str, reason: str) -> str:
    if is_address(spelled):
        return "address"
    for sign, word in (("/", "url"), ("*", "wildcard"), (":", "port")):
        if sign in spelled:
            return word
    return reason
