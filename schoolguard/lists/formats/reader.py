"""One list read as a stream of entries, whatever its format. It must not hold more than a chunk of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Protocol

from schoolguard.lists.formats import adblock, dnsmasq, hosts, lines, plain, rpz, unbound, wildcard
from schoolguard.lists.formats.badfilter import cancelled_rules
from schoolguard.lists.formats.detect import ACCEPTED, FORMATS, HEAD, check_head, detect, is_html
from schoolguard.lists.formats.names import FAST_NAME, MAX_NAME, SPECIAL
from schoolguard.lists.formats.refused import LineRefused, ListRefused, refuse
from schoolguard.lists.formats.sink import Sink
from schoolguard.lists.model import Entry, Flag, Kind, ListSource, Report


class Format(Protocol):
    """What a format module's reader is: fed line by line, then told that the list ends."""

    def line(self, text: str, sink: Sink) -> None:
        """Take what one line names; raises ``LineRefused``."""

    def finish(self, sink: Sink) -> None:
        """Give out what is pending."""


_NAME = rf"({FAST_NAME})"
_FAST = MappingProxyType(
    {
        "hosts": (rf"(?:0\.0\.0\.0|127\.0\.0\.1)[ \t]+{_NAME}\Z", hosts.SCOPE),
        "plain": (rf"{_NAME}\Z", plain.SCOPE),
        "wildcard": (rf"\*\.{_NAME}\Z", wildcard.SCOPE),
        "adblock": (rf"\|\|{_NAME}\^\Z", Flag.SUBTREE),
        "dnsmasq": (
            rf"(?:address|(?:local|server)(?=.*/\Z))=/{_NAME}/(?:#|0\.0\.0\.0|::)?\Z",
            dnsmasq.SCOPE,
        ),
        "unbound": (r"(?!)", unbound.SCOPE),
        "rpz": (r"(?!)", Flag.SUBTREE),
    }
)
"""Per format the shape of nearly all its lines, with the name as group 1, and what such a line asks for.

A line of that shape costs a third of one that a format takes apart; the result is the same. Zone files and
unbound's clauses carry something from line to line, so none of their lines may pass by their reader.
"""


def read(source: ListSource, report: Report) -> Iterator[Entry]:
    """Yield the entries of ``source`` in the order of its lines, and fill ``report``, which is reset first.

    Deterministic; the file is read once (adblock lists twice). Raises ``ListRefused`` as soon as the list as
    a whole cannot be taken (HTML, binary, too many entries), and at its end when it held no entry.
    """
    format_ = format_of(source)
    sink = _fresh(report, format_, source.kind)
    cancelled = cancelled_rules(source.path) if format_ == "adblock" else frozenset[str]()
    yield from _stream(source, sink, _reader(format_, cancelled), cancelled)
    if not report.entries:
        raise ListRefused("empty", source.path, "no entry in the whole list", ACCEPTED)


def _stream(source: ListSource, sink: Sink, reader: Format, cancelled: frozenset[str]) -> Iterator[Entry]:
    expression, scope = _FAST[sink.report.format]
    # Local names and a tuple made directly: this loop runs once per listed name, millions of times.
    match, new, found = re.compile(expression).match, tuple.__new__, sink.found
    count = number = 0
    try:
        for batch in lines.batches(source.path):
            for line in batch:
                number += 1
                fast = match(line)
                if fast and _fits(name := fast[1]) and line not in cancelled:
                    count += 1
                    yield new(Entry, (name, scope, number, None, False))
                else:
                    _take_apart(line, number, reader, sink, source.path)
                    count += len(found)
                    yield from found
                    found.clear()
                if count > source.max_entries:
                    raise _too_many(source)
        reader.finish(sink)
        count += len(found)
        yield from found
    finally:
        sink.report.entries = count


def _fits(name: str) -> bool:
    return len(name) <= MAX_NAME and name not in SPECIAL


def format_of(source: ListSource) -> str:
    """Return the format a source is in: as configured, or detected; raises ``ListRefused``."""
    if source.format not in ("auto", *FORMATS):
        raise ListRefused("unknown-format", source.path, f"format {source.format!r}", f"auto, {ACCEPTED}")
    head = lines.head(source.path, HEAD)
    if source.format == "auto":
        return detect(head, source.path)
    check_head(head, source.path)
    return source.format


def _take_apart(line: str, number: int, reader: Format, sink: Sink, path: str) -> None:
    real = lines.text(line)
    sink.at(number, real)
    if "<" in real and is_html(real):
        raise ListRefused("html", f"{path}:{number}", "an HTML page", ACCEPTED)
    try:
        if len(line) > lines.MAX_LINE:
            refuse("too-long-line")
        reader.line(real, sink)
    except LineRefused as error:
        sink.refuse(error)


def _reader(format_: str, cancelled: frozenset[str]) -> Format:
    match format_:
        case "adblock":
            return adblock.Rules(cancelled)
        case "dnsmasq":
            return dnsmasq.Lines()
        case "unbound":
            return unbound.Lines()
        case "rpz":
            return rpz.Zone()
        case _:
            return plain.Lines()


def _fresh(report: Report, format_: str, kind: Kind) -> Sink:
    report.format = format_
    report.entries = report.skipped = 0
    report.refused.clear()
    report.first.clear()
    report.approximated.clear()
    return Sink(report, kind)


def _too_many(source: ListSource) -> ListRefused:
    limit = source.max_entries
    return ListRefused("too-many-entries", source.path, f"more than {limit} entries", f"at most {limit}")
