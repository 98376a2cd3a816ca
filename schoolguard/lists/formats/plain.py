"""Plain names, one on a line; and the one reader of lines that hosts, plain and wildcard files share.

Real files mix these three, so a line is read for what it unambiguously is, whatever the file. Prose,
URLs and addresses are refused, never guessed at.
"""

from __future__ import annotations

import re

from schoolguard.lists.formats import hosts, wildcard
from schoolguard.lists.formats.names import LOCAL_NAMES, listed_name
from schoolguard.lists.formats.refused import refuse
from schoolguard.lists.formats.sink import Sink
from schoolguard.lists.model import Flag

SCOPE = Flag.SUBTREE
"""A plain name blocks itself and all below. Pi-hole and AdGuard read it as exact, squidGuard (UT1's lists) as
subtree. A block of ``bet88.com`` that leaves ``www.bet88.com`` open is useless in a school. Measured on 20
public plain and hosts lists against 100,000 popular names: what the subtree adds is the listed service's own
host names (``xhcdn.com``, ``fbcdn.net``, ``casalemedia.com``), not bystanders."""

_COMMENT_START = ("#", "!", ";", "//")
_INLINE = re.compile(r"#.*|\s(?:;|//).*", re.DOTALL)
_ADBLOCK_NAME = re.compile(r"\|\|([^|^$*/]+)\^\Z")


class Lines:
    """Reads the lines of hosts, plain and wildcard files, and what adblock files hold of such lines."""

    def line(self, text: str, sink: Sink) -> None:
        """Take what the line names; raises ``LineRefused`` when it is none of the shapes known here."""
        text = text.strip()
        if text.startswith(_COMMENT_START):
            sink.skip()
            return
        words = _INLINE.sub("", text).split()
        if not words:
            sink.skip()
        elif len(words) > 1:
            hosts.read_line(words, sink)
        else:
            _one(words[0], sink)

    def finish(self, sink: Sink) -> None:
        """Nothing is pending between lines."""


def _one(word: str, sink: Sink) -> None:
    if simple := _ADBLOCK_NAME.match(word):
        sink.take(listed_name(simple[1]), Flag.SUBTREE)
    elif word.startswith(("*.", ".")):
        sink.take(wildcard.read(word), wildcard.SCOPE)
    elif word.lower() in LOCAL_NAMES:
        sink.skip()
    elif "@" in word or word.startswith("|"):
        refuse("unknown-line")
    else:
        sink.take(listed_name(word), SCOPE)
