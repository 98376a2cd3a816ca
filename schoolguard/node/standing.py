"""What changes seldom at a gateway, as the feed tells it: software, policy's digest, lists. No counts."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from schoolguard import __version__
from schoolguard.feed.model import ListVersion, Standing
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.lists.rows import SourceRow
from schoolguard.lists.stack import Stack
from schoolguard.node.policy_digest import digest_of
from schoolguard.policy.model import School
from schoolguard.settings import Settings

SOFTWARE = f"schoolguard {__version__}"
_VERSION_DIGITS = 16
_log = logging.getLogger("schoolguard.feed")


def standings(settings: Settings, lists: Sequence[ListVersion], started: int) -> dict[str, Standing]:
    """Return what holds for each school of settings; a school's policy is of what can reach its pupils."""
    shared = (settings.categories, settings.tiers, settings.shadow_lists, settings.engines)
    return {
        school.id: Standing(
            SOFTWARE,
            digest_of(*shared, settings.resolver_addresses, _of_pupils(school)),
            started,
            tuple(lists),
            len(school.groups),
            len(settings.listeners),
        )
        for school in settings.schools
    }


def versions(rows: Iterable[SourceRow], compiled: float) -> tuple[ListVersion, ...]:
    """Return the lists in force; one without a time of its own changed when it was compiled."""
    return tuple(
        ListVersion(
            row.id,
            row.digest[:_VERSION_DIGITS] or "-",
            row.entries,
            int(row.note.file_time or compiled),
        )
        for row in rows
        if row.digest
    )


def publisher_versions(paths: Sequence[str]) -> tuple[ListVersion, ...]:
    """Return the publisher's lists in force, partners' and fetched ones; ``paths`` are its layers, in order.

    One whose own time the publisher did not tell changed when the newest layer came. Layers that cannot be
    read are said in the log and told as no list.
    """
    try:
        stack = Stack.open([Path(path) for path in paths])
        came = max((Path(path).stat().st_mtime for path in paths), default=0.0)
    except (SnapshotBroken, OSError) as error:
        _log.error("the publisher's lists are not told", extra={"problem": str(error)})
        return ()
    return tuple(each for layer in stack.layers for each in versions(layer.sources, came))


def _of_pupils(school: School) -> tuple[object, ...]:
    """Return what of a school decides; addresses and devices are left out, they are nobody's business."""
    groups = [
        (group.name, group.tier, group.rules, group.budgets, group.safe_search, group.strip_ech, group.shadow)
        for group in school.groups
    ]
    return groups, school.timetable, school.default
