"""What a plan demands of search engines, and the table of the engines that can, or cannot, be made safe.

It must not decide whether a name may be opened at all, and it knows no engine: the file ``safe-search.yaml``
does. Every question is one or a few look-ups in a dict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class YouTube(StrEnum):
    """How much of YouTube is shown, as YouTube itself names its levels."""

    OFF = "off"
    MODERATE = "moderate"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class SafeSearch:
    """What a plan demands: safe search (``on``), and apart from it a level of YouTube's restricted mode."""

    on: bool = False
    youtube: YouTube = YouTube.OFF

    @property
    def demanded(self) -> bool:
        """Whether any name could lead elsewhere for this plan."""
        return self.on or self.youtube is not YouTube.OFF


@dataclass(frozen=True, slots=True)
class Engines:
    """The compiled table; keys are search keys (``com.google.www.``), safe names are in text shape.

    ``safe``: the hosts of engines that have a safe twin, exactly, each with the twin's name. ``youtube``: the
    same for each level. ``hosts`` and ``zones`` are engines that cannot be made safe, each with its name for
    people: a host is that name alone, a zone has all names below in it as well.
    """

    safe: Mapping[str, str] = field(default_factory=dict)
    youtube: Mapping[YouTube, Mapping[str, str]] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)

    def redirect(self, key: str, safe: SafeSearch) -> str | None:
        """Return the name whose answer a search key gets under ``safe``, or ``None`` for its own."""
        if safe.on:
            target = self.safe.get(key)
            if target is not None:
                return target
        if safe.youtube is YouTube.OFF:
            return None
        level = self.youtube.get(safe.youtube)
        return None if level is None else level.get(key)

    def unforceable(self, key: str) -> str | None:
        """Return the engine's name when the key, or a parent, is one that cannot be made safe."""
        engine = self.hosts.get(key)
        if engine is not None:
            return engine
        zones = self.zones
        # An escaped dot ends no zone by mistake: what stands before it holds a backslash, and no zone does.
        end = key.find(".") + 1
        while end:
            engine = zones.get(key[:end])
            if engine is not None:
                return engine
            end = key.find(".", end) + 1
        return None
