"""The keys of ``rollout`` in ``hub.yaml``: loader, schema and reference are made of this table.

The defaults. *An hour of shadow*: gateways are told at once and judge a week of names within a minute; an
hour leaves time for a person to look. *A day with canaries*: a school day has every lesson in it once.
*One gateway in twenty by lot*: in a province of 500 schools that is 25, enough for three to agree on a jump.
A list that must be faster, such as one against fraud, has a pace of its own; orders wait for nothing.
*Five gateways*: a count of fewer could be laid at one school's door. *Twice the blocking*: between two days
of one school the blocked share of queries moves by a third; what doubles, and is more than 2 % of all
queries, is a fault of the list. *Five passes more*: a teacher opens one or two sites for a lesson; five more
than on other days, at three schools at once, are not for lessons.
"""

from __future__ import annotations

from schoolguard.config.finding import At
from schoolguard.config.numbers import Integer, Percent, Time
from schoolguard.config.scalars import Choice, OrWord, Text
from schoolguard.config.types import Fields, Key, ListOf, Section
from schoolguard.hub.rollout.settings import RolloutSettings
from schoolguard.intake.rollout.stages import MOST_CANARIES

_DEFAULTS = RolloutSettings()
_JUMPS = _DEFAULTS.jumps
_LONGEST = 60 * 86_400
_FILE = Text("file", most=400)
HELD, ALWAYS = "held", "always"

APPROVERS: Key[tuple[At[str], ...]] = Key(
    "approvers",
    ListOf(_FILE, least=1, most=20),
    "Files with the public keys (NAME.pub.json) of those who may agree to lists, and order a way back; "
    "relative to this file's folder.",
    otherwise="none: a list that is held stays held",
)

SHADOW = Key(
    "shadow",
    Time(0, _LONGEST),
    "So long at least a list is only judged beside those in force; 0 leaves the stage out.",
    _DEFAULTS.pace.shadow,
)
CANARY = Key(
    "canary",
    Time(0, _LONGEST),
    "So long at least only the canaries enforce it; 0 leaves the stage out.",
    _DEFAULTS.pace.canary,
)
APPROVE = Key(
    "approve",
    Choice((HELD, ALWAYS)),
    "held: people must agree to what the guardrails hold. always: to every push.",
    HELD,
)
PARTNER = Key(
    "partner",
    Text(most=32),
    "The partner's name, as `hub partner add` was given it; `subscriptions` for the lists fetched here.",
)
OWN_SHADOW = Key(
    "shadow", Time(0, _LONGEST), "`rollout.shadow` for this partner's lists.", otherwise="as for all"
)
OWN_CANARY = Key(
    "canary", Time(0, _LONGEST), "`rollout.canary` for this partner's lists.", otherwise="as for all"
)
OWN_APPROVE = Key(
    "approve", Choice((HELD, ALWAYS)), "`rollout.approve` for this partner's lists.", otherwise="as for all"
)
PARTNERS: Key[tuple[At[Fields], ...]] = Key(
    "partners",
    ListOf(Section((PARTNER, OWN_SHADOW, OWN_CANARY, OWN_APPROVE)), most=200),
    "Partners whose lists have a pace of their own, each once.",
    otherwise="none",
)
GATEWAYS: Key[tuple[At[str], ...]] = Key(
    "canary-gateways",
    ListOf(Text(most=100), most=MOST_CANARIES),
    "Gateways, by their id in the file `gateways`, that enforce new lists first.",
    otherwise="none by name",
)
SCHOOLS: Key[tuple[At[str], ...]] = Key(
    "canary-schools",
    ListOf(Text(most=100), most=MOST_CANARIES),
    "Schools, by id, whose gateways enforce new lists first.",
    otherwise="none by name",
)
SHARE = Key(
    "canary-share",
    Percent(100),
    "So many of all gateways enforce new lists first, besides those named, by a lot that is always the same.",
    _DEFAULTS.canaries.share / 1000,
)
THRESHOLD = Key(
    "threshold",
    Integer(2, 1_000),
    "A preview shows no count that fewer gateways told: it could be laid at one school's door.",
    _DEFAULTS.threshold,
)
KEPT = Key(
    "kept-versions",
    Integer(2, 200),
    "So many versions of all lists are kept, and can be returned to with `hub rollback`.",
    _DEFAULTS.kept,
)
JUMP = Key(
    "jump",
    OrWord(Percent(10_000), "off"),
    "A list goes back by itself when the blocked share of queries grew by more than this share of what it "
    "was, and by more than `jump-floor`; 100% is twice as much. off: blocking is not watched.",
    _JUMPS.growth,
)
JUMP_FLOOR = Key(
    "jump-floor",
    Percent(100),
    "Below so much of all queries, growth of the blocked ones is no jump.",
    _JUMPS.floor,
)
JUMP_REQUESTS = Key(
    "jump-requests",
    OrWord(Integer(1, 10_000), "off"),
    "It goes back too when, for as many queries, staff granted over twice the passes, and at least so many "
    "more. off: passes are not watched.",
    _JUMPS.requests,
)
JUMP_QUERIES = Key(
    "jump-queries",
    Integer(1, 10_000_000),
    "A gateway counts for a jump only with at least so many queries before and after.",
    _JUMPS.queries,
)
JUMP_GATEWAYS = Key(
    "jump-gateways",
    Integer(1, 1_000),
    "A list goes back only when it jumped in at least so many gateways.",
    _JUMPS.gateways,
)
JUMP_WATCH = Key(
    "jump-watch", Time(0, _LONGEST), "So long a list is watched for jumps after it came to all.", _JUMPS.watch
)

ROLLOUT: Key[Fields] = Key(
    "rollout",
    Section(
        (
            *(SHADOW, CANARY, APPROVE, PARTNERS, GATEWAYS, SCHOOLS, SHARE, THRESHOLD, KEPT),
            *(JUMP, JUMP_FLOOR, JUMP_REQUESTS, JUMP_QUERIES, JUMP_GATEWAYS, JUMP_WATCH),
        )
    ),
    "How accepted lists come to all schools.",
    otherwise="as the keys below say",
)
