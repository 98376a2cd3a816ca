"""First look at an adblock list for the rules it cancels itself with ``$badfilter``."""

from __future__ import annotations

from schoolguard.lists.formats import adblock, lines
from schoolguard.lists.formats.refused import ListRefused


def cancelled_rules(path: str) -> frozenset[str]:
    """Return the canonical text of every rule that the list at ``path`` cancels, wherever the two stand.

    A rule may be cancelled below or above its place, so this needs a pass of its own; it only looks for one
    word. Raises what ``lines.batches`` raises, and ``too-many-badfilters``.
    """
    found: set[str] = set()
    for batch in lines.batches(path):
        for line in batch:
            if "badfilter" in line and len(line) <= lines.MAX_LINE:
                rule = lines.text(line).strip()
                if rule[0] not in "!#[" and "badfilter" in adblock.split(rule)[1].split(","):
                    found.add(adblock.canonical(rule))
        if len(found) > adblock.MAX_BADFILTERS:
            limit = f"at most {adblock.MAX_BADFILTERS}"
            raise ListRefused("too-many-badfilters", path, f"{len(found)} cancelled rules", limit)
    return frozenset(found)
