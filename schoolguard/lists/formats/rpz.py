"""Response policy zones: their QNAME triggers. Other triggers are counted and refused.

Source: draft-vixie-dnsop-dns-rpz (4 triggers, 3 actions). An owner ``x`` is x alone and ``*.x`` only what is
below it; the usual pair of both becomes one subtree entry when the two stand side by side.
"""

from __future__ import annotations

import re

from schoolguard.lists.formats.names import FAST_NAME, MAX_NAME, SPECIAL, listed_name
from schoolguard.lists.formats.refused import LineRefused, refuse
from schoolguard.lists.formats.sink import Sink
from schoolguard.lists.formats.zonefile import Record, ZoneFile
from schoolguard.lists.model import Entry, Flag

OTHER_TRIGGERS = frozenset({"rpz-ip", "rpz-client-ip", "rpz-nsdname", "rpz-nsip"})
ZONE_TYPES = frozenset({"SOA", "NS"})
"""Types a zone must have at its apex; they ask for nothing."""

DNSSEC_TYPES = frozenset({"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY", "ZONEMD"})

_PAIR = int(Flag.EXACT | Flag.BELOW)
_FAST = re.compile(rf"(\*\.)?({FAST_NAME})\s+(?:\d+\s+)?(?:IN\s+)?CNAME\s+\.\Z")


class Zone:
    """Reads a policy zone; holds one entry back to join the pair ``x`` and ``*.x``."""

    def __init__(self) -> None:
        self._file = ZoneFile()
        self._apex: str | None = None
        self._held: Entry | None = None

    def line(self, text: str, sink: Sink) -> None:
        """Take what the line's record triggers; raises ``LineRefused``."""
        fast = _FAST.match(text)
        if fast and self._relative():
            name = fast[2]
            if len(name) <= MAX_NAME and name not in SPECIAL and "rpz-" not in name:
                self._file.previous = fast[0].split(None, 1)[0]
                self._hold(name, Flag.BELOW if fast[1] else Flag.EXACT, sink)
                return
        record = self._file.line(text)
        if record is None:
            sink.skip()
        elif record.type == "SOA":
            self._apex = record.owner
            sink.skip()
        elif record.type in DNSSEC_TYPES or (record.type in ZONE_TYPES and not self._trigger(record)):
            sink.skip()
        else:
            self._read(record, sink)

    def finish(self, sink: Sink) -> None:
        """Give out the entry held back; a parenthesis left open is a refusal."""
        if self._held is not None:
            sink.found.append(self._held)
        if self._file.open:
            sink.refuse(LineRefused("unbalanced"))

    def _relative(self) -> bool:
        """Return whether a relative owner is a trigger as it stands."""
        return not self._file.open and self._apex in (None, self._file.origin)

    def _read(self, record: Record, sink: Sink) -> None:
        trigger = self._trigger(record)
        last = trigger.rpartition(".")[2]
        if last in OTHER_TRIGGERS:
            refuse(last)
        if trigger == "*":
            refuse("top-level")
        below = trigger.startswith("*.")
        flags = Flag.BELOW if below else Flag.EXACT
        name = listed_name(trigger.removeprefix("*."))
        action, approximated = _action(record, self._file, trigger)
        sink.check(name, action)
        self._hold(name, flags | action, sink)
        if approximated:
            sink.approximate(approximated)

    def _trigger(self, record: Record) -> str:
        """Return the owner relative to the zone; without a known zone the owner as it stands."""
        apex = self._file.origin if self._apex is None else self._apex
        if not apex:
            return record.owner
        if record.owner == apex:
            return ""
        if not record.owner.endswith("." + apex):
            refuse("out-of-zone")
        return record.owner[: -len(apex) - 1]

    def _hold(self, name: str, flags: Flag, sink: Sink) -> None:
        held = self._held
        if held is not None and held.name == name:
            if held.flags == flags:
                sink.skip()
                return
            if int(held.flags) ^ int(flags) == _PAIR:
                self._held = Entry(name, Flag(int(flags) & ~_PAIR), held.line)
                return
        if held is not None:
            sink.found.append(held)
        self._held = Entry(name, flags, sink.line)


def _action(record: Record, file: ZoneFile, trigger: str) -> tuple[Flag, str]:
    """Return the flag of a record's action and, when it is taken coarser than written, the reason."""
    if record.type in ZONE_TYPES or record.type == "DNAME":
        refuse("record-type")
    if record.type != "CNAME":
        return Flag.SUBTREE, "local-data"
    if len(record.words) != 1:
        refuse("unknown-line")
    target = record.words[0].lower()
    match target:
        case "." | "*.":
            return Flag.SUBTREE, ""
        case "rpz-passthru.":
            return Flag.EXCEPTION, ""
        case "rpz-drop.":
            return Flag.SUBTREE, "drop"
        case "rpz-tcp-only.":
            refuse("tcp-only")
    if target.startswith("rpz-"):
        # The dot forgotten: the writer did not mean a redirection, and a block could be the opposite.
        refuse("bad-target")
    if file.absolute(target) == trigger:
        # The older way to write PASSTHRU: the name is redirected to itself.
        return Flag.EXCEPTION, ""
    return Flag.SUBTREE, "redirect"
