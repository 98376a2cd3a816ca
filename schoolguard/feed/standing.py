"""The document of what changes seldom: software, policy, lists in force, what the gateway covers. Nothing
counted.

It travels when it changed and once a day; the others name it by its reference. It must not hold a time of its
writing, so that the same state is the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from schoolguard.feed.documents import MOST_LISTS
from schoolguard.feed.model import ListVersion, Standing
from schoolguard.intake.orders.canonical import canonical, rfc3339

FORMAT = "schoolguard-standing/1"
_DIGITS = 8


def standing_document(school: str, standing: Standing) -> dict[str, object]:
    """Return the members of a school's standing document."""
    told = sorted(standing.lists, key=lambda each: (-each.entries, each.id))[:MOST_LISTS]
    return {
        "format": FORMAT,
        "school": school,
        "software": standing.software,
        "policy": standing.policy,
        "started": rfc3339(standing.started),
        "groups": standing.groups,
        "listeners": standing.listeners,
        "lists": [_list(each) for each in sorted(told, key=lambda each: each.id)],
    }


def reference(school: str, standing: Standing) -> str:
    """Return what names a standing document: the first 8 digits of the SHA-256 of its canonical form."""
    return reference_of(standing_document(school, standing))


def reference_of(document: Mapping[str, object]) -> str:
    """Return the reference of a standing document.

    It tells states of one school apart; that nobody forges one is the signature's work.
    """
    return sha256(canonical(document)).hexdigest()[:_DIGITS]


def _list(version: ListVersion) -> dict[str, object]:
    return {
        "id": version.id,
        "version": version.version,
        "entries": version.entries,
        "changed": rfc3339(version.changed),
    }
