"""What the receiver runs with, as values: how long documents are kept, after how long a school is silent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Times in seconds.

    ``keep``: a school year and its yearly report. ``silent_after``: twelve periods of five minutes, so that a
    line that is restarted is no news.
    """

    keep: float = 400 * 86_400.0
    silent_after: float = 3_600.0
