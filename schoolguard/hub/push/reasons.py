"""Why something of a push is refused: a word for programs and a sentence for people. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schoolguard.language import Said, Translate, kept


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; ``where`` names the file, and the line after a colon where there is one.

    One that does not refuse holds a list back until people agreed.
    """

    code: str
    said: Said
    where: str = ""
    refuses: bool = True

    def as_dict(self, translate: Translate = str) -> dict[str, Any]:
        """Return the reason as a receipt has it."""
        members: dict[str, Any] = {"code": self.code, "message": self.said.say(translate)}
        members["said"] = kept(self.said)
        return members | ({"where": self.where} if self.where else {})


class BundleRefused(Said):
    """A bundle is not taken; ``code`` is one word for programs, ``line`` the line of the text, from 1."""

    def __init__(self, code: str, line: int, msgid: str, /, **values: object) -> None:
        super().__init__(msgid, **values)
        self.code = code
        self.line = line
