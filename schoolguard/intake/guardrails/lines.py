"""What a file's lines say of it as a whole: too much that is no entry, too few or too many bytes for each.

It must not read the file: it is told the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

from schoolguard.intake.guardrails.limits import MEBIBYTE, LineLimits
from schoolguard.intake.guardrails.verdict import Action, Code, Reason


def line_reasons(entries: int, junk: int, size: int, limits: LineLimits) -> Iterator[Reason]:
    """Yield what is wrong with a file of ``size`` bytes with so many entries and so many lines of junk."""
    allowed = max(limits.junk_floor, int(limits.max_junk * (entries + junk)))
    if junk > allowed:
        yield Reason(Code.JUNK, Action.REFUSE, junk, allowed)
    if not entries:
        return
    density = size / entries
    if density < limits.min_density:
        yield Reason(Code.DENSITY, Action.REFUSE, round(density, 1), limits.min_density)
    if size > MEBIBYTE and density > limits.max_density:
        yield Reason(Code.DENSITY, Action.REFUSE, round(density, 1), limits.max_density)
