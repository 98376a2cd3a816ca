"""Public suffixes, by the list of publicsuffix.org that the library carries. No network.

A suffix is a zone under which independent people hold names. Two sections: registries' (``vn``, ``edu.vn``,
``laichau.vn``) and private ones of hosting services (``github.io``, ``blogspot.com``). Source: the Public
Suffix List, section markers ICANN and PRIVATE.
"""

from __future__ import annotations

from enum import StrEnum

from publicsuffixlist import PublicSuffixList


class Suffix(StrEnum):
    """What kind of suffix a name is."""

    NONE = "none"
    TOP_LEVEL = "top-level"
    NATIONAL = "national"
    REGISTRY = "registry"
    PRIVATE = "private"


class Suffixes:
    """The two sections; loading takes a quarter of a second, so make one and hand it on."""

    def __init__(self) -> None:
        self._all = PublicSuffixList(accept_unknown=True)
        self._registries = PublicSuffixList(accept_unknown=True, only_icann=True)

    def kind(self, name: str) -> Suffix:
        """Return what a name in text shape is; ``NATIONAL`` is a registry's zone under ``vn``."""
        if "." not in name:
            return Suffix.TOP_LEVEL
        if self._all.publicsuffix(name) != name:
            return Suffix.NONE
        if self._registries.publicsuffix(name) != name:
            return Suffix.PRIVATE
        return Suffix.NATIONAL if name.endswith(".vn") else Suffix.REGISTRY

    def registrable(self, name: str) -> str:
        """Return the part of a name that one owner registered, or the name itself if it is a suffix."""
        return self._registries.privatesuffix(name) or name
