"""What ``feed:`` in ``schoolguard.yaml`` decides, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field

from schoolguard.feed.rules import Rules


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Where summaries go, how often, and by which rules; times in seconds.

    ``to`` is the receiver's address, ``None`` when nothing may leave. A school sends nothing before a person
    enrolled it with a code, whatever stands here. Schools deliver up to ``spread`` after a period's end, at
    random, so that not all come at once; and at most once in ``every``, where a line is paid by the byte.
    """

    to: str | None = None
    period: int = 300
    rules: Rules = field(default_factory=Rules)
    spread: float = 240.0
    every: float = 0.0
