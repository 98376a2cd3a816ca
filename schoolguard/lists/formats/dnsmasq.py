"""dnsmasq configuration used as a block list: ``address=``, ``local=`` and ``server=`` lines, nothing else.

Semantics from dnsmasq(8): all three cover a name and all below. ``address=/x/`` , ``local=/x/`` and
``server=/x/`` without an address answer "no such name"; ``address=/x/#`` and null addresses answer nowhere.
A ``server`` with an address forwards elsewhere and an ``address`` that leads somewhere redirects (safe search
lists do that): neither is a block, so both are refused.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from schoolguard.lists.formats import hosts
from schoolguard.lists.formats.names import listed_name
from schoolguard.lists.formats.refused import LineRefused, refuse
from schoolguard.lists.formats.sink import Sink
from schoolguard.lists.model import Flag

SCOPE = Flag.SUBTREE
"""What dnsmasq itself covers."""

_OPTION = re.compile(r"(?:--)?(address|local|server)\s*=\s*(.*)\Z", re.DOTALL)
_OTHER = re.compile(r"(?:--)?[a-z][a-z0-9-]*\s*(?:=.*)?\Z", re.DOTALL)
_COMMENT = re.compile(r"\s#.*", re.DOTALL)


class Lines:
    """Reads dnsmasq options, one on a line."""

    def line(self, text: str, sink: Sink) -> None:
        """Take the names of a blocking option; raises ``LineRefused`` (as ``option``, ``forward``)."""
        text = text.strip()
        if not text or text.startswith("#"):
            sink.skip()
            return
        option = _OPTION.match(_COMMENT.sub("", text).strip())
        if option is None:
            refuse("option" if _OTHER.match(text) else "unknown-line")
        word, value = option[1], option[2]
        if not value.startswith("/"):
            refuse("forward" if word != "address" else "unknown-line")
        *names, target = value[1:].split("/")
        if not names:
            refuse("unknown-line")
        _check_target(word, target)
        for name in names:
            _take(name, sink)

    def finish(self, sink: Sink) -> None:
        """Nothing is pending between lines."""


def _check_target(word: str, target: str) -> None:
    if not target:
        return
    if word != "address":
        refuse("forward")
    if target == "#":
        return
    try:
        ip_address(target)
    except ValueError:
        refuse("unknown-line")
    if not hosts.leads_nowhere(target):
        refuse("redirect")


def _take(name: str, sink: Sink) -> None:
    try:
        if name in ("", "#"):
            # Unqualified names, or every name there is.
            refuse("top-level")
        sink.take(listed_name(name.removeprefix("*.").removeprefix(".")), SCOPE)
    except LineRefused as error:
        sink.refuse(error)
