"""What a value may be, and the sections made of keys. It must not know which keys there are.

One type reads a value, says what it accepts, and gives its JSON Schema and its name in the reference.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.nodes import Mapping, Node, Scalar, Sequence
from schoolguard.config.plain import text_of
from schoolguard.language import N_

T = TypeVar("T")
Schema = dict[str, Any]


class Type(ABC, Generic[T]):
    """A kind of value; ``read`` raises ``Wrong`` for one that is not accepted."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What the reference calls this type."""

    @abstractmethod
    def read(self, node: Node, out: Collector) -> T:
        """Return the value of a node; parts of a list or section that are wrong are recorded in ``out``."""

    @abstractmethod
    def schema(self) -> Schema:
        """Return the JSON Schema of this type."""

    def show(self, value: T) -> str:
        """Return a value as one would write it in YAML."""
        return str(value)


class TextType(Type[T]):
    """A type whose values are written as one text."""

    def read(self, node: Node, out: Collector) -> T:
        """Return the value of the node's text."""
        return self.parse(text_of(node))

    @abstractmethod
    def parse(self, text: str) -> T:
        """Return the value of a text."""


@dataclass(frozen=True, slots=True)
class ListOf(Type[tuple[At[T], ...]]):
    """A list of values of one type, each with its place; wrong ones are recorded and left out."""

    item: Type[T]
    least: int = 0
    most: int = 10_000

    @property
    def label(self) -> str:
        """``list of`` the items' label."""
        return f"list of {self.item.label}"

    def read(self, node: Node, out: Collector) -> tuple[At[T], ...]:
        """Return the items that are right."""
        if not isinstance(node, Sequence):
            raise _no_list(node)
        if len(node.items) < self.least:
            raise Wrong(N_("the list is empty; it needs at least {least}"), least=self.least)
        if len(node.items) > self.most:
            raise Wrong(
                N_("the list has {count} items; at most {most}"), count=len(node.items), most=self.most
            )
        return tuple(self._items(node, out))

    def _items(self, node: Sequence, out: Collector) -> Iterator[At[T]]:
        for item in node.items:
            try:
                yield At(self.item.read(item, out), item.mark)
            except Wrong as wrong:
                out.error(item.mark, wrong)

    def schema(self) -> Schema:
        """Return an array's schema."""
        schema: Schema = {"type": "array", "items": self.item.schema(), "maxItems": self.most}
        return schema | ({"minItems": self.least} if self.least else {})

    def show(self, value: tuple[At[T], ...]) -> str:
        """Return a flow sequence."""
        return "[" + ", ".join(self.item.show(item.value) for item in value) + "]"


def _no_list(node: Node) -> Wrong:
    if isinstance(node, Scalar):
        if node.plain and not node.text:
            return Wrong(N_("this list has no value; write [] for an empty list"))
        return Wrong(N_("a list belongs here"), found=node.text, suggestion=f"[{node.text}]")
    return Wrong(N_("a list belongs here, not a section; begin each item with a dash and a space"))


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """One key: what it is called, may hold and means, and what holds without it.

    ``default`` is a value; ``otherwise`` says in words what holds when there is no value; a key with neither
    is required.
    """

    name: str
    type: Type[T]
    meaning: str
    default: T | None = None
    otherwise: str | None = None

    @property
    def required(self) -> bool:
        """Whether a section without this key is wrong."""
        return self.default is None and self.otherwise is None


class Fields:
    """The values read from one section, asked for by key."""

    __slots__ = ("_tried", "_values", "mark")

    def __init__(self, values: dict[str, At[Any]], mark: Mark, tried: frozenset[str] = frozenset()) -> None:
        self._values = values
        self._tried = tried
        self.mark = mark

    def given(self, key: Key[T]) -> At[T] | None:
        """Return the value that stands in the file, with its place."""
        return self._values.get(key.name)

    def tried(self, key: Key[Any]) -> bool:
        """Return whether the key stands in the file, be its value right or wrong."""
        return key.name in self._tried

    def value(self, key: Key[T]) -> T:
        """Return the value in the file, else the key's default, which it must have."""
        if (at := self.given(key)) is not None:
            return at.value
        return cast("T", key.default)

    def mark_of(self, key: Key[Any]) -> Mark:
        """Return the place of the value, or of the section when it has none."""
        at = self.given(key)
        return self.mark if at is None else at.mark

    def section(self, key: Key[Fields]) -> Fields:
        """Return a section within this one, empty when it is not in the file."""
        at = self.given(key)
        return Fields({}, self.mark) if at is None else at.value


@dataclass(frozen=True, slots=True)
class Section(Type[Fields]):
    """A mapping with known keys; what is wrong with one key does not hide what is wrong with the next."""

    keys: tuple[Key[Any], ...]

    @property
    def label(self) -> str:
        """``section``."""
        return "section"

    def read(self, node: Node, out: Collector) -> Fields:
        """Return the keys that are right; unknown, wrong and missing ones are recorded."""
        if not isinstance(node, Mapping):
            names = ", ".join(key.name for key in self.keys)
            raise Wrong(N_("a section with keys belongs here"), accepted=names, found=_brief(node))
        by_name = {key.name: key for key in self.keys}
        values: dict[str, At[Any]] = {}
        seen = set()
        for name, value in node.entries:
            seen.add(name.text)
            if (key := by_name.get(name.text)) is None:
                out.error(name.mark, Wrong(N_("unknown key"), found=name.text, accepted=tuple(by_name)))
                continue
            try:
                values[key.name] = At(key.type.read(value, out), value.mark)
            except Wrong as wrong:
                out.error(value.mark, wrong)
        for key in self.keys:
            if key.required and key.name not in seen:
                out.error(node.mark, Wrong(N_("the key `{key}` is missing"), key=key.name))
        return Fields(values, node.mark, frozenset(seen))

    def schema(self) -> Schema:
        """Return an object's schema with the keys' meanings as descriptions."""
        properties = {key.name: key.type.schema() | {"description": key.meaning} for key in self.keys}
        required = [key.name for key in self.keys if key.required]
        schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return schema | ({"required": required} if required else {})

    def show(self, value: Fields) -> str:
        """Return an empty section: sections have no default of their own."""
        return "{}"


def _brief(node: Node) -> str | None:
    return node.text if isinstance(node, Scalar) else None
