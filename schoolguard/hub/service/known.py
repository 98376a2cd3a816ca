"""What pushes are held against, from the files that ``hub.yaml`` names: safety net, popular names, suffixes.

Read once at the start: loading the suffixes takes a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schoolguard.hub.service.settings import HubSettings
from schoolguard.intake.guardrails.alike import Originals
from schoolguard.intake.guardrails.entries import WellKnown
from schoolguard.intake.guardrails.suffixes import Suffix, Suffixes
from schoolguard.intake.guardrails.well_known import Protected, Ranking
from schoolguard.intake.orders.checks import Checks, ProtectedNames
from schoolguard.language import N_, Said
from schoolguard.lists.formats import ListRefused, read
from schoolguard.lists.model import Flag, Kind, ListSource, Report

_UNREADABLE = N_("{path} cannot be read as a list: {why}")


class CannotKnow(Said):
    """A file that pushes are held against cannot be read; without it nothing may be accepted."""


@dataclass(frozen=True, slots=True)
class Known:
    """For lists and for orders, the same names."""

    lists: WellKnown
    orders: Checks


def read_known(settings: HubSettings) -> Known:
    """Read the files; raises ``CannotKnow``."""
    protected = [name for path in settings.safety_net for name in _names(path)]
    popular = list(_names(settings.popular)) if settings.popular is not None else []
    suffixes = Suffixes()
    well_known = WellKnown(
        suffixes, Protected(protected), Ranking(popular), Originals((*protected, *popular))
    )
    net = ProtectedNames(protected)

    def is_suffix(name: str) -> bool:
        return suffixes.kind(name) is not Suffix.NONE

    return Known(well_known, Checks(is_suffix, net.protected, net.below))


def _names(path: Path) -> Iterator[str]:
    source = ListSource(path.stem, str(path), 0, Kind.NEVER_BLOCK)
    try:
        for entry in read(source, Report(source.id, source.format)):
            if not entry.pattern and not entry.flags & Flag.EXCEPTION:
                yield entry.name
    except (ListRefused, OSError) as error:
        raise CannotKnow(_UNREADABLE, path=path, why=str(error)) from error
