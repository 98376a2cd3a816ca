"""Texts for people in Vietnamese or English, through gettext catalogues in ``locale``; never for logs.

English is the language of the message identifiers, so it needs no catalogue.
"""

from __future__ import annotations

import gettext
import re
import string
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

LANGUAGES = ("vi", "en")
LOCALE = Path(__file__).with_name("locale")
Translate = Callable[[str], str]
_PLACE = re.compile(r"[a-z_]+\Z")


def translator(language: str) -> Translate:
    """Return the function that turns an English message into ``language`` (``vi`` or ``en``).

    Raises ``FileNotFoundError`` when the language's catalogue is not installed.
    """
    if language == "en":
        return gettext.NullTranslations().gettext
    return gettext.translation("schoolguard", LOCALE, languages=[language]).gettext


def language_of(environment: Mapping[str, str]) -> str:
    """Return the language to speak: ``SCHOOLGUARD_LANGUAGE``, else the locale's, else Vietnamese."""
    for key in ("SCHOOLGUARD_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        language = environment.get(key, "")[:2].lower()
        if language in LANGUAGES:
            return language
    return "vi"


def N_(msgid: str) -> str:
    """Mark a message for extraction where it is written; it is translated where it is shown."""
    return msgid


class Said(Exception):
    """An error that people read: ``str`` is the English for the log, ``say`` the words for the terminal.

    ``msgid`` holds places for the named ``values``; a value may itself be said, or be several said things.
    A text from elsewhere is a value, never the message: it may hold braces.
    """

    def __init__(self, msgid: str, /, **values: object) -> None:
        self.msgid = msgid
        self.values = values
        super().__init__(self.say(str))

    def say(self, translate: Translate) -> str:
        """Return the message in the translator's language."""
        values = {name: _spoken(value, translate) for name, value in self.values.items()}
        return translate(self.msgid).format(**values)


def kept(said: Said) -> dict[str, Any]:
    """Return something said as JSON keeps it, for whoever shows it later or elsewhere in another language."""
    return {"msgid": said.msgid, "values": {name: _kept(value) for name, value in said.values.items()}}


def said_of(found: object) -> Said:
    """Return what ``kept`` made; raises ``ValueError`` for anything else.

    It may come from another machine: a message may only place its values, and look at nothing inside them.
    """
    if not isinstance(found, dict) or not isinstance(msgid := found.get("msgid"), str):
        raise ValueError("nothing that was said")
    values = found.get("values")
    if not isinstance(values, dict):
        raise ValueError("no values")
    for _, place, form, conversion in string.Formatter().parse(msgid):
        plain = place is None or (_PLACE.match(place) and place in values)
        if not plain or form or conversion not in (None, "r"):
            raise ValueError("a place that is none")
    return Said(msgid, **{str(name): _told(value) for name, value in values.items()})


def _kept(value: object) -> object:
    if isinstance(value, Said):
        return kept(value)
    if isinstance(value, tuple):
        return [_kept(each) for each in value]
    return value if type(value) in (int, str) else str(value)


def _told(value: object) -> object:
    if isinstance(value, dict):
        return said_of(value)
    return tuple(map(_told, value)) if isinstance(value, list) else value


def _spoken(value: object, translate: Translate) -> object:
    if isinstance(value, Said):
        return value.say(translate)
    if isinstance(value, tuple):
        return "; ".join(str(_spoken(each, translate)) for each in value)
    return value
