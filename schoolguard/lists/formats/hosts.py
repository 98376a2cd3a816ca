"""Hosts files: an address that leads nowhere, then names. It must not take a redirection as a block.

``216.239.38.120 www.google.com`` is a safe-search record, not a block: a line whose address leads somewhere
is refused (``redirect``), so that such a file never blocks a search engine.
"""

from __future__ import annotations

from ipaddress import ip_address

from schoolguard.lists.formats.names import LOCAL_NAMES, is_address, listed_name
from schoolguard.lists.formats.refused import LineRefused, refuse
from schoolguard.lists.formats.sink import Sink
from schoolguard.lists.model import Flag

SCOPE = Flag.SUBTREE
"""A hosts entry blocks its name and all below, for the reason given at ``plain.SCOPE``: a hosts file cannot
say "and below", its writers would if they could, and what they list exactly (``ads.example.com``) has
seldom other children than more of the same."""

_BROADCAST = ip_address("255.255.255.255")
_LINK_LOOPBACK = ip_address("fe80::1")


def leads_nowhere(address: str) -> bool:
    """Return whether an address means a block: unspecified, loopback, broadcast, ``fe80::1%lo0``, ``0``."""
    if address == "0":
        return True
    found = ip_address(address.partition("%")[0])
    return found.is_unspecified or found.is_loopback or found in (_BROADCAST, _LINK_LOOPBACK)


def read_line(words: list[str], sink: Sink) -> None:
    """Take the names of a line of at least two words; raises ``LineRefused`` for the line as a whole.

    A name refused among several is counted and the others are taken.
    """
    address, names = words[0], words[1:]
    if address != "0" and (not is_address(address) or "/" in address or "[" in address):
        refuse("unknown-line")
    wanted = [name for name in names if name.lower().removesuffix(".") not in LOCAL_NAMES]
    if not wanted:
        sink.skip()
        return
    if not leads_nowhere(address):
        refuse("redirect")
    for name in wanted:
        try:
            sink.take(listed_name(name), SCOPE)
        except LineRefused as error:
            sink.refuse(error)
