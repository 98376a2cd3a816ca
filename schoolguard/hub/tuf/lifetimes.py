"""How long each role's word holds, in seconds, and what happens when it has run out.

It must not be read as when something stops working at a school: a gateway keeps its last good state for ever.
What runs out is the right to bring it *new* things:

- timestamp: a mirror that freezes is noticed after this time; nothing new is taken from it.
- snapshot: as the timestamp; the publisher renews both by itself as long as it runs.
- a partner: nothing new from this partner; the others go on.
- targets, root: nothing new from anybody until the offline keys have signed again.

So a publisher that is down for a weekend costs a late update and an alarm, not protection.
"""

from __future__ import annotations

from schoolguard.intake.trust.names import ROOT, SNAPSHOT, TARGETS, TIMESTAMP

DAY = 86400

LIFETIMES = {ROOT: 365 * DAY, TARGETS: 183 * DAY, SNAPSHOT: 7 * DAY, TIMESTAMP: DAY}
"""Root: one ceremony a year. Targets: two keys, twice a year. Snapshot: over a week-long holiday of the hub's
staff nothing has to be done by hand. Timestamp: one day is how long a freeze can last unseen."""

PARTNER = 31 * DAY
"""A telecom that signs nothing for a month has stopped looking after its lists."""

PARTNER_LONGEST = 92 * DAY
"""The furthest expiry that a partner may sign: what a thief signs must not hold for years."""
PARTNER_SHORTEST = DAY // 24
"""The nearest expiry that is published; less would run out before every gateway has seen it."""

RENEWED = 0.5
"""The share of its life after which the publisher signs snapshot or timestamp anew."""


def renew_at(role: str, expires: float) -> float:
    """Return the time, in Unix seconds, from which an online role is signed anew."""
    return expires - LIFETIMES[role] * RENEWED
