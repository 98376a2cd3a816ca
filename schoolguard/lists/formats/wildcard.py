"""Wildcard names: ``*.x`` and ``.x``. Only a leading wildcard of whole labels; others are refused."""

from __future__ import annotations

from schoolguard.lists.formats.names import listed_name
from schoolguard.lists.model import Flag

SCOPE = Flag.SUBTREE
"""``*.x`` blocks x and all below. Taken literally it would leave x itself open; but the publishers of such
lists (HaGeZi, oisd) list each site once as ``*.x`` and mean the site, and dnsmasq, Blocky and squid's
``.x`` read it so. Zone files and adblock rules, where ``*.x`` stands beside ``x``, keep the difference."""


def read(word: str) -> str:
    """Return the name of ``*.x`` or ``.x``; raises ``LineRefused``."""
    return listed_name(word.removeprefix("*").removeprefix("."))
