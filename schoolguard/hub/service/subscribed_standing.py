"""How the lists that a publisher fetches stand, read from its folder beside the process that fetches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schoolguard.hub.rollout.deciding import list_name
from schoolguard.hub.service.rolling import WHOLES
from schoolguard.hub.service.settings import HubSettings
from schoolguard.hub.service.subscribed import FOLDER
from schoolguard.hub.service.subscribed_contents import content_of
from schoolguard.hub.service.wholes import Wholes
from schoolguard.intake.subscriptions.kept import KeptLists


def standing(folder: Path, settings: HubSettings, now: float) -> list[dict[str, Any]]:
    """Return how each fetched list of a publisher's folder stands, for ``hub status``."""
    kept = KeptLists(folder / FOLDER)
    found = []
    for each in settings.subscriptions:
        state = kept.state(each.wanted.id)
        found.append(
            {
                "list": each.wanted.id,
                "age": state.age(now),
                "too-old": state.alarmed(each.wanted, now),
                "failures": state.failures,
                "problem": state.message,
                "licence": each.licence,
            }
        )
    return found


def rounds_since(folder: Path, settings: HubSettings, asked: float, now: float) -> list[dict[str, Any]]:
    """Return what became of each fetched list that was tried since ``asked`` (Unix seconds).

    ``held`` are the guardrails' codes for which the content waits for people.
    """
    kept, wholes = KeptLists(folder / FOLDER), Wholes(folder / WHOLES)
    found = []
    for each in settings.subscriptions:
        state = kept.state(each.wanted.id)
        if state.tried < asked:
            continue
        noted = wholes.noted(content_of(each, state.sha256)) if state.sha256 else {}
        reasons = [reason["code"] for reason in noted.get("reasons", ()) if reason["action"] == "hold"]
        found.append(
            {
                "id": each.wanted.id,
                "list": list_name(each.path),
                "changed": not state.failures and state.changed >= asked,
                "why": state.message if state.failures else None,
                "reason": state.reason if state.failures else "",
                "age": state.age(now),
                "size": state.size,
                "left_out": state.left_out,
                "held": reasons,
                "added": noted.get("added", 0),
                "removed": noted.get("removed", 0),
            }
        )
    return found
