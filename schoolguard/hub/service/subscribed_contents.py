"""Fetched lists by content, so that every stage and every kept version finds the one that it needs.

A content is named by the digest of the list file and of what it is for. It must not fetch or judge: what the
guardrails said of a content is noted beside the wholes, before the content is taken in here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from schoolguard.categories import BY_NAME
from schoolguard.hub.service.subscribed_settings import HubSubscription
from schoolguard.hub.service.wholes import YOUNG
from schoolguard.intake.orders.canonical import NotCanonical, canonical, read_canonical
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.lists.archive import write_synced
from schoolguard.lists.model import Exceptions, Kind, ListSource

_LIST, _SAID = ".list", ".json"
_MOST = 1 << 16


class SubscribedContents:
    """The folder; ``kept`` are the lists as they were fetched last."""

    def __init__(self, folder: Path, kept: KeptLists, subscriptions: Sequence[HubSubscription]) -> None:
        self._folder = folder
        self._kept = kept
        self._subscriptions = subscriptions

    def pushed(self) -> dict[str, str]:
        """Return the content of each list by its path on the way; raises ``OSError``.

        A list that did not come since its configuration changed, or whose state was lost, stays as it was.
        """
        found = {}
        for each in self._subscriptions:
            content = self._present(each) or self._latest(each)
            if content:
                found[each.path] = content
        return found

    def source(self, content: str) -> ListSource | None:
        """Return a content for the compiler, ``None`` for one that is not here."""
        path, said = self._folder / (content + _LIST), self._said(content)
        if said is None or not path.is_file():
            return None
        kind = Kind(said["kind"])
        bit = BY_NAME[said["category"]].bit if kind is Kind.BLOCK else 0
        return ListSource(said["list"], str(path), bit, kind, said["format"], Exceptions.OFF,
                          50_000_000, max_shrink=None, max_growth=None)  # judged before  # fmt: skip

    def collect(self, wanted: Collection[str], now: float) -> None:
        """Delete contents but those ``wanted``; young ones may be on their way."""
        for path in self._folder.glob("*"):
            if path.name.partition(".")[0] not in wanted and path.stat().st_ctime < now - YOUNG:
                path.unlink()

    def _present(self, each: HubSubscription) -> str:
        state = self._kept.state(each.wanted.id)
        if not state.sha256 or state.origin != each.wanted.origin:
            return ""
        content = content_of(each, state.sha256)
        if self._said(content) is None and self._kept.intact(each.wanted.id, state):
            self._take(each, content)
        return content if self._said(content) is not None else ""

    def _take(self, each: HubSubscription, content: str) -> None:
        # A link: the list is never written to, only replaced.
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / (content + _LIST)
        path.unlink(missing_ok=True)
        os.link(self._kept.path(each.wanted.id), path)
        write_synced(self._folder / (content + _SAID), canonical(_members(each)))

    def _latest(self, each: HubSubscription) -> str:
        found = [(path.stat().st_mtime, path.stem) for path in self._saying(each.list_id)]
        return max(found, default=(0.0, ""))[1]

    def _saying(self, list_id: str) -> Iterator[Path]:
        for path in self._folder.glob(f"*{_SAID}"):
            said = self._said(path.stem)
            if said is not None and said["list"] == list_id:
                yield path

    def _said(self, content: str) -> dict[str, Any] | None:
        try:
            with (self._folder / (content + _SAID)).open("rb") as file:
                return read_canonical(file.read(_MOST), _MOST)
        except (FileNotFoundError, NotCanonical):
            return None


def content_of(each: HubSubscription, sha256: str) -> str:
    """Return the name of a content: that of the list file ``sha256`` for what the list is for."""
    return hashlib.sha256(canonical({**_members(each), "sha256": sha256})).hexdigest()


def _members(each: HubSubscription) -> dict[str, Any]:
    return {
        "category": each.category,
        "format": each.wanted.format,
        "kind": each.kind.value,
        "licence": each.licence,
        "list": each.list_id,
        "url": each.wanted.url,
    }
