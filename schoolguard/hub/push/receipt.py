"""What a partner is told of a push: accepted or refused, and every reason. A value and its document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schoolguard.hub.push.package import Part
from schoolguard.hub.push.reasons import Reason
from schoolguard.intake.orders.canonical import canonical, rfc3339

FORMAT = "schoolguard-push-receipt/1"
MOST_REASONS = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the publisher decided: nothing that refuses is accepted. ``notes`` is what else to tell, as JSON
    has it.
    """

    reasons: tuple[Reason, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Whether nothing refuses."""
        return not any(reason.refuses for reason in self.reasons)


def receipt(partner: str, push: str, judged: float, parts: tuple[Part, ...], verdict: Verdict) -> bytes:
    """Return the document; ``push`` is the push's SHA-256, ``judged`` in Unix seconds."""
    members: dict[str, Any] = {
        "files": [{"path": part.path, "sha256": part.sha256} for part in parts],
        "format": FORMAT,
        "judged": rfc3339(judged),
        "notes": dict(verdict.notes),
        "partner": partner,
        "push": push,
        "reasons": [reason.as_dict() for reason in verdict.reasons[:MOST_REASONS]],
        "reasons-in-all": len(verdict.reasons),
        "status": "accepted" if verdict.accepted else "refused",
    }
    return canonical(members)
