"""The keys of ``feed`` in ``hub.yaml``, and their values."""

from __future__ import annotations

from schoolguard.config.numbers import Time
from schoolguard.config.types import Fields, Key, Section
from schoolguard.hub.feed.settings import FeedSettings

_DEFAULTS = FeedSettings()

KEEP = Key("keep", Time(86_400, 3_660 * 86_400), "How long a school's documents are kept.", _DEFAULTS.keep)
SILENT_AFTER = Key(
    "silent-after",
    Time(600, 30 * 86_400),
    "A school from which nothing came for so long is shown as silent.",
    _DEFAULTS.silent_after,
)
FEED: Key[Fields] = Key(
    "feed",
    Section((KEEP, SILENT_AFTER)),
    "The receiver of schools' summaries, below `/feed/v1/`.",
    otherwise="as the keys below say",
)


def feed_of(fields: Fields) -> FeedSettings:
    """Return the receiver's settings."""
    return FeedSettings(fields.value(KEEP), fields.value(SILENT_AFTER))
