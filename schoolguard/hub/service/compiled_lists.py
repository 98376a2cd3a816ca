"""Accepted lists compiled for one stage: whole lists written out, the compiler run, the snapshot kept.

It must not publish, nor decide which contents a stage has.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from schoolguard.categories import BY_NAME
from schoolguard.hub.service.list_check import list_id
from schoolguard.hub.service.subscribed_contents import SubscribedContents
from schoolguard.hub.service.wholes import Wholes, header_of
from schoolguard.intake.rollout.stages import Stage
from schoolguard.language import N_, Said
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.lists.request import Request, outcome_from_json, request_to_json

_CHILD = N_("the layers could not be made: {why}")
_LOST = N_("{path} must be pushed again, whole: its content is not here any more")

_log = logging.getLogger("schoolguard.hub")


class LayersFailed(Said):
    """No new layers are published; those before stay."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A snapshot by its state (digest), and how many names it has; ``path`` stays until it is not wanted."""

    state: str
    names: int
    path: Path


class CompiledLists:
    """The folder: lists written out, the compiler's two for each stage, and ``whole/STATE.snapshot``."""

    def __init__(
        self, folder: Path, wholes: Wholes, clock: Callable[[], float], fetched: SubscribedContents
    ) -> None:
        self._folder = folder
        self._wholes = wholes
        self._fetched = fetched
        self._clock = clock
        self._made: dict[tuple[tuple[ListSource, int], ...], Compiled] = {}

    def whole(self, state: str) -> Path:
        """Return where the snapshot of a state stands."""
        return self._folder / "whole" / f"{state}.snapshot"

    def compiled(
        self, stage: Stage, contents: Mapping[str, str], more: tuple[ListSource, ...] = ()
    ) -> Compiled:
        """Return the lists with these contents, and ``more`` that are in every stage, compiled.

        Raises ``LayersFailed``, ``OSError``.
        """
        own = tuple(self.source(path, content) for path, content in sorted(contents.items()))
        key = tuple((source, Path(source.path).stat().st_mtime_ns) for source in (*own, *more))
        made = self._made.get(key)
        if made is not None and made.path.is_file():
            return made
        made = self._compile(stage, (*own, *more))
        self._made = {**{k: v for k, v in self._made.items() if v.path.is_file()}, key: made}
        return made

    def source(self, path: str, content: str) -> ListSource:
        """Return a content for the compiler, written out; raises ``LayersFailed``, ``OSError``."""
        fetched = self._fetched.source(content)
        if fetched is not None:
            return fetched
        if not self._wholes.path(content).is_file():
            raise LayersFailed(_LOST, path=path)
        header = header_of(self._wholes.path(content))
        file = self._folder / "lists" / f"{content}.list"
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._wholes.write_list(content, file)
        id, bit, kind = list_id(header.partner, header.list), BY_NAME[header.category].bit, Kind(header.kind)
        return ListSource(id, str(file), bit, kind, "adblock", Exceptions.OFF,
                          max_shrink=None, max_growth=None)  # judged before  # fmt: skip

    def clear(self, states: Collection[str], contents: Collection[str], stages: Collection[Stage]) -> None:
        """Delete what is of none of these states, contents and stages."""
        for path in self._folder.glob("whole/*.snapshot"):
            if path.stem not in states:
                path.unlink()
        for path in self._folder.glob("lists/*"):
            if path.name.partition(".")[0] not in contents:
                path.unlink()
        for stage in Stage:
            for name in ("snapshots", "archive"):
                left = self._folder / f"{name}-{stage.value}"
                if stage not in stages and left.is_dir():
                    shutil.rmtree(left)

    def _compile(self, stage: Stage, sources: tuple[ListSource, ...]) -> Compiled:
        target, archive = (self._folder / f"{name}-{stage.value}" for name in ("snapshots", "archive"))
        times = {each.id: int(Path(each.path).stat().st_mtime) for each in sources}  # gateways tell its age
        request = Request(sources, target, None, archive, int(self._clock()), times)
        outcome = outcome_from_json(child(["schoolguard.lists.child", "-"], request_to_json(request)))
        # A name of its own: the compiler deletes its old ones, and the next delta needs it.
        path = self.whole(outcome.digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            os.link(outcome.path, path)
        return Compiled(outcome.digest, outcome.names, path)


def child(words: list[str], given: str) -> str:
    """Return what one of our modules prints, run as a process; raises ``LayersFailed``."""
    run = subprocess.run(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", *words], input=given, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise LayersFailed(_CHILD, why=run.stderr.strip() or run.returncode)
    return run.stdout
