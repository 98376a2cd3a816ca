"""Viet Nam's time for people: UTC+7 whatever the box's zone, without summer time since 1975."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

VIET_NAM = timezone(timedelta(hours=7))


def clock_text(seconds: float, now: float | None = None) -> str:
    """Return a moment (Unix seconds) as ``2026-11-24 14:05``; only ``14:05`` on the day of ``now``."""
    moment = datetime.fromtimestamp(seconds, VIET_NAM)
    if now is not None and moment.date() == datetime.fromtimestamp(now, VIET_NAM).date():
        return f"{moment:%H:%M}"
    return f"{moment:%Y-%m-%d %H:%M}"


def next_clock(hour: int, minute: int, now: float) -> float:
    """Return when a clock in Viet Nam next shows this time after ``now``; both in Unix seconds."""
    moment = datetime.fromtimestamp(now, VIET_NAM).replace(hour=hour, minute=minute, second=0, microsecond=0)
    if moment.timestamp() <= now:
        moment += timedelta(days=1)
    return moment.astimezone(UTC).timestamp()
