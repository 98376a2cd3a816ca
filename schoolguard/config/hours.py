"""Types of a window's hours and name. They know no window."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from schoolguard.config.finding import Wrong
from schoolguard.config.types import Schema, TextType
from schoolguard.language import N_
from schoolguard.policy.window import DAY_MINUTES, Hours

_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
# What people write: 7h-11h30, 7:00 - 11:30, 7g30–11g, 7 giờ đến 11 giờ 30.
_CLOCK = r"([0-9]{1,2})(?: ?(?:h|g|giờ|:|\.) ?([0-5][0-9])?)?"
_MEANT = re.compile(rf"(?:từ )?{_CLOCK} ?(?:-|–|—|đến|tới|to) ?{_CLOCK}")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class HoursType(TextType[Hours]):
    """``HH:MM-HH:MM``; an end not after the start lies in the next day, and 24:00 is the day's end."""

    @property
    def label(self) -> str:
        """``HH:MM-HH:MM``."""
        return "HH:MM-HH:MM"

    def parse(self, text: str) -> Hours:
        """Return the hours."""
        if (match := _HOURS.fullmatch(text)) is None:
            raise Wrong(
                N_("hours belong here, each with two digits"),
                found=text,
                accepted="07:00-11:30, 22:00-05:30, 00:00-24:00",
                suggestion=_meant(text),
            )
        start = int(match[1]) * 60 + int(match[2])
        end = int(match[3]) * 60 + int(match[4]) if match[3] else DAY_MINUTES
        if start == end:
            msgid = N_("these hours end when they begin; a whole day is 00:00-24:00")
            raise Wrong(msgid, found=text, suggestion="00:00-24:00")
        return Hours(start, end if end > start else end + DAY_MINUTES)

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "pattern": f"^(?:{_HOURS.pattern})$"}

    def show(self, value: Hours) -> str:
        """Return the hours in quotes."""
        return f'"{value}"'


@dataclass(frozen=True, slots=True)
class WindowName(TextType[str]):
    """What rules call a window: small letters, digits and single hyphens, at most 40."""

    @property
    def label(self) -> str:
        """``window name``."""
        return "window name"

    def parse(self, text: str) -> str:
        """Return the name."""
        if len(text) > _LONGEST or not _NAME.fullmatch(text):
            msgid = N_("a window is named in small letters, digits and hyphens, at most {most}")
            raise Wrong(
                msgid, found=text, most=_LONGEST, accepted="gio-hoc-sang", suggestion=_plain(text) or None
            )
        return text

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "pattern": f"^(?:{_NAME.pattern})$", "maxLength": _LONGEST}


def _meant(text: str) -> str | None:
    match = _MEANT.fullmatch(" ".join(unicodedata.normalize("NFC", text).lower().split()))
    if match is None:
        return None
    start, end = (f"{int(h):02}:{m or '00'}" for h, m in (match.group(1, 2), match.group(3, 4)))
    meant = f"{start}-{end}"
    return meant if _HOURS.fullmatch(meant) and start != end else None


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFD", text[:_LONGEST].lower().replace("đ", "d"))
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return "-".join(re.findall(r"[a-z0-9]+", letters))
