"""Publishes layers: the line for all and the branches of stages, in one version of the compiled role.

It must not make a layer. A kill before the timestamp leaves what was published; the next look does it anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from securesystemslib.signer import Signer

from schoolguard.hub.service.plan import Layer, Published, listed
from schoolguard.hub.service.taking import targets_before
from schoolguard.hub.service.turns import Turns
from schoolguard.hub.tuf.compiled import draft_compiled
from schoolguard.hub.tuf.drafts import drop_draft
from schoolguard.hub.tuf.publishing import publish
from schoolguard.hub.tuf.repository import Repository
from schoolguard.hub.tuf.signing import File
from schoolguard.intake.rollout.stages import Canaries, Stage, Stages
from schoolguard.intake.trust.names import COMPILED, served_target

_log = logging.getLogger("schoolguard.hub")


@dataclass(frozen=True, slots=True)
class LayingOut:
    """Where layers are published; ``clock`` gives Unix seconds."""

    repository: Repository
    turns: Turns
    signers: Sequence[Signer]
    clock: Callable[[], float]

    def publish(
        self,
        line: Published,
        branches: Sequence[Layer],
        states: Mapping[Stage, str],
        canaries: Canaries,
        files: Mapping[str, Path],
    ) -> int | None:
        """Return the timestamp's version, None when all is published already; ``files`` are those made now.

        Raises what publishing raises, and ``OSError``.
        """
        stages = Stages(states.get(Stage.CANARY, ""), states.get(Stage.SHADOW, ""), canaries)
        said = listed(line, branches, stages.members())
        before = targets_before(self.repository, COMPILED)
        keep = [path for path, custom in said.items() if path in before and before[path].custom == custom]
        if len(keep) == len(said) == len(before):
            return None
        changed = {path: custom for path, custom in said.items() if path not in keep}
        standing = {
            path: self.repository.served / served_target(path, target.sha256)
            for path, target in before.items()
        }
        new = {path: File(files.get(path) or standing[path], custom) for path, custom in changed.items()}
        with self.turns.taken():
            now = self.clock()
            with self.repository.locked():
                drop_draft(self.repository, COMPILED)  # of a run that was killed
            draft_compiled(self.repository, new, self.signers, now, keep=keep)
            done = publish(self.repository, self.signers, now)
        told = {"states": {stage.value: state for stage, state in states.items()}, "layers": sorted(new)}
        _log.info("layers published", extra={**told, "timestamp": done.timestamp})
        return done.timestamp
