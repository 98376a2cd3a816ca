"""What two configurations say differently, as values: verdicts, changes, all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field

from schoolguard.language import Said
from schoolguard.node.coming import Windows
from schoolguard.policy.decide import Decision


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a name: a decision, or that the gateway answers it itself."""

    decision: Decision
    local: bool = False

    @property
    def seen(self) -> tuple[bool, bool, str]:
        """What a client can tell apart."""
        return self.local, self.decision.blocked, self.decision.redirect

    @property
    def closed(self) -> bool:
        """Whether the client does not get the name's own answer."""
        return self.local or self.decision.blocked


@dataclass(frozen=True, slots=True)
class Change:
    """Names that one group would be answered otherwise, and while which windows are open.

    ``windows`` are empty when it is so always; ``only`` is the one window of which that is true just as
    well, ``but`` the one that is open just when it is not so. ``first`` is when it would first be so, in Unix
    seconds.
    """

    school: str
    group: str
    names: tuple[str, ...]
    former: Verdict
    new: Verdict
    windows: tuple[Windows, ...]
    only: str | None
    but: str | None
    first: float

    @property
    def closes(self) -> bool:
        """Whether it closes something that was open."""
        return self.new.closed and not self.former.closed

    @property
    def opens(self) -> bool:
        """Whether it opens something that was closed."""
        return self.former.closed and not self.new.closed


@dataclass(frozen=True, slots=True)
class Differences:
    """All that is different.

    ``at`` is the only moment that was looked at (Unix seconds), ``None`` for a span of time.
    ``other_causes`` counts the names that would only be blocked or open for another cause. ``came``, ``went``
    and ``moved`` are groups (``school/name``) that only one configuration has, or that hold other clients.
    """

    changes: tuple[Change, ...]
    names: int
    groups: int
    at: float | None = None
    other_causes: int = 0
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    broken: tuple[Said, ...] = field(default=())

    def __bool__(self) -> bool:
        """Return whether anything is different for anybody, or broken."""
        return bool(self.changes or self.came or self.went or self.moved or self.broken)
