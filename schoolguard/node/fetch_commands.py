"""``schoolguard lists fetch``: which lists are fetched, and what is printed of it. It parses no arguments."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from schoolguard.intake.subscriptions.download import Line
from schoolguard.intake.subscriptions.judging import Judged
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import Subscription
from schoolguard.intake.subscriptions.runner import Fetched, Subscriptions
from schoolguard.language import N_, Said, Translate
from schoolguard.lists.rows import State
from schoolguard.node.compiling import Compiler
from schoolguard.node.listing import state_words, why
from schoolguard.node.subscribed_judge import judge_for
from schoolguard.node.subscribed_screen import age_words
from schoolguard.settings import Settings

_UNKNOWN = N_("no list with the id {id} is fetched; these are: {ids}")
_NONE = N_("no list is fetched; give one a url in lists.yaml")


class NoSuchSubscription(Said):
    """A list was named that is not fetched."""


def chosen(wanted: Sequence[Subscription], ids: Sequence[str]) -> tuple[Subscription, ...]:
    """Return the lists named by ``ids``, all for none; raises ``NoSuchSubscription``."""
    known = {each.id: each for each in wanted}
    for list_id in ids:
        if list_id not in known:
            raise NoSuchSubscription(_UNKNOWN, id=list_id, ids=", ".join(known) or "-")
    if not known:
        raise NoSuchSubscription(_NONE)
    return tuple(known[list_id] for list_id in dict.fromkeys(ids)) or tuple(wanted)


def fetch_here(
    settings: Settings,
    ids: Sequence[str],
    *,
    agreed: bool,
    line: Line | None = None,
    clock: Callable[[], float] = time.time,
) -> tuple[Fetched, ...]:
    """Fetch lists without a gateway, to be compiled later; raises ``NoSuchSubscription``, ``OSError``."""
    wanted = chosen(settings.subscriptions.lists, ids)
    folder = settings.paths.subscriptions
    try:
        return asyncio.run(_fetch(settings, wanted, agreed=agreed, line=line, clock=clock))
    finally:
        _hand_over(settings.paths.state, folder)


async def _fetch(
    settings: Settings,
    wanted: Sequence[Subscription],
    *,
    agreed: bool,
    line: Line | None,
    clock: Callable[[], float],
) -> tuple[Fetched, ...]:
    ready = Compiler(settings.paths.state).ready()
    in_force = () if ready is None else ready.paths
    random_ = random.SystemRandom().random

    async def judge(each: Subscription, path: Path, agreed: bool) -> Judged:
        return await judge_for(settings, in_force, each, path, agreed=agreed)

    kept = KeptLists(settings.paths.subscriptions)
    runner = Subscriptions(wanted, kept, judge, _nobody, clock=clock, drawn=random_, line=line)
    await asyncio.to_thread(runner.prepare)
    return await runner.fetch([each.id for each in wanted], agreed=agreed)


def _nobody(_: tuple[str, ...]) -> None:
    """Tell nobody: who fetches asks what changed."""


def _hand_over(state: Path, folder: Path) -> None:
    """Give what root has fetched to the state's owner, or the gateway could not replace it later."""
    owner = state.stat()
    if os.geteuid() or not owner.st_uid or not folder.is_dir():
        return
    for path in (folder, *folder.iterdir()):
        os.chown(path, owner.st_uid, owner.st_gid)


def fetched_members(rounds: Sequence[Fetched], now: float) -> list[dict[str, Any]]:
    """Return one dict a list for JSON; ``why`` is why it was not taken, said or ``None``."""
    return [
        {
            "id": each.id,
            "changed": each.changed,
            "why": each.refusal,
            "reason": each.state.reason if each.refusal is not None else "",
            "age": each.state.age(now),
            "size": each.state.size,
            "left_out": each.state.left_out,
            "in_force": None,
        }
        for each in rounds
    ]


def fetched_lines(lists: Sequence[Mapping[str, Any]], translate: Translate) -> Iterator[str]:
    """Yield what became of each list: what came, or why nothing did and what stays instead."""
    _ = translate
    for each in lists:
        if each["why"] is None:
            yield _taken(each, translate)
            continue
        stays = _("there is no copy of it")
        if each["age"] is not None:
            stays = _("the copy confirmed {age} ago stays").format(age=age_words(each["age"], translate))
        reason = each["why"].say(translate) if isinstance(each["why"], Said) else each["why"]
        yield _("{id}: NOT TAKEN: {why}; {stays}").format(id=each["id"], why=reason, stays=stays)
        if each["reason"] == "held":
            hint = _("{id}: if that is right, type: schoolguard lists fetch --agree {id}")
            yield hint.format(id=each["id"])


def _taken(each: Mapping[str, Any], translate: Translate) -> str:
    _ = translate
    told = _("{id}: new content, {size} KiB") if each["changed"] else _("{id}: unchanged")
    parts = [told.format(id=each["id"], size=-(-each["size"] // 1024))]
    if each["left_out"]:
        parts.append(_("{count} names left out by the guardrails").format(count=each["left_out"]))
    if (row := each["in_force"]) is not None:
        parts.append(_in_force(row, translate))
    return ", ".join(parts)


def _in_force(row: Mapping[str, Any], translate: Translate) -> str:
    _ = translate
    state = State(row["state"])
    if state is State.FRESH:
        return _("in force with {entries} entries").format(entries=row["entries"])
    reason = why(row["reason"], row["message"], translate)
    return _("NOT IN FORCE ({state}): {why}").format(state=state_words(state, translate), why=reason)
