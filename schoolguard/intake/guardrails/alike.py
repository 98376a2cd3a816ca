"""Names that look like other names: a *skeleton* is the same for all that the eye takes for one. Pure.

Two names are look-alikes when their skeletons are equal and they are not. The method is that of UTS #39,
"Unicode Security Mechanisms", section 4 (https://www.unicode.org/reports/tr39/): decompose, put each
character's prototype in its place. Its table is confusables.txt; the small table here has its pairs for
Cyrillic, Greek and extended Latin and goes further on purpose: small capitals are their letters, accents are
taken away (a reader of Vietnamese fills them in: ``vietcombánk`` is read ``vietcombank``). Of ASCII only 0
and 1 stand for letters, and a name all in ASCII is never taken for an imitation, so that two honest names are
hardly ever alike.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache

import idna

_LATIN = "đd ɖd ðd ħh ıi ɨi łl ɫl øo ŧt ƀb ɓb ɗd ɠg ɡg ɩi ɪi ɑa ƙk ƥp ʋv ʏy ŋn ɴn ʀr ᴄc ᴏo ᴜu ᴠv ᴡw ᴢz"
_CYRILLIC = (
    "аa еe оo рp сc уy хx іi јj ѕs ԁd ԛq ԝw һh ӏl кk мm тt нh вb пn гr ѵv үy ҡk ґr ьb зe ԍg ԃd ѳo ӕa єe ѡw ꙇi"
)
_GREEK = "αa βb γy εe ηn ιi κk νv οo ρp τt υu χx ωw σo ςc ϲc ϳj ϱp ϐb ζz μu θo πn"
_DIGITS = "0o 1l"


@cache
def _prototypes() -> dict[int, str]:
    pairs = " ".join((_LATIN, _CYRILLIC, _GREEK, _DIGITS)).split(" ")
    return str.maketrans({**{pair[0]: pair[1] for pair in pairs}, "ß": "ss", "æ": "ae", "œ": "oe"})


def skeleton(name: str) -> str:
    """Return the skeleton of a name in text shape; an A-label that decodes to nothing stands for itself."""
    shown = ".".join(_shown(label) for label in name.split("."))
    bare = "".join(c for c in unicodedata.normalize("NFKD", shown) if not unicodedata.combining(c))
    # i and l are one: so are the digit 1, the dotless i and the Cyrillic palochka, which all stand for l.
    return bare.translate(_prototypes()).replace("i", "l")


class Originals:
    """Well-known names that others may imitate, by skeleton."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_skeleton: dict[str, str] = {}
        for name in names:
            self._by_skeleton.setdefault(skeleton(name), name)

    def imitated_by(self, name: str) -> str | None:
        """Return the name that ``name`` looks like but is not, if any; ASCII names are never asked about."""
        if "xn--" not in name:
            return None
        original = self._by_skeleton.get(skeleton(name))
        return None if original == name else original


def _shown(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label
