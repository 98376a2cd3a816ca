"""Lists on trial: each has a reserved bit in place of its category's, so that it counts and does not block.

It must not read lists; which bit stands for which list's category goes into the settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from schoolguard.categories import SEALED, SHADOW_FIRST, SHADOW_LAST
from schoolguard.config import list_keys as keys
from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.lists.model import Exceptions, Kind, ListSource

MOST = SHADOW_LAST - SHADOW_FIRST + 1

Sources = tuple[At[ListSource], ...]
ShadowLists = Mapping[int, tuple[str, int]]
"""The bit of each list in shadow -> its id and the mask of its category."""


def check(fields: Fields, source: ListSource, out: Collector) -> None:
    """Record what a list on trial cannot be: a safety net, an allow list, sealed, one that lifts others."""
    given = fields.given(keys.SHADOW)
    if given is None or not given.value:
        return
    if source.kind is not Kind.BLOCK:
        msgid = N_("a list of kind {kind} cannot be in shadow: it blocks nothing that could be tried out")
        out.error(given.mark, Wrong(msgid, kind=source.kind.value))
    elif 1 << source.bit & SEALED:
        msgid = N_(
            "a list of a sealed category cannot be in shadow: nobody can switch it off, nor its author"
        )
        out.error(given.mark, Wrong(msgid))
    elif source.exceptions is Exceptions.ALL:
        msgid = N_(
            "the exceptions of a list in shadow must not lift other lists' entries; write `exceptions: own`"
        )
        out.error(given.mark, Wrong(msgid))


def assigned(sources: Sources, shadows: Iterable[At[str]], out: Collector) -> tuple[Sources, ShadowLists]:
    """Return the lists, those named in ``shadows`` with a bit of their own, and what the bits stand for.

    Bits go by the lists' ids, so that the order of the file does not matter.
    """
    marks = {at.value: at.mark for at in shadows}
    ids = sorted(marks)
    for extra in ids[MOST:]:
        msgid = N_("more than {most} lists are in shadow; enforce or remove some first")
        out.error(marks[extra], Wrong(msgid, most=MOST, found=extra))
    bits = {list_id: SHADOW_FIRST + place for place, list_id in enumerate(ids[:MOST])}
    held = {bits[at.value.id]: (at.value.id, 1 << at.value.bit) for at in sources if at.value.id in bits}
    moved = tuple(
        At(replace(at.value, bit=bits[at.value.id]), at.mark) if at.value.id in bits else at for at in sources
    )
    return moved, dict(sorted(held.items()))
