"""Blocks that the safety net makes dead, or lets holes into. It reads never-block lists and keeps none."""

from __future__ import annotations

from collections.abc import Iterable

from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.groups import ReadGroup
from schoolguard.config.hearing import closes
from schoolguard.config.rules import Aim, with_parents
from schoolguard.config.schools import ReadSchool
from schoolguard.language import N_
from schoolguard.lists.formats import ListRefused, read
from schoolguard.lists.model import Flag, Kind, ListSource, Report

_MOST_NAMES = 3


class _Net:
    """What of the safety net concerns some blocked names: what holds them, and what lies below them."""

    def __init__(self, blocked: frozenset[str]) -> None:
        self._blocked = blocked
        self._wanted = {higher for name in blocked for higher in with_parents(name)}
        self.holding: dict[str, str] = {}
        self.below: dict[str, list[str]] = {}

    def gather(self, source: At[ListSource], out: Collector) -> None:
        """Add what one list has."""
        list_id = source.value.id
        try:
            for entry in read(source.value, Report(list_id, source.value.format)):
                if not entry.pattern and not entry.flags & Flag.EXCEPTION:
                    self._enter(entry.name, entry.flags, list_id)
        except (ListRefused, OSError) as error:
            msgid = N_("the safety net `{id}` cannot be read: {problem}")
            out.warning(source.mark, Wrong(msgid, id=list_id, problem=str(error)))

    def _enter(self, name: str, flags: Flag, list_id: str) -> None:
        # An exact entry keeps its name open but not what is below, so a block of the name still decides.
        if name in self._wanted and flags == Flag.SUBTREE:
            self.holding.setdefault(name, list_id)
        for higher in with_parents(name.partition(".")[2]):
            if higher in self._blocked:
                self.below.setdefault(higher, []).append(name)

    def holder(self, name: str) -> str | None:
        """Return what the net has of a name or a higher one."""
        return next((higher for higher in with_parents(name) if higher in self.holding), None)


def check(schools: Iterable[ReadSchool], sources: Iterable[At[ListSource]], out: Collector) -> None:
    """Record each block of something that never-block lists keep open, all of it or a part."""
    aims = {id(aim): aim for school in schools for group in school.groups for aim in _blocks(group)}
    if not aims:
        return
    net = _Net(frozenset(name for aim in aims.values() for name in aim.names))
    for source in sources:
        if source.value.kind is Kind.NEVER_BLOCK:
            net.gather(source, out)
    for aim in aims.values():
        _check(aim, net, out)


def _blocks(group: ReadGroup) -> Iterable[Aim]:
    return (aim for rule in group.rules if closes(rule.value) for aim in rule.aims if aim.names)


def _check(aim: Aim, net: _Net, out: Collector) -> None:
    held = {name: holder for name in sorted(aim.names) if (holder := net.holder(name)) is not None}
    found = str(aim.target)
    if held and len(held) == len(aim.names):
        name = next(iter(held.values()))
        msgid = N_("this has no effect: {name} is in the safety net `{id}`, which nobody may block")
        out.warning(aim.mark, Wrong(msgid, name=name, id=net.holding[name], found=found))
        return
    stays = [*held, *(low for name in sorted(aim.names) for low in net.below.get(name, ()))]
    if stays:
        shown = ", ".join(stays[:_MOST_NAMES]) + (f" +{len(stays) - _MOST_NAMES}" if stays[3:] else "")
        msgid = N_("a part of this stays open, because it is in the safety net: {names}")
        out.warning(aim.mark, Wrong(msgid, names=shown, found=found))
