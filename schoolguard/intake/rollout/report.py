"""What a gateway tells of lists on their way, ``schoolguard-rollout-report/1``: counts, signed with its key.

The document is ``{"key": ..., "report": {...}, "signature": ...}`` as that of a receipt. ``preview`` is what
a state that is not enforced here would do to the names that were asked here in the last week; ``effect`` is
how much of all queries lists blocked, and how often staff opened something by a pass, before and after the
state that is enforced came. Counts leave a school, names and who asked do not: there is no member for them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.intake.orders.canonical import canonical, rfc3339

FORMAT = "schoolguard-rollout-report/1"
MOST_BYTES = 64 << 10
MOST_LISTS = 200
"""Lists that a preview tells of one by one; a publisher has a few for each partner."""


@dataclass(frozen=True, slots=True)
class ListCount:
    """Names asked that one list alone or with others would newly block, and how many look like learning."""

    list_id: str
    blocked: int
    learning: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What ``state`` in place of ``former`` would do to ``asked`` names of the last week.

    ``blocked`` names would newly be blocked for anybody here, ``learning`` of them look like places to learn
    at, ``opened`` would no longer be blocked.
    """

    state: str
    former: str
    asked: int
    blocked: int
    opened: int
    learning: int
    lists: tuple[ListCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """Queries in some time, how many of them lists blocked, and how often somebody had something opened."""

    queries: int
    blocked: int
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What was counted since ``state`` came in place of ``former``, and before that at the same hours."""

    state: str
    former: str
    since: int
    after: Rate
    before: Rate


@dataclass(frozen=True, slots=True)
class Report:
    """One gateway's word at one time (Unix seconds); ``number`` only grows, so an old one changes nothing."""

    gateway: str
    number: int
    time: int
    software: str
    preview: Preview | None = None
    effect: Effect | None = None

    def members(self) -> dict[str, Any]:
        """Return the members of its document, to be signed."""
        return {
            "format": FORMAT,
            "gateway": self.gateway,
            "number": self.number,
            "time": rfc3339(self.time),
            "software": self.software,
            "preview": None if self.preview is None else _preview_members(self.preview),
            "effect": None if self.effect is None else _effect_members(self.effect),
        }


def sign(report: Report, key: Ed25519PrivateKey) -> bytes:
    """Return the signed document."""
    members = report.members()
    public = key.public_key().public_bytes_raw().hex()
    return canonical({"key": public, "report": members, "signature": key.sign(canonical(members)).hex()})


def _preview_members(preview: Preview) -> dict[str, Any]:
    return asdict(preview) | {"lists": [asdict(each) for each in preview.lists]}


def _effect_members(effect: Effect) -> dict[str, Any]:
    rates = {"after": effect.after, "before": effect.before}
    told = {word: asdict(rate) for word, rate in rates.items()}
    return {"state": effect.state, "former": effect.former, "since": rfc3339(effect.since), **told}
