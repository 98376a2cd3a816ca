"""What each stage comes to, compiled; what the lists together may not do is taken back before publishing.

It must not publish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schoolguard.hub.rollout import versions as history
from schoolguard.hub.rollout.deciding import contents
from schoolguard.hub.rollout.state import State
from schoolguard.hub.rollout.versions import Version
from schoolguard.hub.service.compiled_lists import Compiled, CompiledLists, LayersFailed
from schoolguard.hub.service.effects import refusal
from schoolguard.hub.service.rolling import Rolling
from schoolguard.intake.guardrails.entries import WellKnown
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.rollout.stages import Stage
from schoolguard.language import N_, Said
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

_EFFECTS = N_("the lists together would do what nobody may: {why}")


@dataclass(frozen=True, slots=True)
class Settling:
    """One look at all stages; ``newest`` is the state published for all, ``old`` its layers."""

    rolling: Rolling
    lists: CompiledLists
    newest: str
    old: Stack
    known: WellKnown
    limits: Limits

    def settled(self, state: State) -> tuple[State, dict[Stage, Compiled]]:
        """Compile what is in each stage; take back what together would do what nobody may.

        Raises ``LayersFailed`` when there is nothing to go back to, what compiling and noting raise.
        """
        while True:
            compiled = self._compiled(state)
            for stage in (Stage.ALL, Stage.CANARY):
                why = self._refusal(stage, state, compiled)
                if why is None:
                    continue
                if stage is Stage.ALL and self.newest and not history.current(state.versions, stage):
                    raise LayersFailed(_EFFECTS, why=why)  # nobody knows what to go back to
                version = Version(0, compiled[stage].state, 0, stage.value, 0, contents(state, stage))
                state = self.rolling.refuse(state, version, why)
                break
            else:
                return state, compiled

    def _compiled(self, state: State) -> dict[Stage, Compiled]:
        """Return the snapshot of each stage that differs from all's."""
        found = {Stage.ALL: self.lists.compiled(Stage.ALL, contents(state, Stage.ALL))}
        for stage in (Stage.CANARY, Stage.SHADOW):
            if any(getattr(track, stage.value) for track in state.tracks.values()):
                made = self.lists.compiled(stage, contents(state, stage))
                if made.state not in {each.state for each in found.values()}:
                    found[stage] = made
        return found

    def _refusal(self, stage: Stage, state: State, compiled: Mapping[Stage, Compiled]) -> Said | None:
        if stage not in compiled or compiled[stage].state == self.newest:
            return None
        version = history.current(state.versions, stage)
        if version is not None and version.state == compiled[stage].state:
            return None  # it was judged when it came there
        before = history.current(state.versions, Stage.ALL)
        lists = history.changed(contents(state, stage), {} if before is None else before.contents)
        after = contents(state, stage)
        agreed = all(self.rolling.has_agreed(path, after.get(path, "")) for path in lists)
        new = Stack([Snapshot.open(compiled[stage].path)])
        return refusal(self.old, new, self.known, self.limits, agreed=agreed)
