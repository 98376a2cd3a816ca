"""How fetched lists stand, in words and for JSON: what ``lists show`` adds. It reads states only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import Subscription, SubscriptionState
from schoolguard.language import Translate
from schoolguard.settings import Settings

_HOUR, _DAY = 3_600, 86_400

Standing = Mapping[str, tuple[Subscription, SubscriptionState]]
"""Each fetched list by id: what is wanted, and how it stands."""


def standing_of(settings: Settings) -> Standing:
    """Return how the fetched lists of a configuration stand."""
    kept = KeptLists(settings.paths.subscriptions)
    return {each.id: (each, kept.state(each.id)) for each in settings.subscriptions.lists}


def standing_members(standing: Standing, list_id: str, now: float) -> dict[str, Any] | None:
    """Return how one list stands for JSON, ``None`` for one that is not fetched."""
    if list_id not in standing:
        return None
    wanted, state = standing[list_id]
    return {"url": wanted.url, **asdict(state), "age": state.age(now), "too_old": state.alarmed(wanted, now)}


def standing_lines(standing: Standing, ids: Sequence[str], now: float, translate: Translate) -> Iterator[str]:
    """Yield one line for each fetched list of ``ids``: its age, and what was wrong with the last round."""
    _ = translate
    for list_id in ids:
        if list_id not in standing:
            continue
        wanted, state = standing[list_id]
        line = _("{id}: fetched, {age}").format(id=list_id, age=standing_age(wanted, state, now, translate))
        if state.failures:
            failed = _("{count} rounds failed, the last: {why}")
            line += "; " + failed.format(count=state.failures, why=state.message)
        yield line


def standing_age(wanted: Subscription, state: SubscriptionState, now: float, translate: Translate) -> str:
    """Return when the list was last confirmed, in words, and whether that is too long ago."""
    _ = translate
    age = state.age(now)
    if age is None:
        return _("never came").upper() if state.failures else _("never came")
    shown = _("confirmed {age} ago").format(age=age_words(age, translate))
    return _("{age}, TOO OLD").format(age=shown) if state.alarmed(wanted, now) else shown


def age_words(seconds: float, translate: Translate) -> str:
    """Return a span of time in words, in its largest whole unit."""
    _ = translate
    if seconds >= 2 * _DAY:
        return _("{count} days").format(count=int(seconds // _DAY))
    if seconds >= 2 * _HOUR:
        return _("{count} hours").format(count=int(seconds // _HOUR))
    return _("{count} minutes").format(count=int(seconds // 60))
