"""What many gateways' reports come to: a preview in thresholded counts, and where something jumped. Pure.

A name asked in two schools is counted in both, and which names they are nobody told: so a sum is "at most",
the largest single count "at least". A count of fewer gateways than the threshold is not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schoolguard.hub.rollout.settings import Jumps
from schoolguard.intake.rollout.report import Effect, ListCount, Preview, Rate
from schoolguard.language import N_, Said

_BLOCKING = N_("blocking jumped in {blocking} of {told} gateways that enforce it")
_REQUESTS = N_("requests to open names jumped in {requests} of {told} gateways that enforce it")
_BOTH = N_(
    "blocking jumped in {blocking}, and requests to open names in {requests}, of {told} gateways that "
    "enforce it"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Names that would newly be blocked, over all gateways that answered; ``None`` where few did.

    ``answered`` gateways judged the names that were asked there, in ``asked_in`` of them at least one would
    be blocked. ``names`` at least and ``names_most`` at most are blocked, ``learning_most`` look like
    learning sites.
    """

    threshold: int
    answered: int | None
    asked_in: int | None
    names: int | None = None
    names_most: int | None = None
    learning_most: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the members for programs; ``None`` is "fewer than the threshold"."""
        return {
            "threshold": self.threshold,
            "answered": self.answered,
            "asked-in": self.asked_in,
            "names-at-least": self.names,
            "names-at-most": self.names_most,
            "learning-at-most": self.learning_most,
        }


def seen(previews: Sequence[Preview], threshold: int, list_id: str | None = None) -> Seen:
    """Return what previews come to, of everything or of one list."""
    if len(previews) < threshold:
        return Seen(threshold, None, None)
    counts = [_count(preview, list_id) for preview in previews]
    asked_in = [count for count in counts if count.blocked]
    if not asked_in:
        return Seen(threshold, len(previews), 0, 0, 0, 0)
    if len(asked_in) < threshold:
        return Seen(threshold, len(previews), None)
    return Seen(
        threshold,
        len(previews),
        len(asked_in),
        max(count.blocked for count in asked_in),
        sum(count.blocked for count in asked_in),
        sum(count.learning for count in asked_in),
    )


@dataclass(frozen=True, slots=True)
class Jumped:
    """In how many gateways something grew by more than the bounds: in all, blocking, requests to open."""

    gateways: int
    blocking: int
    requests: int

    def reason(self, told: int) -> Said:
        """Return the reason to take lists back; ``told`` gateways enforce them and counted."""
        msgid = _BOTH if self.blocking and self.requests else _BLOCKING if self.blocking else _REQUESTS
        return Said(msgid, blocking=self.blocking, requests=self.requests, told=told)


def jumped(effects: Sequence[Effect], jumps: Jumps) -> Jumped:
    """Return in how many gateways something grew by more than the bounds."""
    enough = [each for each in effects if min(each.after.queries, each.before.queries) >= jumps.queries]
    found = [(_more_blocked(each, jumps), _more_requests(each, jumps)) for each in enough]
    return Jumped(sum(map(any, found)), sum(one for one, _ in found), sum(two for _, two in found))


def _more_blocked(effect: Effect, jumps: Jumps) -> bool:
    before, after = share(effect.before), share(effect.after)
    grown = jumps.growth is not None and after > before * (1.0 + jumps.growth)
    return grown and after - before > jumps.floor


def _more_requests(effect: Effect, jumps: Jumps) -> bool:
    if jumps.requests is None:
        return False
    usual = effect.before.requests * effect.after.queries / max(1, effect.before.queries)
    return effect.after.requests > 2 * usual and effect.after.requests - usual >= jumps.requests


def share(rate: Rate) -> float:
    """Return the blocked share of queries."""
    return rate.blocked / rate.queries if rate.queries else 0.0


def _count(preview: Preview, list_id: str | None) -> ListCount:
    if list_id is None:
        return ListCount("", preview.blocked, preview.learning)
    return next((each for each in preview.lists if each.list_id == list_id), ListCount(list_id, 0, 0))
