"""The keys of ``query-log`` in a school's file or the gateway's; loader, schema, reference come of them."""

from __future__ import annotations

from schoolguard.config.calendar_days import CalendarDay
from schoolguard.config.numbers import Integer
from schoolguard.config.scalars import Text
from schoolguard.config.types import Fields, Key, ListOf, Section
from schoolguard.querylog.model import DAYS, LONGEST, MOST_DAYS

LOG_REASON = Key(
    "reason",
    Text(most=300),
    "Why it is kept; parents and teachers read it. A new reason is a new log: what was kept is deleted.",
)
REQUESTED_BY = Key("requested-by", Text(), "Who wants it and answers for it: a person and an office.")
FIRST_DAY = Key("from", CalendarDay(), "The first day on which queries are kept.")
LAST_DAY = Key(
    "until",
    CalendarDay(),
    f"The last day, at most {LONGEST} days after the first; then it ends by itself and all of it is deleted.",
)
LOGGED_GROUPS = Key(
    "groups",
    ListOf(Text(most=60), least=1, most=200),
    "Whose queries are kept: names of groups; of all others nothing is.",
)
KEPT_DAYS = Key(
    "days", Integer(1, MOST_DAYS), "How many days a query is kept, that of the query among them.", DAYS
)
READERS = Key(
    "readers",
    Text("Unix group", 32, "[a-z_][a-z0-9_-]*", "giam-hieu"),
    "Unix group of this machine whose members may search it.",
    otherwise="only root and the gateway's own user",
)
QUERY_LOG: Key[Fields] = Key(
    "query-log",
    Section((LOG_REASON, REQUESTED_BY, FIRST_DAY, LAST_DAY, LOGGED_GROUPS, KEPT_DAYS, READERS)),
    "Keep what each device asks for, under a code name that changes every day, for a reason and a time. The"
    " school's own section stands before the gateway's.",
    otherwise="no query log is kept",
)
