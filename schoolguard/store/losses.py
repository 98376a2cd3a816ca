"""What is gone and was said: added up for the life of the file, among the numbers of ``state``."""

from __future__ import annotations

from collections.abc import Mapping

LOST = "lost-"

RESTORES, PAGES, ROWS, DOCUMENTS, QUERIES = "restores", "pages", "rows", "documents", "queries"
"""Of a damaged file: how often it was restored, and what could not be read."""

UNTOLD = "untold"
"""Queries that were answered and never came: of killed workers, or those that found no room in memory while
the disk was full.
"""

TORN = "torn"
"""Times that the last change was passed over as it was not whole: of a power cut, or damaged."""

LATE = "late"
"""Documents that waited longer than the outbox keeps them."""

CROWDED = "crowded"
"""Rows that went before their time, to keep the file's size."""

WORDS = (RESTORES, PAGES, ROWS, DOCUMENTS, QUERIES, UNTOLD, TORN, LATE, CROWDED)


def losses_of(state: Mapping[str, int]) -> dict[str, int]:
    """Return each loss by its word."""
    return {word: state.get(f"{LOST}{word}", 0) for word in WORDS}


def raised(state: Mapping[str, int], lost: Mapping[str, int]) -> dict[str, int]:
    """Return the numbers of ``state`` that losses change, as they are after them."""
    names = {f"{LOST}{word}": number for word, number in lost.items() if number}
    return {name: state.get(name, 0) + number for name, number in names.items()}
