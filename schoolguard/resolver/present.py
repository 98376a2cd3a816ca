"""What is so at this moment whatever the configuration says: the time, passes, used-up budgets, devices.

It outlives a reload. It must not decide what follows from it; ``standing`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schoolguard.policy.rule import Rule


@dataclass(frozen=True, slots=True)
class Granted:
    """A pass: its rule, for one group of a school, or for one device there.

    ``device`` is a MAC, or a packed address where no MAC is known.
    """

    school: str
    group: str | None
    device: bytes | None
    rule: Rule


@dataclass(slots=True)
class Present:
    """The present moment of one worker.

    ``now`` is Unix seconds, ``None`` while the clock cannot be trusted. ``devices`` maps packed addresses to
    MACs, ``spent`` devices to the ids of their used-up budgets, ``orders`` ids of schools to the bits that
    orders of limited scope have for them in the overlay; these change with the stack, and so with ``Rules``.
    ``logged`` are the groups (school, name) that keep a query log.
    """

    now: float | None = None
    devices: dict[bytes, bytes] = field(default_factory=dict)
    passes: tuple[Granted, ...] = ()
    spent: dict[bytes, frozenset[str]] = field(default_factory=dict)
    orders: Mapping[str, int] = field(default_factory=dict)
    logged: frozenset[tuple[str, str]] = frozenset()

    def learn(self, found: Mapping[bytes, bytes], gone: Iterable[bytes]) -> set[bytes]:
        """Take news of devices and return the addresses whose device is another one now."""
        changed = {address for address, mac in found.items() if self.devices.get(address) != mac}
        for address in gone:
            if self.devices.pop(address, None) is not None:
                changed.add(address)
        self.devices.update(found)
        return changed
