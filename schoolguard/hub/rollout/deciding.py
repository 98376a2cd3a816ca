"""Moves every list one look further: what was pushed, decided, reported and waited for, into a new state.

Pure: it writes nothing. What it did by itself, and why, it returns beside the state, to be logged first: a
kill in between repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from schoolguard.hub.rollout import versions as history
from schoolguard.hub.rollout.approvals import Approvals
from schoolguard.hub.rollout.counted import jumped
from schoolguard.hub.rollout.log import ROLLBACK, TAKEN_BACK, Decision, Logged
from schoolguard.hub.rollout.settings import RolloutSettings
from schoolguard.hub.rollout.state import State
from schoolguard.hub.rollout.tracks import Track, Way, advanced, due, taken_back
from schoolguard.hub.rollout.versions import Version
from schoolguard.hub.tuf.delegations import FETCHED
from schoolguard.intake.rollout.report import Effect
from schoolguard.intake.rollout.stages import Stage
from schoolguard.language import N_, Said, kept

_BACK = N_("{by}: back to version {version}")
_BACK_WHY = N_("{by}: back to version {version}: {why}")

CLOCKS = 120.0
"""Seconds by which a gateway's clock may be behind the publisher's when it says since when it enforces."""


def list_name(path: str) -> str:
    """Return ``PARTNER/LIST`` of a target name ``lists/PARTNER/LIST.sgl.zst``."""
    return path.removeprefix("lists/").removesuffix(".sgl.zst")


def list_path(name: str) -> str:
    """Return the target name of ``PARTNER/LIST``."""
    return f"lists/{name}.sgl.zst"


@dataclass(frozen=True, slots=True)
class Sources:
    """What decisions rest on.

    ``pushed`` has what each partner published last, by target name; ``partners`` are those taken in. ``held``
    says whether the guardrails held a content, ``effects`` what gateways said of a state.
    """

    pushed: Mapping[str, str]
    partners: frozenset[str]
    held: Callable[[str], bool]
    approvals: Approvals
    effects: Callable[[str], Sequence[Effect]]

    def way(self, path: str, settings: RolloutSettings) -> Way:
        """Return how a list goes on."""
        name = list_name(path)
        partner = name.partition("/")[0]
        pace = settings.pace_of(partner)
        stays = partner != FETCHED
        return Way(pace, self.held, lambda content: self.approvals.agreed(name, content), stays)


@dataclass(frozen=True, slots=True)
class Decided:
    """The new state; what the hub did by itself; when something is due by itself, None for never."""

    state: State
    by_itself: tuple[Decision, ...] = ()
    due: float | None = None


def decide(state: State, sources: Sources, settings: RolloutSettings, now: float) -> Decided:
    """Return where all lists are now."""
    state = _without_strangers(state, sources)
    state = _carried_out(state, sources.approvals.logged, now)
    state, own = _watched(state, sources, settings, now)
    approvals = sources.approvals.without({each.list for each in own})
    sources = replace(sources, approvals=approvals)
    tracks = {
        path: advanced(
            state.tracks.get(path, Track()),
            sources.pushed.get(path, ""),
            sources.way(path, settings),
            now,
        )
        for path in sorted({*state.tracks, *sources.pushed})
    }
    tracks = {path: track for path, track in tracks.items() if track != Track()}
    times = [due(track, sources.way(path, settings)) for path, track in tracks.items()]
    next_time = min((time for time in times if time is not None), default=None)
    return Decided(replace(state, tracks=tracks), own, next_time)


def contents(state: State, stage: Stage) -> dict[str, str]:
    """Return the content of each list in a stage; lists that are not there are left out."""
    found = {path: track.content(stage) for path, track in state.tracks.items()}
    return {path: content for path, content in found.items() if content}


def take_back(state: State, version: Version, former: Mapping[str, str], reason: Said, now: float) -> State:
    """Return the state without what a version changed against ``former`` contents, in every stage."""
    tracks = dict(state.tracks)
    for path in history.changed(version.contents, former):
        tracks[path] = taken_back(tracks.get(path, Track()), former.get(path, ""), kept(reason), now)
    versions = history.taken_back(state.versions, version.state, kept(reason), now)
    return replace(state, tracks=tracks, versions=versions)


def told_back(version: Version, former: Mapping[str, str], reason: Said, now: float) -> tuple[Decision, ...]:
    """Return the lines of the log for lists that the hub took back by itself."""
    return tuple(
        Decision(
            TAKEN_BACK, list_name(path), int(now), content=version.contents.get(path, ""), reason=str(reason)
        )
        for path in history.changed(version.contents, former)
    )


def _without_strangers(state: State, sources: Sources) -> State:
    """Drop the lists of partners that were taken out: nobody vouches for them any more."""
    tracks = {
        path: track
        for path, track in state.tracks.items()
        if list_name(path).partition("/")[0] in sources.partners
    }
    return replace(state, tracks=tracks)


def _carried_out(state: State, logged: Sequence[Logged], now: float) -> State:
    """Carry out the ways back that people ordered since the last look; none a second time.

    A log that does not have what was done last was cut: what is in it was done before.
    """
    digests = ["", *(each.digest for each in logged)]
    if state.done not in digests:
        return replace(state, done=digests[-1])
    for each in logged[digests.index(state.done) :]:
        state = replace(state, done=each.digest)
        version = next((v for v in state.versions if v.number == each.version), None)
        if each.verb == ROLLBACK and version is not None and version.returnable:
            state = _back_to(state, version, each, now)
    return state


def _back_to(state: State, version: Version, order: Logged, now: float) -> State:
    """Return the state after an order; a list whose content there was taken back since stays as it is.

    One person must not bring back alone what people have to agree to.
    """
    msgid = _BACK_WHY if order.reason else _BACK
    reason = kept(Said(msgid, by=order.by, version=version.number, why=order.reason))
    tracks = {
        path: taken_back(track, version.contents.get(path, ""), reason, now)
        if order.list in ("", list_name(path)) and version.contents.get(path, "") not in track.refused
        else track
        for path, track in state.tracks.items()
    }
    present = [history.current(state.versions, stage) for stage in Stage]
    versions = state.versions
    for each in present:
        if each is not None and each.state != version.state and order.list == "":
            versions = history.taken_back(versions, each.state, reason, now)
    return replace(state, tracks=tracks, versions=versions)


def _watched(
    state: State, sources: Sources, settings: RolloutSettings, now: float
) -> tuple[State, tuple[Decision, ...]]:
    """Take back what made blocking, or requests to open, jump."""
    own: list[Decision] = []
    for version, former in _under_watch(state, settings, now):
        effects = [e for e in sources.effects(version.state) if e.since >= version.time - CLOCKS]
        found = jumped(effects, settings.jumps)
        if found.gateways < settings.jumps.gateways:
            continue
        reason = found.reason(len(effects))
        own += told_back(version, former, reason, now)
        state = take_back(state, version, former, reason, now)
    return state, tuple(own)


def _under_watch(
    state: State, settings: RolloutSettings, now: float
) -> Iterator[tuple[Version, Mapping[str, str]]]:
    """Yield what canaries enforce, and what came to all lately, each with the contents before it."""
    canary, whole = (history.current(state.versions, stage) for stage in (Stage.CANARY, Stage.ALL))
    if canary is not None:
        yield canary, contents(state, Stage.ALL)
    if whole is None or now - whole.since > settings.jumps.watch:
        return
    former = history.before(state.versions, whole)
    if former is None:
        return
    lists = history.changed(whole.contents, former.contents)
    if not any((track := state.tracks.get(path)) and track.stopped for path in lists):
        yield whole, former.contents
