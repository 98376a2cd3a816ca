"""The type of a category's name in a file. Whether there is such a category is checked later.

Only then are the gateway's own categories known.
"""

from __future__ import annotations

from dataclasses import dataclass

from schoolguard.categories import BY_NAME
from schoolguard.config.types import Schema, TextType


@dataclass(frozen=True, slots=True)
class CategoryName(TextType[str]):
    """A category's name, built-in or the gateway's own."""

    @property
    def label(self) -> str:
        """``category``."""
        return "category"

    def parse(self, text: str) -> str:
        """Return the name as it stands."""
        return text

    def schema(self) -> Schema:
        """Return a schema with which editors offer the built-in names and accept others."""
        return {"type": "string", "anyOf": [{"enum": list(BY_NAME)}, {"pattern": "^[a-z0-9-]+$"}]}
