"""What parents and teachers are told of the counts that are kept, as messages. No file, no clock."""

from __future__ import annotations

from schoolguard.language import N_, Said
from schoolguard.store.aside import KEPT
from schoolguard.store.bounds import DAY, Bounds

_WHAT = N_(
    "This machine counts the DNS queries of the school: how many there were, of which group, and whether they"
    " were blocked and why. With these counts it writes down no device, no address, no person and no name"
    " that was asked for."
)
_KEPT = N_(
    "Counts by the minute are deleted when they are {minutes} days old, counts by the hour after {hours}"
    " days, counts by the day after {days} days; each at the latest on the day after."
)
_SIZE = N_(
    "All of them together take at most {size} of the disk. When that is reached, the oldest are deleted"
    " before their time."
)
_OUTBOX = N_(
    "Once the school is enrolled, summaries of these counts go to the province. One that cannot be sent waits"
    " for {outbox} days in which this machine runs, and is then deleted; one that has arrived is deleted here"
    " at once."
)
_NOT_SENT = N_("No summary of these counts leaves this machine.")
_DAMAGED = N_(
    "A file that the disk has damaged is set aside for whoever mends it, and deleted after {days} days."
)
_NAMES = N_(
    "The names asked for are kept for 8 days, all of the school in one list: without who asked, and without"
    " when. They show what a change of the rules would do."
)
_NO_NAMES = N_("The names asked for are not kept.")
_USED = N_(
    "Where a group has a limit of time, the machine keeps how many minutes each device has used of it that"
    " day and not which names it asked for; at midnight this begins anew."
)


def statement(bounds: Bounds, *, feeds: bool, names_asked: bool, limits: bool = False) -> list[Said]:
    """Return the paragraphs on counts and names.

    ``feeds`` is whether summaries leave for the province, ``names_asked`` whether names are kept, ``limits``
    whether a group's time is limited.
    """
    return [
        Said(_WHAT),
        Said(
            _KEPT,
            minutes=bounds.minutes // DAY,
            hours=bounds.hours // DAY,
            days=bounds.days // DAY,
        ),
        Said(_SIZE, size=size_text(bounds.size)),
        Said(_OUTBOX, outbox=bounds.outbox // DAY) if feeds else Said(_NOT_SENT),
        Said(_DAMAGED, days=KEPT // DAY),
        Said(_NAMES if names_asked else _NO_NAMES),
        *((Said(_USED),) if limits else ()),
    ]


def size_text(size: int) -> str:
    """Return a size as people read it: ``256 MiB``."""
    for unit, bytes_ in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= bytes_:
            return f"{size / bytes_:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"
