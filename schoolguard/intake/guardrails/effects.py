"""What new lists do to the names everybody knows, whatever entry does it. It needs the lists compiled.

``entries`` looks at what comes in; this looks at the outcome, so that an exception taken away, an expression,
or a list moved to another category cannot close a well-known name unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schoolguard.dns.names import search_key
from schoolguard.intake.guardrails.closed import EVERY, closed
from schoolguard.intake.guardrails.entries import WellKnown
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.guardrails.verdict import SHOWN, Action, Code, Reason
from schoolguard.lists.stack import Stack


def effect_reasons(
    old: Stack, new: Stack, known: WellKnown, limits: Limits, blocked: int = EVERY
) -> Iterator[Reason]:
    """Yield the protected and popular names that ``new`` closes and ``old`` did not.

    A protected name can only be closed by a sealed category, and that is always refused. Takes some 3 us a
    name.
    """
    protected = tuple(sorted(_newly(old, new, known.protected.names, blocked)))
    if protected:
        yield Reason(Code.PROTECTED, Action.REFUSE, len(protected), 0, protected[:SHOWN])
    popular = tuple(_newly(old, new, known.popular, blocked))
    head = tuple(name for name in popular if known.popular.rank(name, below=False) <= limits.head)
    for code, found, most in (
        (Code.POPULAR_HEAD, head, limits.max_head),
        (Code.POPULAR, popular, limits.max_popular),
    ):
        if len(found) > most:
            yield Reason(code, limits.popular, len(found), most, found[:SHOWN])


def _newly(old: Stack, new: Stack, names: Iterable[str], blocked: int) -> Iterator[str]:
    for name in names:
        key = search_key(name)
        if closed(new.mask(key), blocked) and not closed(old.mask(key), blocked):
            yield name
