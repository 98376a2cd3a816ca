"""All schools together: who claims what, and which rules meet. It reads no file but never-block lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schoolguard.config import broken_services, networks, rule_checks, safety_net
from schoolguard.config.device_keys import check_devices
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.hearing import closes
from schoolguard.config.rules import Known
from schoolguard.config.schools import ReadSchool
from schoolguard.language import N_
from schoolguard.lists.model import ListSource
from schoolguard.settings import Endpoint


def check(schools: list[ReadSchool], sources: Iterable[At[ListSource]], known: Known, out: Collector) -> None:
    """Record what is wrong among the schools and groups of a configuration."""
    networks.check(schools, out)
    check_devices(
        ((f"{school.id}/{group.name}", group.devices) for school in schools for group in school.groups), out
    )
    _check_listeners(schools, out)
    heard = rule_checks.hearings(schools, known.today)
    rule_checks.check(heard, out)
    broken_services.check(heard, known.services or {}, out)
    safety_net.check(schools, sources, out)
    _check_names(schools, out)


def closed_categories(schools: Iterable[ReadSchool]) -> Iterator[At[str]]:
    """Yield each category that a rule closes, with its place."""
    for school in schools:
        for group in school.groups:
            for rule in group.rules:
                for aim in rule.aims if closes(rule.value) else ():
                    if aim.categories:
                        yield At(aim.target.value, aim.mark)


def _check_listeners(schools: Iterable[ReadSchool], out: Collector) -> None:
    first: dict[Endpoint, tuple[str, Mark]] = {}
    for school in schools:
        for group in school.groups:
            owner = f"{school.id}/{group.name}"
            for endpoint, mark in group.listeners:
                other, place = first.setdefault(endpoint, (owner, mark))
                if place is not mark:
                    msgid = N_("the group {owner} has this listener as well ({path}:{line})")
                    found = f"{endpoint.host}@{endpoint.port}"
                    wrong = Wrong(msgid, owner=other, path=place.path, line=place.line, found=found)
                    out.error(mark, wrong)


def _check_names(schools: Iterable[ReadSchool], out: Collector) -> None:
    seen: dict[tuple[str, str], ReadSchool] = {}
    for school in schools:
        place = (school.name.casefold(), school.commune.casefold())
        if all(place) and (first := seen.setdefault(place, school)) is not school:
            msgid = N_("another school of this commune has this name ({path}:{line})")
            wrong = Wrong(msgid, path=first.mark.path, line=first.mark.line, found=school.name)
            out.error(school.mark, wrong)
