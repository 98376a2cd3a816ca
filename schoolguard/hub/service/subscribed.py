"""Public lists at the publisher: fetched once for all schools, judged as pushes are, given to the stages.

It must not publish: it says that there is something new. What the guardrails hold waits in its stage until
people agree, as a partner's list does.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schoolguard.categories import BY_NAME
from schoolguard.hub.service.settings import HubSettings
from schoolguard.hub.service.subscribed_asking import FetchRequests
from schoolguard.hub.service.subscribed_contents import SubscribedContents, content_of
from schoolguard.hub.service.subscribed_settings import HubSubscription
from schoolguard.hub.service.wholes import Wholes
from schoolguard.intake.guardrails.verdict import Action
from schoolguard.intake.subscriptions.download import Line
from schoolguard.intake.subscriptions.judging import Case, Judged, judged
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import Subscription
from schoolguard.intake.subscriptions.runner import Subscriptions
from schoolguard.lists.archive import digest_of
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.lists.stack import Stack

FOLDER, CONTENTS = "subscriptions", "contents"
LOOK = 300.0
"""Seconds between looks at the lists' ages."""
RETRY = 60.0
ASKED = 0.5
"""Seconds between looks at whether somebody asks for a list now."""

_log = logging.getLogger("schoolguard.hub")


def contents_in(folder: Path, settings: HubSettings) -> SubscribedContents:
    """Return the fetched lists of a publisher's folder."""
    kept = KeptLists(folder / FOLDER)
    return SubscribedContents(folder / FOLDER / CONTENTS, kept, settings.subscriptions)


class Subscribed:
    """Run it with ``run``; ``stack`` gives the layers that all enforce, ``changed`` is told of news."""

    def __init__(
        self,
        folder: Path,
        settings: HubSettings,
        wholes: Wholes,
        stack: Callable[[], Stack],
        changed: Callable[[], None],
        clock: Callable[[], float],
        line: Line | None = None,
    ) -> None:
        self._settings, self._wholes, self._stack, self._clock = settings, wholes, stack, clock
        self._by_id = {each.wanted.id: each for each in settings.subscriptions}
        self._kept = KeptLists(folder / FOLDER)
        self._requests = FetchRequests(folder)
        self._runner = Subscriptions(
            [each.wanted for each in settings.subscriptions],
            self._kept,
            self._judge,
            lambda _ids: changed(),
            clock=clock,
            drawn=random.SystemRandom().random,
            line=line,
        )

    async def run(self) -> None:
        """Fetch what is due and watch ages until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fetch(), name="subscriptions")
            tasks.create_task(self._watch(), name="ages of subscriptions")
            tasks.create_task(self._listen(), name="requests to fetch")

    async def _fetch(self) -> None:
        while True:
            try:
                await self._runner.run()
            except OSError as error:
                _log.error("lists cannot be kept", extra={"problem": str(error)})
                await asyncio.sleep(RETRY)

    async def _watch(self) -> None:
        alarmed: set[str] = set()
        while True:
            states, now = self._runner.states, self._clock()
            old = {list_id for list_id in states if states[list_id].alarmed(self._wanted(list_id), now)}
            for list_id in sorted(old - alarmed):
                _log.error("list too old, its last good copy stays", extra={"list": list_id})
            alarmed = old
            await asyncio.sleep(LOOK)

    async def _listen(self) -> None:
        while True:
            try:
                for list_id in self._requests.take() & self._by_id.keys():
                    self._runner.fetch_soon(list_id)
            except OSError as error:
                _log.error("requests cannot be read", extra={"problem": str(error)})
                await asyncio.sleep(RETRY)
            await asyncio.sleep(ASKED)

    def _wanted(self, list_id: str) -> Subscription:
        return self._by_id[list_id].wanted

    async def _judge(self, wanted: Subscription, path: Path, _agreed: bool) -> Judged:
        each = self._by_id[wanted.id]
        stack = await asyncio.to_thread(self._stack)
        in_force = tuple(str(snapshot.path) for snapshot in stack.snapshots)
        found = await judged(self._case(each, path, in_force), agreed=True)
        await asyncio.to_thread(self._note, each, path, found)
        return found

    def _case(self, each: HubSubscription, path: Path, in_force: tuple[str, ...]) -> Case:
        settings = self._settings
        bit = BY_NAME[each.category].bit if each.kind is Kind.BLOCK else 0
        limits = settings.limits
        source = ListSource(
            *(each.list_id, str(path), bit, each.kind, each.wanted.format, Exceptions.OFF),
            limits.max_entries,
        )
        popular = settings.popular
        return Case(
            source,
            each.category,
            bool(each.category) and BY_NAME[each.category].sealed,
            limits,
            tuple(ListSource(file.stem, str(file), 0, Kind.NEVER_BLOCK) for file in settings.safety_net),
            None if popular is None else ListSource("popular", str(popular), 0),
            in_force,
        )

    def _note(self, each: HubSubscription, path: Path, found: Judged) -> None:
        """Write down what the guardrails said before the list may go anywhere."""
        content = content_of(each, digest_of(path))
        held = any(reason.action is Action.HOLD for reason in found.reasons)
        told: dict[str, Any] = {
            "added": found.added,
            "dropped": found.left_out,
            "held": held,
            "reasons": [reason.to_json() for reason in found.reasons],
            "removed": found.removed,
        }
        self._wholes.path(content).parent.mkdir(parents=True, exist_ok=True)
        self._wholes.note(content, told)
        extra = {"list": each.list_id, "held": held, "added": found.added, "removed": found.removed}
        _log.info("list judged", extra=extra)
