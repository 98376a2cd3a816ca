"""The type of an instant in Viet Nam's civil time, and where a day ends. It knows no key and no calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.nodes import Node
from schoolguard.config.plain import scalar_of
from schoolguard.config.types import Schema, Type
from schoolguard.language import N_
from schoolguard.policy.timetable import midnight

_MOMENT = re.compile(r"((?:19|20|21)[0-9]{2}-[01][0-9]-[0-3][0-9])[ T]([01][0-9]|2[0-3]):([0-5][0-9])")


def end_of(day: date) -> float:
    """Return the first instant after a civil day, in Unix seconds."""
    return midnight(day + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class MomentType(Type[float]):
    """A day and a time of day in Viet Nam, ``2027-02-05 20:30``, as Unix seconds."""

    @property
    def label(self) -> str:
        """How it is written."""
        return "date and time YYYY-MM-DD HH:MM"

    def read(self, node: Node, out: Collector) -> float:
        """Return the instant."""
        text = scalar_of(node).text
        match = _MOMENT.fullmatch(text)
        if match is None:
            raise Wrong(N_("a date and a time belong here"), found=text, accepted='"2027-02-05 20:30"')
        try:
            day = date.fromisoformat(match[1])
        except ValueError as error:
            raise Wrong(N_("there is no such day"), found=text) from error
        return midnight(day) + int(match[2]) * 3600 + int(match[3]) * 60

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "pattern": f"^{_MOMENT.pattern}$"}
