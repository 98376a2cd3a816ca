"""The modifiers of an adblock rule (what follows ``$``): which are honoured, which refuse the rule.

A rule is never taken with a modifier dropped: a rule that a browser limits to scripts or to one site would
become a block of the whole name. Source of the semantics: AdGuard's DNS filtering syntax and urlfilter.
"""

from __future__ import annotations

from dataclasses import dataclass

from schoolguard.lists.formats.names import listed_name
from schoolguard.lists.formats.refused import refuse
from schoolguard.lists.formats.rrtypes import type_number

MAX_VALUES = 64
"""Values of one ``$dnstype`` or ``$denyallow``; AdGuard's own lists have fewer than ten."""

_BROWSER_WORDS = (
    "1p 3p all app beforeload cname content cookie csp css doc document domain ehide elemhide empty "
    "extension fetch first-party font frame from genericblock generichide ghide header hls image inline- "
    "font inline-script ipaddress jsinject jsonprune match-case media method mp4 network object object- "
    "subrequest other permissions ping popunder popup redirect redirect-rule referrerpolicy removeheader "
    "removeparam replace rewrite script shide sitekey specifichide stealth strict1p strict3p stylesheet "
    "subdocument third-party to trustedscript uritransform urlblock urlskip urltransform webrtc websocket "
    "xhr xmlhttprequest xmlprune "
)
BROWSER_ONLY = frozenset(_BROWSER_WORDS.split())
"""Modifiers that only a browser can honour (Adblock Plus, uBlock Origin, AdGuard)."""

CLIENT_ONLY = frozenset({"client", "ctag"})
"""Modifiers that choose clients; here groups do that."""

_BLOCK_REWRITES = frozenset(
    {"NXDOMAIN", "REFUSED", "NOERROR", "0.0.0.0", "::", "127.0.0.1", "::1"}  # noqa: S104 (answers, not a bind)
)


@dataclass(frozen=True, slots=True)
class Modifiers:
    """The honoured modifiers of one rule; ``types`` as in ``Entry``, ``rewrites`` if it asks an answer."""

    important: bool = False
    badfilter: bool = False
    rewrites: bool = False
    types: tuple[int, ...] | None = None
    denyallow: tuple[str, ...] = ()


NONE = Modifiers()


def parse(written: str) -> Modifiers:
    """Return the modifiers of ``important,dnstype=A|AAAA``; raises ``LineRefused``.

    Reasons: ``browser-only``, ``client``, ``dnsrewrite``, ``unknown-modifier``, ``bad-modifier``.
    """
    important = badfilter = rewrites = False
    types: tuple[int, ...] | None = None
    denyallow: tuple[str, ...] = ()
    for part in written.split(","):
        name, equals, value = part.strip().partition("=")
        match name.lower(), bool(equals):
            case "important", False:
                important = True
            case "badfilter", False:
                badfilter = True
            case "dnstype", True:
                types = _types(value)
            case "denyallow", True:
                denyallow = _denyallow(value)
            case "dnsrewrite", True:
                rewrites = _is_block(value)
            case word, _:
                refuse(_why(word))
    return Modifiers(important, badfilter, rewrites, types, denyallow)


def canonical(written: str) -> str:
    """Return modifiers in one order without ``badfilter``, so that a rule and its cancellation compare."""
    parts = {part.strip() for part in written.split(",")} - {"badfilter", ""}
    return ",".join(sorted(parts))


def _types(value: str) -> tuple[int, ...]:
    words = value.split("|")
    if len(words) > MAX_VALUES:
        refuse("bad-modifier")
    numbers = []
    for word in words:
        number = type_number(word.strip().removeprefix("~"))
        if number is None:
            refuse("bad-modifier")
        numbers.append(-number if word.strip().startswith("~") else number)
    return tuple(numbers)


def _denyallow(value: str) -> tuple[str, ...]:
    words = value.split("|")
    if len(words) > MAX_VALUES:
        refuse("bad-modifier")
    return tuple(listed_name(word) for word in words)


def _is_block(value: str) -> bool:
    if value.upper().rstrip(";") not in _BLOCK_REWRITES:
        refuse("dnsrewrite")
    return True


def _why(word: str) -> str:
    plain = word.removeprefix("~")
    if plain in CLIENT_ONLY:
        return "client"
    if plain in BROWSER_ONLY:
        return "browser-only"
    if plain in ("important", "badfilter", "dnstype", "denyallow"):
        return "bad-modifier"
    return "dnsrewrite" if plain == "dnsrewrite" else "unknown-modifier"
