"""The records of a transfer in their order: a whole zone, or differences. No I/O of its own, no clock.

RFC 5936 2.2 and RFC 1995 4. It must not put anything in force: whoever owns the ``Receiver`` does, when
``done`` is true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from schoolguard.intake.transfer.envelope import Item
from schoolguard.intake.transfer.model import Limits, TransferRefused
from schoolguard.intake.transfer.serial import is_newer
from schoolguard.intake.transfer.soa import Soa
from schoolguard.language import N_

Line = bytes


class Receiver(Protocol):
    """Takes a whole zone, record by record."""

    def begin(self, soa: Soa) -> None:
        """Start the zone, from nothing."""

    def lines(self, lines: list[Line]) -> None:
        """Take records, the zone's SOA not among them."""


@dataclass(slots=True)
class Difference:
    """What to take away from a zone and what to add, several steps in one; its size is bounded."""

    removed: set[Line] = field(default_factory=set)
    added: set[Line] = field(default_factory=set)

    def remove(self, line: Line) -> None:
        """Take a record away; raises ``TransferRefused`` (``mismatch``) when it is away already."""
        if line in self.added:
            self.added.remove(line)
        elif line in self.removed:
            raise _mismatch()
        else:
            self.removed.add(line)

    def add(self, line: Line) -> None:
        """Add a record; raises ``TransferRefused`` (``mismatch``) when it is there already."""
        if line in self.removed:
            self.removed.remove(line)
        elif line in self.added:
            raise _mismatch()
        else:
            self.added.add(line)

    def __len__(self) -> int:
        return len(self.removed) + len(self.added)


class _Step(Enum):
    FIRST = auto()
    SECOND = auto()
    WHOLE = auto()
    REMOVING = auto()
    ADDING = auto()
    DONE = auto()


class Incoming:
    """One transfer; ``held`` is the serial that is kept, asked to be brought forward by an IXFR.

    ``difference`` is ``None`` when a whole zone came; ``unchanged`` when there was nothing to bring.
    """

    def __init__(self, held: int | None, incremental: bool, limits: Limits, receiver: Receiver) -> None:
        self._held = held
        self._limits = limits
        self._receiver = receiver
        self._at = held
        self._step = _Step.FIRST
        self._incremental = incremental
        self._batch: list[Line] = []
        self.records = 0
        self.soa: Soa | None = None
        self.difference: Difference | None = None
        self.unchanged = False

    @property
    def done(self) -> bool:
        """Whether the last record came."""
        return self._step is _Step.DONE

    def take(self, items: Iterable[Item]) -> None:
        """Take the answers of one message.

        Raises ``TransferRefused``: ``no-soa``, ``backwards``, ``wrong-serial``, ``mismatch``, ``after-end``,
        ``too-many-records``, ``too-many-changes``, ``malformed``.
        """
        for item in items:
            self.records += 1
            if self.records > self._limits.records:
                msgid = N_("the zone has more than {most} records")
                raise TransferRefused("too-many-records", msgid, most=self._limits.records)
            if isinstance(item, Soa):
                self._soa(item)
            else:
                self._line(item)
        if self._batch:
            self._receiver.lines(self._batch)
            self._batch = []

    def _soa(self, soa: Soa) -> None:
        match self._step:
            case _Step.FIRST:
                self._first(soa)
            case _Step.SECOND if self._incremental and soa.serial == self._held:
                self.difference = Difference()
                self._step = _Step.REMOVING
            case _Step.SECOND | _Step.WHOLE:
                self._last_of_whole(soa)
            case _Step.REMOVING:
                self._end_of_removals(soa)
            case _Step.ADDING:
                self._end_of_additions(soa)
            case _Step.DONE:
                raise _after_end()

    def _first(self, soa: Soa) -> None:
        self.soa = soa
        if self._held is None:
            self._step = _Step.SECOND
        elif soa.serial == self._held:
            self.unchanged, self._step = self._incremental, _Step.SECOND
            if self._incremental:
                self._step = _Step.DONE
        elif is_newer(soa.serial, self._held):
            self._step = _Step.SECOND
        else:
            msgid = N_("the serial went backwards, from {held} to {found}")
            raise TransferRefused("backwards", msgid, held=self._held, found=soa.serial)

    def _last_of_whole(self, soa: Soa) -> None:
        if self._step is _Step.SECOND and self._incremental:
            msgid = N_("the differences begin at serial {found}, but {held} was asked for")
            raise TransferRefused("wrong-serial", msgid, found=soa.serial, held=self._held)
        if soa != self.soa:
            raise TransferRefused("wrong-serial", N_("the SOA at the end is not the one at the beginning"))
        if self._step is _Step.SECOND:
            self._receiver.begin(soa)
        self._step = _Step.DONE

    def _end_of_removals(self, soa: Soa) -> None:
        if self._at is None or not is_newer(soa.serial, self._at):
            msgid = N_("a step of the differences does not go forward, from {held} to {found}")
            raise TransferRefused("wrong-serial", msgid, held=self._at, found=soa.serial)
        self._at = soa.serial
        self._step = _Step.ADDING

    def _end_of_additions(self, soa: Soa) -> None:
        if soa.serial != self._at:
            msgid = N_("the differences end at serial {found}, but {held} was reached")
            raise TransferRefused("wrong-serial", msgid, found=soa.serial, held=self._at)
        self._step = _Step.DONE if soa == self.soa else _Step.REMOVING

    def _line(self, line: Line) -> None:
        match self._step:
            case _Step.WHOLE:
                self._batch.append(line)
            case _Step.REMOVING | _Step.ADDING if self.difference is not None:
                (self.difference.remove if self._step is _Step.REMOVING else self.difference.add)(line)
                if len(self.difference) > self._limits.changes:
                    msgid = N_("there are more than {most} differences")
                    raise TransferRefused("too-many-changes", msgid, most=self._limits.changes)
            case _Step.SECOND if self.soa is not None:
                self._receiver.begin(self.soa)
                self._step = _Step.WHOLE
                self._batch.append(line)
            case _Step.DONE:
                raise _after_end()
            case _:
                raise TransferRefused("no-soa", N_("the transfer does not begin with the zone's SOA"))


def _mismatch() -> TransferRefused:
    return TransferRefused("mismatch", N_("the differences do not fit the zone that is kept"))


def _after_end() -> TransferRefused:
    return TransferRefused("after-end", N_("records came after the end of the zone"))
