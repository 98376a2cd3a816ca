"""Types of numbers, times, sizes and percentages. They know no key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.nodes import Node
from schoolguard.config.plain import scalar_of
from schoolguard.config.types import Schema, Type
from schoolguard.language import N_

N = TypeVar("N", int, float)

# At most 12 digits: more is never meant, and Python refuses to convert thousands of them.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,11})")
_TIME = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})? ?(s|m|h|d)?")
_SIZE = re.compile(r"(0|[1-9][0-9]{0,11}) ?(KiB|MiB|GiB)?")
_PERCENT = re.compile(r"(0|[1-9][0-9]{0,11}) ?%")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_BYTES = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10}


@dataclass(frozen=True, slots=True)
class Integer(Type[int]):
    """A whole number, without quotes."""

    low: int
    high: int

    @property
    def label(self) -> str:
        """The range."""
        return f"number {self.low}–{self.high}"

    def read(self, node: Node, out: Collector) -> int:
        """Return the number."""
        scalar = scalar_of(node)
        accepted = f"{self.low}–{self.high}"
        if not _INTEGER.fullmatch(scalar.text):
            raise Wrong(N_("a whole number belongs here"), found=scalar.text, accepted=accepted)
        if not scalar.plain:
            raise Wrong(
                N_("a number is written without quotes"), found=f'"{scalar.text}"', suggestion=scalar.text
            )
        return _within(int(scalar.text), self.low, self.high, scalar.text, accepted)

    def schema(self) -> Schema:
        """Return an integer's schema."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Time(Type[float]):
    """A span of time in seconds: a bare number, or one with ``s``, ``m``, ``h`` or ``d``."""

    low: float
    high: float
    whole: bool = False

    @property
    def label(self) -> str:
        """The range."""
        return f"time {self.show(self.low)}–{self.show(self.high)}"

    def read(self, node: Node, out: Collector) -> float:
        """Return the seconds."""
        text = scalar_of(node).text
        accepted = f"{self.show(self.low)}–{self.show(self.high)} (90, 60s, 5m, 2h, 1d)"
        if (match := _TIME.fullmatch(text)) is None:
            raise Wrong(N_("a time belongs here"), found=text, accepted=accepted)
        seconds = float(match[1] + (match[2] or "")) * _SECONDS[match[3] or "s"]
        if self.whole and seconds % 1:
            raise Wrong(N_("whole seconds belong here"), found=text, accepted=accepted)
        return _within(seconds, self.low, self.high, text, accepted)

    def schema(self) -> Schema:
        """Return the schema of a number or a text."""
        number = {"type": "number", "minimum": self.low, "maximum": self.high}
        return {"anyOf": [number, {"type": "string", "pattern": f"^(?:{_TIME.pattern})$"}]}

    def show(self, value: float) -> str:
        """Return the largest unit that gives a whole number."""
        for unit, seconds in _SECONDS.items():
            if value and value % seconds == 0:
                return f"{int(value // seconds)}{unit}"
        return f"{value:g}s"


@dataclass(frozen=True, slots=True)
class Size(Type[int]):
    """A size in bytes: a bare number, or one with ``KiB``, ``MiB`` or ``GiB``."""

    low: int
    high: int

    @property
    def label(self) -> str:
        """The range."""
        return f"size {self.show(self.low)}–{self.show(self.high)}"

    def read(self, node: Node, out: Collector) -> int:
        """Return the bytes."""
        text = scalar_of(node).text
        accepted = f"{self.show(self.low)}–{self.show(self.high)}"
        if (match := _SIZE.fullmatch(text)) is None:
            raise Wrong(
                N_("a size belongs here"), found=text, accepted=accepted, suggestion=_size_meant(text)
            )
        return _within(int(match[1]) * _BYTES.get(match[2], 1), self.low, self.high, text, accepted)

    def schema(self) -> Schema:
        """Return the schema of a number or a text."""
        number = {"type": "integer", "minimum": self.low, "maximum": self.high}
        return {"anyOf": [number, {"type": "string", "pattern": f"^(?:{_SIZE.pattern})$"}]}

    def show(self, value: int) -> str:
        """Return the largest unit that gives a whole number."""
        for unit, size in _BYTES.items():
            if value and value % size == 0:
                return f"{value // size} {unit}"
        return str(value)


def _size_meant(text: str) -> str | None:
    match = re.fullmatch(r"([0-9]{1,12}) ?([kmg])(?:i?b)?", text, re.IGNORECASE)
    return f"{match[1]} {match[2].upper()}iB" if match else None


@dataclass(frozen=True, slots=True)
class Percent(Type[float]):
    """A percentage, as a fraction: ``50%`` is 0.5."""

    most: int

    @property
    def label(self) -> str:
        """The range."""
        return f"0%–{self.most}%"

    def read(self, node: Node, out: Collector) -> float:
        """Return the fraction."""
        text = scalar_of(node).text
        accepted = self.label
        if (match := _PERCENT.fullmatch(text)) is None:
            meant = f"{text}%" if _INTEGER.fullmatch(text) else None
            raise Wrong(N_("a percentage belongs here"), found=text, accepted=accepted, suggestion=meant)
        return _within(int(match[1]), 0, self.most, text, accepted) / 100

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "pattern": f"^(?:{_PERCENT.pattern})$"}

    def show(self, value: float) -> str:
        """Return the percentage."""
        return f"{value * 100:g}%"


def _within(value: N, low: float, high: float, text: str, accepted: str) -> N:
    if not low <= value <= high:
        raise Wrong(N_("this is too small or too large"), found=text, accepted=accepted)
    return value
