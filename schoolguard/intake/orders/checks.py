"""Which single names of an order may not be enforced, and why. The rest of the order is.

Name by name, because both whole answers are wrong. To refuse the order for one name would let a slip, or a
name put there on purpose, keep open what the law wants closed. To enforce that name would close a school's
own site, and nothing below a sealed category could open it again. So it is half done, but not silently: the
receipt says so, and the order is not confirmed as enforced whole.

It must not know lists: what is protected and what is a public suffix is handed in.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from schoolguard.dns.names import InvalidName, from_key, search_key, to_ascii
from schoolguard.intake.orders.order import Target
from schoolguard.language import N_, Said


class Why(StrEnum):
    """Why one name was refused, as receipts say it."""

    BAD_NAME = "bad-name"
    PUBLIC_SUFFIX = "public-suffix"
    PROTECTED = "protected"
    PROTECTED_BELOW = "protected-below"
    NOT_NAMED = "not-named"
    """It was to be lifted, and the order that is lifted does not have it."""


WORDS = {
    Why.BAD_NAME: N_("{name}: no domain name in A-labels and small letters"),
    Why.PUBLIC_SUFFIX: N_("{name}: a public suffix; everybody's names stand under it"),
    Why.PROTECTED: N_("{name}: in the safety net, which nobody may close"),
    Why.PROTECTED_BELOW: N_("{name}: {below} is below it and in the safety net, which nobody may close"),
    Why.NOT_NAMED: N_("{name}: cannot be lifted, the order does not name it like this"),
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A name that is not enforced; ``below`` is the protected name below it, if that is why."""

    target: Target
    why: Why
    below: str = ""

    def said(self) -> Said:
        """Return the reason for people."""
        return Said(WORDS[self.why], name=self.target.name, below=self.below)


@dataclass(frozen=True, slots=True)
class Checks:
    """What a gateway lets no order close.

    ``public_suffix`` takes a name in text shape. ``protected`` takes a search key and says whether the name,
    by itself or by one above it, is in the safety net; ``protected_below`` returns a protected name below a
    key, in text shape.
    """

    public_suffix: Callable[[str], bool]
    protected: Callable[[str], bool]
    protected_below: Callable[[str], str | None]

    def refusal(self, target: Target) -> Refused | None:
        """Return why a name may not be enforced, ``None`` when it may."""
        name = target.name
        if not _is_name(name):
            return Refused(target, Why.BAD_NAME)
        if "." not in name or self.public_suffix(name):
            return Refused(target, Why.PUBLIC_SUFFIX)
        key = search_key(name)
        if self.protected(key):
            return Refused(target, Why.PROTECTED)
        below = None if target.exact else self.protected_below(key)
        return None if below is None else Refused(target, Why.PROTECTED_BELOW, below)

    def refusals(self, targets: Iterable[Target]) -> tuple[Refused, ...]:
        """Return every refusal, by name."""
        ordered = sorted(targets, key=lambda target: (target.name, target.exact))
        return tuple(refused for each in ordered if (refused := self.refusal(each)) is not None)


class ProtectedNames:
    """Names in text shape, protected with all below them: gives two of the callables of ``Checks``."""

    def __init__(self, names: Iterable[str]) -> None:
        self._keys = sorted({search_key(name) for name in names})
        self._set = frozenset(self._keys)

    def protected(self, key: str) -> bool:
        """Return whether a search key, or one above it, is among the names."""
        end = key.find(".") + 1
        while end:
            if key[:end] in self._set:
                return True
            end = key.find(".", end) + 1
        return False

    def below(self, key: str) -> str | None:
        """Return a name below a search key, ``None`` without one."""
        at = bisect_left(self._keys, key)
        found = self._keys[at] if at < len(self._keys) else ""
        return from_key(found) if found.startswith(key) else None


def _is_name(name: str) -> bool:
    try:
        return to_ascii(name) == name
    except InvalidName:
        return False
