"""Types of texts, words and truth values. They know no key."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TypeVar

from schoolguard.config.finding import Collector, Wrong
from schoolguard.config.nodes import Node, Scalar
from schoolguard.config.plain import FALSE, TRUE, scalar_of, text_of
from schoolguard.config.types import Schema, TextType, Type
from schoolguard.language import N_

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Text(TextType[str]):
    """A short text on one line, in Unicode's composed form; ``pattern`` (anchored) narrows it."""

    what: str = "text"
    most: int = 120
    pattern: str | None = None
    example: str | None = None

    @property
    def label(self) -> str:
        """What the text is."""
        return self.what

    def parse(self, text: str) -> str:
        """Return the text; NFC, since two spellings of one Vietnamese name must be equal."""
        value = unicodedata.normalize("NFC", text.strip())
        if not value or len(value) > self.most:
            raise Wrong(N_("a text of 1 to {most} characters belongs here"), found=value, most=self.most)
        if not value.isprintable():
            raise Wrong(N_("a text on one line without control characters belongs here"), found=value)
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise Wrong(
                N_("this text has characters that do not belong here"), found=value, accepted=self.example
            )
        return value

    def schema(self) -> Schema:
        """Return a string's schema."""
        schema: Schema = {"type": "string", "minLength": 1, "maxLength": self.most}
        return schema | ({"pattern": rf"^\s*(?:{self.pattern})\s*$"} if self.pattern else {})


@dataclass(frozen=True, slots=True)
class Choice(Type[str]):
    """One of some words."""

    options: tuple[str, ...]

    @property
    def label(self) -> str:
        """The words."""
        return " or ".join(f"`{option}`" for option in self.options)

    def read(self, node: Node, out: Collector) -> str:
        """Return the word; ``off`` may stand without quotes where it is one of them."""
        text = node.text if isinstance(node, Scalar) and node.text in self.options else text_of(node)
        if text not in self.options:
            raise Wrong(N_("this is not one of the words accepted here"), found=text, accepted=self.options)
        return text

    def schema(self) -> Schema:
        """Return an enumeration's schema; YAML 1.1 readers turn ``off`` into false."""
        return {"enum": [*self.options, *([False] if "off" in self.options else [])]}


@dataclass(frozen=True, slots=True)
class Flag(Type[bool]):
    """``true`` or ``false``, without quotes."""

    @property
    def label(self) -> str:
        """The two words."""
        return "`true` or `false`"

    def read(self, node: Node, out: Collector) -> bool:
        """Return the truth value; every word that YAML 1.1 takes for one is accepted."""
        scalar = scalar_of(node)
        if not scalar.plain or scalar.text not in TRUE | FALSE:
            raise Wrong(
                N_("true or false belongs here, without quotes"), found=scalar.text, accepted="true, false"
            )
        return scalar.text in TRUE

    def schema(self) -> Schema:
        """Return a boolean's schema."""
        return {"type": "boolean"}

    def show(self, value: bool) -> str:
        """Return YAML's spelling."""
        return "true" if value else "false"


@dataclass(frozen=True, slots=True)
class OrWord(Type[T | str]):
    """A value of another type, or one word (``off``) with or without quotes."""

    type: Type[T]
    word: str

    @property
    def label(self) -> str:
        """Both."""
        return f"{self.type.label} or `{self.word}`"

    def read(self, node: Node, out: Collector) -> T | str:
        """Return the word as text, or the other type's value."""
        if isinstance(node, Scalar) and node.text == self.word:
            return self.word
        if isinstance(node, Scalar) and node.plain and node.text in FALSE and self.word == "off":
            raise Wrong(N_("to switch this off, write off"), found=node.text, suggestion="off")
        return self.type.read(node, out)

    def schema(self) -> Schema:
        """Return the schema of either; YAML 1.1 readers turn ``off`` into false."""
        words = [self.word, False] if self.word == "off" else [self.word]
        return {"anyOf": [{"enum": words}, self.type.schema()]}

    def show(self, value: T | str) -> str:
        """Return the word or the value."""
        return value if isinstance(value, str) else self.type.show(value)
