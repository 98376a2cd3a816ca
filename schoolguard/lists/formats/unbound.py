"""unbound configuration used as a block list: ``local-zone`` in the ``server:`` clause, nothing else.

Semantics from unbound.conf(5). ``local-data`` alone makes a zone that answers normally, so it blocks nothing
and is refused; the zones of a ``view:`` hold for some clients only and are refused too.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from schoolguard.lists.formats.names import listed_name
from schoolguard.lists.formats.refused import refuse
from schoolguard.lists.formats.rrtypes import TYPES
from schoolguard.lists.formats.sink import Sink
from schoolguard.lists.model import Flag

SCOPE = Flag.SUBTREE
"""A local zone covers its name and all below."""

_BLOCK_WORDS = (
    "always_null always_nxdomain always_nodata always_refuse always_deny refuse static deny redirect "
    "inform_deny inform_redirect"
)
BLOCKS = frozenset(_BLOCK_WORDS.split())
PASSES = frozenset({"transparent", "typetransparent", "always_transparent"})

ANSWERS = frozenset({"redirect", "inform_redirect"})
"""Types whose answer comes from local data; here they block."""

ONE_TYPE = MappingProxyType({"block_a": (TYPES["A"],)})
"""Types that block one query type only."""

_ZONE = re.compile(r"local-zone:\s*(?:\"([^\"]*)\"|'([^']*)'|(\S+))\s+\"?([a-z_]+)\"?\Z")
_CLAUSE = re.compile(r"([a-z-]+):\Z")
_OPTION = re.compile(r"([a-z0-9-]+):\s")
_COMMENT = re.compile(r"(?:\A|\s)#.*", re.DOTALL)


class Lines:
    """Reads unbound options, one on a line; remembers which clause it is in."""

    def __init__(self) -> None:
        self._clause = "server"

    def line(self, text: str, sink: Sink) -> None:
        """Take the zone of the line; raises ``LineRefused`` (``clause``, ``local-data``, ``zone-type``)."""
        text = _COMMENT.sub("", text).strip()
        if not text:
            sink.skip()
        elif clause := _CLAUSE.match(text):
            self._clause = clause[1]
            sink.skip()
        elif self._clause != "server":
            refuse("clause")
        elif zone := _ZONE.match(text):
            _take(zone[1] or zone[2] or zone[3] or "", zone[4], sink)
        else:
            refuse(_why(text))

    def finish(self, sink: Sink) -> None:
        """Nothing is pending between lines."""


def _take(name: str, kind: str, sink: Sink) -> None:
    if kind in BLOCKS:
        sink.take(listed_name(name), SCOPE)
    elif kind in PASSES:
        sink.take(listed_name(name), SCOPE | Flag.EXCEPTION)
    elif kind in ONE_TYPE:
        sink.take(listed_name(name), SCOPE, ONE_TYPE[kind])
    else:
        refuse("zone-type")
    if kind in ANSWERS:
        sink.approximate("local-data")


def _why(text: str) -> str:
    option = _OPTION.match(text)
    if option is None:
        return "unknown-line"
    return "local-data" if option[1].startswith("local-data") else "option"
