"""Blocks of a service that break another one which is open for the same group, as the catalogue says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.hearing import Hearing, Said, closes, opens
from schoolguard.config.targets import TargetKind
from schoolguard.language import N_
from schoolguard.policy.services import Service, broken_by


def check(heard: Iterable[Hearing], services: Mapping[str, Service], out: Collector) -> None:
    """Record each block and each open service that it breaks, once."""
    holders = _holders(services)
    told: set[tuple[int, str]] = set()
    for hearing in heard:
        saids = list(hearing.all())
        opened = [(each, _opened(each, holders)) for each in saids if opens(each.rule.value)]
        for said in saids:
            is_service = said.aim.target.kind is TargetKind.SERVICE
            if is_service and closes(said.rule.value) and not said.rule.value.shadow:
                _check(said, opened, hearing, services, told, out)


def _check(
    said: Said,
    opened: Iterable[tuple[Said, frozenset[str]]],
    hearing: Hearing,
    services: Mapping[str, Service],
    told: set[tuple[int, str]],
    out: Collector,
) -> None:
    for other, ids in opened:
        rule = other.rule.value
        found = broken_by((said.aim.target.value,), ids, services)
        # Which windows meet is asked last: to know it takes a walk through the years.
        if not found or rule.shadow or hearing.overlaps.meeting(said.rule.value, rule) is None:
            continue
        for broken in found:
            key = id(said.aim), broken.opened.id
            if key not in told:
                told.add(key)
                sentence = broken.breaks.vi if out.vietnamese else broken.breaks.en
                msgid = N_("this block breaks {opened}, which is open here ({place}): {sentence}")
                wrong = Wrong(
                    msgid,
                    opened=broken.opened.name,
                    place=rule.place,
                    sentence=sentence,
                    found=str(said.aim.target),
                )
                out.warning(said.aim.mark, wrong)


def _opened(said: Said, holders: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the services that a target opens: the one it is, or those one of whose names it is."""
    if said.aim.target.kind is TargetKind.SERVICE:
        return frozenset((said.aim.target.value,))
    return frozenset().union(*(holders.get(name, frozenset()) for name in said.aim.names))


def _holders(services: Mapping[str, Service]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for service in services.values():
        for name in service.names:
            found.setdefault(name, set()).add(service.id)
    return {name: frozenset(ids) for name, ids in found.items()}
