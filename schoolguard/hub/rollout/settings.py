"""How lists come to all schools, as values; ``hub.service.rollout_reading`` makes them of ``hub.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schoolguard.intake.rollout.stages import Canaries


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a list stays at least in a stage, in seconds (0: the stage is left out), and who must agree.

    ``always``: people agree to every push, not only to those that the guardrails hold.
    """

    shadow: float = 3_600.0
    canary: float = 86_400.0
    always: bool = False


@dataclass(frozen=True, slots=True)
class Jumps:
    """When blocking, or what staff has opened, counts as grown too much; ``None`` switches either off.

    In ``gateways`` gateways the blocked share of queries grew by more than the fraction ``growth`` of what it
    was, and by more than ``floor`` of all queries; or there were more than twice as many requests to open
    something for as many queries, and at least ``requests`` more. Each counted at least ``queries`` before
    and after. All gateways are watched for ``watch`` seconds after the lists came to all.
    """

    growth: float | None = 1.0
    floor: float = 0.02
    requests: int | None = 5
    queries: int = 500
    gateways: int = 3
    watch: float = 2 * 86_400.0


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """Everything on the way; the reasons for the defaults stand beside the keys in ``rollout_keys``.

    ``partners`` have a pace of their own. Counts of fewer gateways than ``threshold`` are not shown. ``kept``
    versions can be returned to.
    """

    pace: Pace = field(default_factory=Pace)
    partners: Mapping[str, Pace] = field(default_factory=dict)
    canaries: Canaries = field(default_factory=lambda: Canaries(share=50))
    threshold: int = 5
    kept: int = 20
    jumps: Jumps = field(default_factory=Jumps)

    def pace_of(self, partner: str) -> Pace:
        """Return a partner's pace."""
        return self.partners.get(partner, self.pace)
