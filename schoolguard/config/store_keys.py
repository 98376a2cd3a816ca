"""The keys of ``store`` in ``schoolguard.yaml`` and their values: loader, schema and reference come of it."""

from __future__ import annotations

from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.numbers import Size, Time
from schoolguard.config.types import Fields, Key, Section
from schoolguard.language import N_
from schoolguard.store.bounds import DAY, LEAST_SIZE, Bounds

_DEFAULTS = Bounds()

MINUTES = Key(
    "minutes",
    Time(DAY, 366 * DAY, whole=True),
    "How long counts by the minute are kept.",
    float(_DEFAULTS.minutes),
)
HOURS = Key(
    "hours",
    Time(DAY, 1_830 * DAY, whole=True),
    "How long counts by the hour are kept; at least as long as minutes.",
    float(_DEFAULTS.hours),
)
DAYS = Key(
    "days",
    Time(DAY, 3_660 * DAY, whole=True),
    "How long counts by the day are kept; at least as long as hours.",
    float(_DEFAULTS.days),
)
OUTBOX = Key(
    "outbox",
    Time(DAY, 366 * DAY, whole=True),
    "How long a summary waits for the province, in time that this machine runs; then it is removed, which is"
    " logged.",
    float(_DEFAULTS.outbox),
)
SIZE = Key(
    "size",
    Size(LEAST_SIZE, 16 << 30),
    "How large the file may grow; then the oldest counts by the minute go before their time, then those by"
    " the hour, then those by the day.",
    _DEFAULTS.size,
)
STORE: Key[Fields] = Key(
    "store",
    Section((MINUTES, HOURS, DAYS, OUTBOX, SIZE)),
    "How long counts of queries are kept on this machine; they hold no device and no name asked.",
    otherwise="the defaults below",
)


def bounds_of(fields: Fields, out: Collector) -> Bounds:
    """Return the store's bounds; what is wrong among them is recorded."""
    given = fields.section(STORE)
    minutes, hours, days, outbox = (int(given.value(key)) for key in (MINUTES, HOURS, DAYS, OUTBOX))
    for key in (MINUTES, HOURS, DAYS, OUTBOX):
        if given.value(key) % DAY:
            msgid = N_("whole days belong here: counts are deleted by the day")
            out.error(given.mark_of(key), Wrong(msgid, found=key.type.show(given.value(key))))
    for finer, coarser in ((MINUTES, HOURS), (HOURS, DAYS)):
        if given.value(finer) > given.value(coarser):
            at = coarser if given.given(coarser) else finer
            msgid = N_("`{finer}` would be kept longer than `{coarser}`, which are made of them")
            out.error(given.mark_of(at), Wrong(msgid, finer=finer.name, coarser=coarser.name))
    hours = max(hours, minutes)
    return Bounds(minutes, hours, max(days, hours), outbox, given.value(SIZE))
