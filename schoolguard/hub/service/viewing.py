"""Where every list is on its way, what people and gateways said of it, as JSON has it. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schoolguard.hub.rollout import versions as history
from schoolguard.hub.rollout.approvals import Approvals
from schoolguard.hub.rollout.counted import jumped, seen, share
from schoolguard.hub.rollout.deciding import list_name
from schoolguard.hub.rollout.reasons import Kept, said
from schoolguard.hub.rollout.state import State
from schoolguard.hub.rollout.tracks import Step, Track, Way, due
from schoolguard.hub.service.list_check import list_id
from schoolguard.hub.service.rolling import Rolling
from schoolguard.hub.tuf.delegations import FETCHED
from schoolguard.intake.orders.canonical import rfc3339
from schoolguard.intake.rollout.stages import Stage

COMING = "coming"


class View:
    """What the publisher's folder says at one moment; raises ``StateBroken``, ``CannotDecide``."""

    def __init__(self, rolling: Rolling) -> None:
        self._rolling = rolling
        self._state: State = rolling.state()
        self._approvals: Approvals = rolling.approvals

    def lists(self, partner: str | None = None) -> list[dict[str, Any]]:
        """Return where each list is, of one partner or of all."""
        return [
            self._list(path, track)
            for path, track in sorted(self._state.tracks.items())
            if partner in (None, list_name(path).partition("/")[0])
        ]

    def waiting(self, name: str) -> str | None:
        """Return the content of ``PARTNER/LIST`` that people may agree to now, None when there is none."""
        for path, track in self._state.tracks.items():
            if list_name(path) == name:
                step = track.shadow or track.coming
                return step.content if step and self._way(path).needs_people(track, step.content) else None
        return None

    def versions(self) -> list[dict[str, Any]]:
        """Return the versions that are kept, newest first."""
        return [self._version(each) for each in reversed(self._state.versions)]

    def previews(self, name: str | None = None) -> list[dict[str, Any]]:
        """Return what the stages before the last would change, of everything or of one list."""
        found = []
        for stage in (Stage.SHADOW, Stage.CANARY):
            version = history.current(self._state.versions, stage)
            if version is None:
                continue
            former = next((v for v in reversed(self._state.versions) if v.state == version.former), None)
            lists = history.changed(version.contents, {} if former is None else former.contents)
            names = [list_name(path) for path in lists]
            if name is None or name in names:
                found.append(self._preview(stage, version, names, name))
        return found

    def effect(self) -> list[dict[str, Any]]:
        """Return how much lists block in gateways, before and after what they enforce now."""
        found = []
        for stage in (Stage.CANARY, Stage.ALL):
            version = history.current(self._state.versions, stage)
            effects = [] if version is None else self._rolling.reports.effects(version.state)
            few = len(effects) < self._rolling.settings.threshold
            if version is None or not effects:
                continue
            jumps = jumped(effects, self._rolling.settings.jumps)
            grown = [100 * (share(each.after) - share(each.before)) for each in effects]
            found.append(
                {
                    "stage": stage.value,
                    "version": version.number,
                    "gateways": None if few else len(effects),
                    "jumped": None if few else jumps.gateways,
                    "blocking-jumped": None if few else jumps.blocking,
                    "requests-jumped": None if few else jumps.requests,
                    "most-points": None if few else round(max(grown)),
                }
            )
        return found

    def _way(self, path: str) -> Way:
        name, rolling = list_name(path), self._rolling
        partner = name.partition("/")[0]
        pace = rolling.settings.pace_of(partner)
        return Way(
            pace,
            rolling.wholes.held,
            lambda content: self._approvals.agreed(name, content),
            partner != FETCHED,
        )

    def _list(self, path: str, track: Track) -> dict[str, Any]:
        way = self._way(path)
        time = due(track, way)
        return {
            "list": list_name(path),
            "steps": list(self._steps(path, track, way)),
            "due": None if time is None else rfc3339(time),
            "taken-back": None
            if track.stopped is None
            else {
                "at": rfc3339(track.stopped.at),
                **_why(track.stopped.reason),
                "sha256": track.stopped.content,
            },
        }

    def _steps(self, path: str, track: Track, way: Way) -> Iterator[dict[str, Any]]:
        places: list[tuple[str, Step | None]] = [(COMING, track.coming)]
        places += [(Stage.SHADOW.value, track.shadow), (Stage.CANARY.value, track.canary)]
        for stage, step in (*places, (Stage.ALL.value, track.all)):
            if step is None:
                continue
            noted = self._rolling.wholes.noted(step.content)
            waits = stage in (COMING, Stage.SHADOW.value) and way.needs_people(track, step.content)
            people = self._approvals.people(list_name(path), step.content) if waits else ()
            yield {
                "stage": stage,
                "sha256": step.content,
                "since": rfc3339(step.since),
                "held": [each["code"] for each in noted.get("reasons", ()) if each["action"] == "hold"],
                "added": noted.get("added", 0),
                "removed": noted.get("removed", 0),
                "people-needed": max(0, self._rolling.needed - len(people)) if waits else 0,
                "agreed": list(people),
            }

    def _version(self, version: history.Version) -> dict[str, Any]:
        former = next((v for v in reversed(self._state.versions) if v.state == version.former), None)
        lists = history.changed(version.contents, {} if former is None else former.contents)
        return {
            "version": version.number,
            "time": rfc3339(version.time),
            "stage": version.stage,
            "since": rfc3339(version.since),
            "of": version.of,
            "returnable": version.returnable,
            **_why(version.reason),
            "state": version.state,
            "names": version.found.get("names", 0),
            "bytes": version.found.get("bytes", 0),
            "blocks": version.found.get("blocked"),
            "opens": version.found.get("opened"),
            "lists": [list_name(path) for path in lists],
        }

    def _preview(
        self, stage: Stage, version: history.Version, names: list[str], name: str | None
    ) -> dict[str, Any]:
        previews, threshold = self._rolling.reports.previews(version.state), self._rolling.settings.threshold
        wanted = None if name is None else list_id(*name.split("/", 1))
        return {
            "stage": stage.value,
            "version": version.number,
            "lists": names,
            "of": name,
            "blocks": version.found.get("blocked"),
            "opens": version.found.get("opened"),
            "learning": version.found.get("learning"),
            "clashes": version.found.get("clashes", []),
            "asked": seen(previews, threshold, wanted).to_json(),
        }


def _why(reason: Kept) -> dict[str, Any]:
    """Return a reason in English, and as it can be said in another language."""
    return {"reason": str(said(reason)), "said": reason if isinstance(reason, dict) else None}
