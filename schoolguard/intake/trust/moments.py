"""Unix seconds as the library of The Update Framework has times. It must not load that library."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(now: float) -> datetime:
    """Return Unix seconds as the time that python-tuf works with."""
    return datetime.fromtimestamp(now, UTC).replace(microsecond=0)
