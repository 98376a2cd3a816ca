"""One list on its way through the stages: which content is where, and when it goes on. Pure.

A content is the SHA-256 of the pushed file; the empty text is "no such list". There is one place in each
stage. What is pushed meanwhile waits in ``coming``, where only the newest stays, so that a partner that
pushes every hour neither starves its own lists nor hurries them. A list that was taken back goes on only
when people agreed to the very content afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from schoolguard.hub.rollout.reasons import Kept
from schoolguard.hub.rollout.settings import Pace
from schoolguard.intake.rollout.stages import Stage

MOST_REFUSED = 50
"""Contents taken back that are remembered of one list."""

Asked = Callable[[str], bool]
"""What is asked of a content: whether the guardrails held it, whether enough people agreed to it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A content, and since when (Unix seconds) it is in its place."""

    content: str
    since: float


@dataclass(frozen=True, slots=True)
class Stop:
    """A list was taken back: when, and why, with the content that was taken back."""

    content: str
    at: float
    reason: Kept


@dataclass(frozen=True, slots=True)
class Track:
    """The places of one list, and whether it was taken back and nothing has been agreed to since.

    ``refused`` are the contents taken back last, which people have not agreed to since, oldest first.
    """

    all: Step | None = None
    canary: Step | None = None
    shadow: Step | None = None
    coming: Step | None = None
    stopped: Stop | None = None
    refused: tuple[str, ...] = ()

    @property
    def newest(self) -> str:
        """The content that came last."""
        return self.steps[0].content if self.steps else ""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is in its places, newest first."""
        return tuple(step for step in (self.coming, self.shadow, self.canary, self.all) if step)

    def content(self, stage: Stage) -> str:
        """Return what gateways of a stage enforce, or judge by in shadow."""
        steps = {
            Stage.ALL: (self.all,),
            Stage.CANARY: (self.canary, self.all),
            Stage.SHADOW: (self.shadow, self.canary, self.all),
        }[stage]
        return next((step.content for step in steps if step), "")

    @property
    def contents(self) -> frozenset[str]:
        """Every content in any place."""
        return frozenset(step.content for step in self.steps if step.content)


@dataclass(frozen=True, slots=True)
class Way:
    """What decides how fast one list goes on: its pace, which contents are held, who agreed to what.

    ``stays``: people must agree when a list that all have is to go, as they must when it shrinks. Only the
    publisher's own subscriptions go without.
    """

    pace: Pace
    held: Asked
    agreed: Asked
    stays: bool = True

    def may_go_on(self, track: Track, content: str) -> bool:
        """Return whether a content in shadow may be enforced anywhere."""
        return not self.needs_people(track, content) or self.agreed(content)

    def needs_people(self, track: Track, content: str) -> bool:
        """Return whether people must agree to a content."""
        once = track.stopped is not None or content in track.refused
        goes = self.stays and not content and track.content(Stage.ALL) != ""
        return once or goes or self.pace.always or self.held(content)


def advanced(track: Track, pushed: str, way: Way, now: float) -> Track:
    """Return where a list is now that ``pushed`` is what its partner published last."""
    if pushed != track.newest:
        track = replace(track, coming=Step(pushed, now))
    while (following := _one_step(track, way, now)) != track:
        track = following
    return track


def taken_back(track: Track, to: str, reason: Kept, now: float) -> Track:
    """Return a list put back to the content ``to``, in every stage at once; what came after waits."""
    gone = [step.content for step in track.steps if step.content != to]
    if not gone and track.content(Stage.ALL) == to:
        return track
    refused = dict.fromkeys(each for each in (*track.refused, *reversed(gone)) if each != to)
    stopped = Stop(gone[0] if gone else "", now, reason)
    return Track(all=Step(to, now), stopped=stopped, refused=tuple(refused)[-MOST_REFUSED:])


def due(track: Track, way: Way) -> float | None:
    """Return when a list goes on by itself, ``None`` when only a push or a person moves it."""
    times = []
    if track.canary is not None:
        times.append(track.canary.since + way.pace.canary)
    if track.shadow is not None and track.canary is None and way.may_go_on(track, track.shadow.content):
        times.append(track.shadow.since + way.pace.shadow)
    return min(times, default=None)


def _one_step(track: Track, way: Way, now: float) -> Track:
    canary, shadow, coming = track.canary, track.shadow, track.coming
    if canary is not None and now >= canary.since + way.pace.canary:
        return replace(track, all=Step(canary.content, now), canary=None)
    free = shadow is None or not way.may_go_on(track, shadow.content)
    if shadow is not None and canary is None and not free and now >= shadow.since + way.pace.shadow:
        refused = tuple(each for each in track.refused if each != shadow.content)
        here = Step(shadow.content, now)
        return replace(track, canary=here, shadow=None, stopped=None, refused=refused)
    if coming is not None and free:
        return replace(track, shadow=Step(coming.content, now), coming=None)
    return track
