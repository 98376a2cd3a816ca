"""The report card of each list that all schools enforce: public lists and partners' lists beside each other.

What the lists catch is counted in the gateways, never here. It changes nothing in the publisher's folder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from schoolguard.hub.service.compiled_lists import CompiledLists
from schoolguard.hub.service.rolling import Rolling
from schoolguard.hub.service.settings import HubSettings
from schoolguard.hub.service.subscribed import contents_in
from schoolguard.hub.service.subscribed_standing import standing
from schoolguard.intake.rollout.stages import Stage
from schoolguard.intake.subscriptions.cards import Card, cards


def cards_in(
    folder: Path, settings: HubSettings, rolling: Rolling, clock: Callable[[], float]
) -> list[dict[str, Any]]:
    """Return one dict a list; hits and unblock requests are ``None``: they are not known here.

    Raises ``StateBroken``, ``LayersFailed`` (a list's content is not here any more), ``OSError``.
    """
    tracks = sorted(rolling.state().tracks.items())
    contents = [(path, content) for path, track in tracks if (content := track.content(Stage.ALL))]
    fetched = contents_in(folder, settings)
    with TemporaryDirectory(prefix="schoolguard-") as scratch:
        lists = CompiledLists(Path(scratch), rolling.wholes, clock, fetched)
        found = cards([lists.source(path, content) for path, content in contents], Path(scratch))
    ages = {each["list"]: each for each in standing(folder, settings, clock())}
    by_id = {each.list_id: ages[each.wanted.id] for each in settings.subscriptions}
    return [_members(card, by_id.get(card.id)) for card in found]


def _members(card: Card, fetched: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "list": card.id,
        "entries": card.entries,
        "unique": card.unique,
        "overlaps": dict(card.overlaps),
        "refused": card.refused,
        "hits": None,
        "unblock-requests": None,
        "age": None if fetched is None else fetched["age"],
        "too-old": None if fetched is None else fetched["too-old"],
        "licence": None if fetched is None else fetched["licence"],
    }
