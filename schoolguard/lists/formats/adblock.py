"""Adblock rules of the DNS kind. What only a browser can honour is refused, never read as a plain block.

Source: AdGuard's DNS filtering syntax; anchors as its urlfilter reads them on a host name. Where a rule
without end anchor names a whole name (``||ads.example.com``), that name and all below is taken, not every
name that begins so.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from schoolguard.lists.formats import modifiers, patterns, plain
from schoolguard.lists.formats.modifiers import Modifiers
from schoolguard.lists.formats.names import listed_name
from schoolguard.lists.formats.refused import refuse
from schoolguard.lists.formats.sink import Sink
from schoolguard.lists.model import Flag

MAX_BADFILTERS = 10_000
"""Cancelled rules that are remembered for one list."""

_COSMETIC = re.compile(r"[^\s#$]*(?:#[@$?%]{0,3}#|\$@?\$)")
_INLINE = re.compile(r"\s#.*", re.DOTALL)
_PLAIN_BODY = re.compile(r"[^*/:?=&|^]+\Z")


class Rule(NamedTuple):
    """A rule taken apart: ``start`` is ``||``, ``|`` or empty, ``end`` whether it is anchored at its end."""

    exception: bool
    start: str
    body: str
    end: bool
    regular: bool


class Rules:
    """Reads adblock rules; ``cancelled`` holds the canonical text of rules that ``$badfilter`` cancels."""

    def __init__(self, cancelled: frozenset[str]) -> None:
        self._cancelled = cancelled
        self._names = plain.Lines()
        self._patterns = 0

    def line(self, text: str, sink: Sink) -> None:
        """Take what the rule asks for; raises ``LineRefused``."""
        text = text.strip()
        if not text or text[0] in "![" or _is_comment(text) or _COSMETIC.match(text):
            sink.skip()
            return
        text = _INLINE.sub("", text).rstrip()
        if " " in text or "\t" in text:
            self._names.line(text, sink)
            return
        pattern, written = split(text)
        if self._cancelled and canonical(text) in self._cancelled:
            sink.skip()
            return
        asked = modifiers.parse(written) if written else modifiers.NONE
        if asked.badfilter:
            sink.skip()
            return
        self._take(_rule(pattern), asked, sink)

    def finish(self, sink: Sink) -> None:
        """Nothing is pending between lines."""

    def _take(self, rule: Rule, asked: Modifiers, sink: Sink) -> None:
        flags = Flag.EXCEPTION if rule.exception else Flag.SUBTREE
        if asked.important:
            flags |= Flag.IMPORTANT
        if asked.rewrites and rule.exception:
            refuse("dnsrewrite")
        named = None if rule.regular else _named(rule)
        if named is None:
            self._take_pattern(rule, flags, asked, sink)
        else:
            name, scope = named
            carved = _carved(name, asked, rule)
            sink.take(name, flags | scope, asked.types)
            for spared in carved:
                sink.take(spared, flags | Flag.EXCEPTION | Flag.CARVED, asked.types)
        if asked.rewrites:
            sink.approximate("dnsrewrite")

    def _take_pattern(self, rule: Rule, flags: Flag, asked: Modifiers, sink: Sink) -> None:
        if asked.denyallow:
            refuse("denyallow")
        if self._patterns >= patterns.MAX_PATTERNS:
            refuse("too-many-patterns")
        if rule.regular:
            expression = patterns.from_regular(rule.body)
        else:
            expression = patterns.from_wildcard(rule.body, rule.start, rule.end)
        self._patterns += 1
        sink.take(expression, flags, asked.types, pattern=True)


def split(text: str) -> tuple[str, str]:
    """Return pattern and modifiers of a rule; a ``$`` inside a regular expression does not part them."""
    start = 2 if text.startswith("@@") else 0
    if text.startswith("/", start):
        close = text.rfind("/$", start + 1)
        if close > start:
            return text[: close + 1], text[close + 2 :]
        if text.endswith("/") and len(text) > start + 1:
            return text, ""
    pattern, _, written = text.partition("$")
    return pattern, written


def canonical(text: str) -> str:
    """Return the text of a rule under which ``$badfilter`` finds it: order of modifiers does not count."""
    pattern, written = split(text)
    return f"{pattern}${modifiers.canonical(written)}".removesuffix("$")


def _is_comment(text: str) -> bool:
    return text[0] == "#" and not text.startswith(("##", "#@#", "#?#", "#$#", "#%#"))


def _rule(pattern: str) -> Rule:
    exception = pattern.startswith("@@")
    body = pattern.removeprefix("@@")
    if len(body) > 2 and body[0] == "/" and body[-1] == "/":
        return Rule(exception, "", body[1:-1], False, True)
    start = next((mark for mark in ("||", "|", "://") if body.startswith(mark)), "")
    body = body.removeprefix(start)
    bare = body.rstrip("^|")
    return Rule(exception, "|" if start == "://" else start, bare, bare != body, False)


def _named(rule: Rule) -> tuple[str, Flag] | None:
    """Return the name a rule comes down to and its scope, or ``None`` when it takes an expression."""
    body, start = rule.body, rule.start
    if start in ("||", "|") and body.startswith("*.") and rule.end:
        return (listed_name(body[2:]), Flag.BELOW) if _PLAIN_BODY.match(body[2:]) else None
    if not start and body.startswith(".") and rule.end and _PLAIN_BODY.match(body):
        return listed_name(body[1:]), Flag.BELOW
    if not _PLAIN_BODY.match(body) or body.startswith((".", "-")) or body.endswith((".", "-")):
        return None
    return listed_name(body), Flag.EXACT if start == "|" else Flag.SUBTREE


def _carved(name: str, asked: Modifiers, rule: Rule) -> list[str]:
    """Return the names that ``$denyallow`` spares: only those below the rule's own name can matter."""
    if asked.denyallow and (rule.exception or name in asked.denyallow):
        refuse("denyallow")
    if any(name.endswith("." + parent) for parent in asked.denyallow):
        refuse("denyallow")
    return [spared for spared in asked.denyallow if spared.endswith("." + name)]
