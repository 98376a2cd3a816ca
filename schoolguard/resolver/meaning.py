"""What a counted outcome's number means in the words of series: outcome, cause of a block, way round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schoolguard.categories import BY_NAME, Category
from schoolguard.policy.bypass import Bypass
from schoolguard.resolver.counts import Outcome

_CAUSES = {
    Outcome.RULED: "rule",
    Outcome.EXAM: "exam",
    Outcome.BUDGET: "budget",
    Outcome.UNSAFE_SEARCH: "unsafe-search",
}
_BITS = 64
_KINDS = {int(kind): kind for kind in Bypass}
_BY_CATEGORY = {
    BY_NAME["encrypted-dns"].bit: Bypass.ENCRYPTED_DNS,
    BY_NAME["proxy-vpn"].bit: Bypass.PROXY_VPN,
}


class Meaning(NamedTuple):
    """``blocked`` is a category's name or a cause, ``shadow`` the same of what is on trial, else ``None``."""

    outcome: str
    blocked: str | None = None
    bypass: Bypass | None = None
    shadow: str | None = None


def meaning(outcome: int, categories: Mapping[int, Category]) -> Meaning:
    """Return what an outcome means; ``categories`` is the table in force, by bit."""

    def named(bit: int) -> str:
        category = categories.get(bit)
        return category.name if category is not None else "former"

    if Outcome.BLOCKED <= outcome < Outcome.BLOCKED + _BITS:
        bit = outcome - Outcome.BLOCKED
        return Meaning("blocked", named(bit), _BY_CATEGORY.get(bit))
    if outcome in _CAUSES:
        bypass = Bypass.UNSAFE_SEARCH if outcome == Outcome.UNSAFE_SEARCH else None
        return Meaning("blocked", _CAUSES[Outcome(outcome)], bypass)
    if Outcome.BYPASS <= outcome < Outcome.ALIAS:
        kind = _KINDS[outcome - Outcome.BYPASS]
        return Meaning("blocked", kind.word, kind)
    if Outcome.ALIAS <= outcome <= Outcome.ALIAS_RULED:
        cause = "rule" if outcome == Outcome.ALIAS_RULED else named(outcome - Outcome.ALIAS)
        return Meaning("blocked", cause, Bypass.ALIAS)
    if Outcome.SHADOW <= outcome <= Outcome.SHADOW_RULED:
        cause = "rule" if outcome == Outcome.SHADOW_RULED else named(outcome - Outcome.SHADOW)
        return Meaning("allowed", shadow=cause)
    return Meaning(Outcome(outcome).name.lower().replace("_", "-"))


def joined(former: Mapping[int, Category], categories: Iterable[Category], /) -> dict[int, Category]:
    """Return categories by bit, and those of ``former`` that are no more, for counts on their way.

    A bit that another one took is its own at once; a name stands at one bit only.
    """
    new = {each.bit: each for each in categories}
    names = {each.name for each in new.values()}
    return {bit: each for bit, each in former.items() if each.name not in names} | new
