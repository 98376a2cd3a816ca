"""Which layers each gateway enforces while new ones are on their way: what the publisher's metadata say.

The compiled role's metadata carry it beside the layers, so that it is signed, and in force, with them: no
further file is fetched, mirrored or carried on a stick. ``stages`` stands with every layer that makes the
state of all; ``stage`` marks the layers beside that line, which lead to a state of an earlier stage.

    {"canary": {"state": "...", "gateways": [...], "schools": [...], "share": 50}, "shadow": {"state": "..."}}

It must not decide when a stage begins or ends; the publisher does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MOST_CANARIES = 500
"""Gateways, and schools, that may be named: of 64 characters each they fill 32 KB of metadata."""

_STATE = re.compile(r"[0-9a-f]{64}\Z")
_MEMBERS = frozenset({"state", "gateways", "schools", "share"})


class Stage(StrEnum):
    """How far lists have come: judged beside those in force, enforced by a few, enforced by all."""

    SHADOW = "shadow"
    CANARY = "canary"
    ALL = "all"


class BadStages(ValueError):
    """Members of metadata that are no stages; the text says why, in English."""


@dataclass(frozen=True, slots=True)
class Canaries:
    """Which gateways enforce first: by id, by a school of theirs, or by lot, ``share`` of a thousand.

    The lot is the gateway's own and always the same, so that a school knows what it is, and so that the same
    few find a fault each time rather than every school once.
    """

    gateways: frozenset[str] = frozenset()
    schools: frozenset[str] = frozenset()
    share: int = 0

    def has(self, gateway: str, schools: Collection[str]) -> bool:
        """Return whether a gateway with these schools is one."""
        return gateway in self.gateways or not self.schools.isdisjoint(schools) or lot(gateway) < self.share


@dataclass(frozen=True, slots=True)
class Stages:
    """The states (digests) of stages before the last; empty when nothing is there."""

    canary: str = ""
    shadow: str = ""
    canaries: Canaries = field(default_factory=Canaries)

    def members(self) -> dict[str, Any]:
        """Return what the metadata say."""
        found: dict[str, Any] = {}
        if self.canary:
            found["canary"] = {
                "state": self.canary,
                "gateways": sorted(self.canaries.gateways),
                "schools": sorted(self.canaries.schools),
                "share": self.canaries.share,
            }
        if self.shadow:
            found["shadow"] = {"state": self.shadow}
        return found

    def state_for(self, gateway: str, schools: Collection[str], of_all: str) -> str:
        """Return the state that a gateway enforces."""
        return self.canary if self.canary and self.canaries.has(gateway, schools) else of_all


def lot(gateway: str) -> int:
    """Return a gateway's lot, 0 to 999."""
    digest = hashlib.sha256(f"schoolguard canary {gateway}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 1000


def read_stages(found: object) -> Stages:
    """Return the stages of metadata's members; raises ``BadStages``."""
    if not isinstance(found, Mapping) or not found.keys() <= {"canary", "shadow"}:
        raise BadStages("missing or unknown members")
    canary, shadow = found.get("canary"), found.get("shadow")
    canaries = Canaries()
    if canary is not None:
        if not isinstance(canary, Mapping) or canary.keys() != _MEMBERS:
            raise BadStages("canary: missing or unknown members")
        canaries = Canaries(_words(canary["gateways"]), _words(canary["schools"]), _share(canary["share"]))
    return Stages(_state(canary), _state(shadow), canaries)


def _state(found: object) -> str:
    if found is None:
        return ""
    state = found.get("state") if isinstance(found, Mapping) else None
    if not isinstance(state, str) or not _STATE.match(state):
        raise BadStages("no state")
    return state


def _words(found: object) -> frozenset[str]:
    if not isinstance(found, list) or len(found) > MOST_CANARIES:
        raise BadStages(f"no list of at most {MOST_CANARIES}")
    if not all(isinstance(word, str) and len(word) <= 200 for word in found):
        raise BadStages("no list of words")
    return frozenset(found)


def _share(found: object) -> int:
    if type(found) is not int or not 0 <= found <= 1000:
        raise BadStages("no share of a thousand")
    return found
