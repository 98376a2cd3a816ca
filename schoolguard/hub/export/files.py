"""Rulings as text: a policy zone, a hosts file, adblock rules; each with a head that says what it is.

It must not open files: lines come out one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schoolguard.dns.names import from_key
from schoolguard.hub.export.model import BlockAction, ExportZone, Left, Ruling, Verdict

MAX_NAME = 253
TARGETS = {BlockAction.NXDOMAIN: ".", BlockAction.NODATA: "*."}
PASSTHRU = "rpz-passthru."
_NULL = "0.0.0.0"  # noqa: S104 - the address of nobody, as hosts files for blocking write it


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of itself: the tier, when it was made (RFC 3339), and the snapshot's digest."""

    tier: str
    made: str
    digest: str

    def lines(self, sign: str) -> Iterator[str]:
        """Yield comment lines."""
        yield f"{sign} SchoolGuard: what the tier {self.tier} blocks"
        yield f"{sign} Made: {self.made}"
        yield f"{sign} Snapshot: {self.digest}"


def owners(ruling: Ruling, zone: str, left: Left) -> Iterator[tuple[str, Verdict]]:
    """Yield the owners of a ruling, relative to the zone, each with its verdict; too long ones are left."""
    name = from_key(ruling.key)
    for owner, verdict in ((name, ruling.own), (f"*.{name}", ruling.below)):
        if verdict is Verdict.NONE:
            continue
        if len(owner) + 1 + len(zone) > MAX_NAME:
            left.too_long += 1
        else:
            yield owner, verdict


def zone_lines(
    rulings: Iterable[Ruling], export: ExportZone, serial: int, head: Head, left: Left
) -> Iterator[str]:
    """Yield a policy zone as a master file (draft-vixie-dnsop-dns-rpz)."""
    yield from head.lines(";")
    yield f"$ORIGIN {export.zone}."
    yield f"$TTL {export.ttl}"
    times = f"{serial} {export.refresh} {export.retry} {export.expire} {export.ttl}"
    yield f"@ SOA {export.primary}. {export.mail}. {times}"
    yield f"@ NS {export.primary}."
    targets = {Verdict.BLOCK: TARGETS[export.action], Verdict.OPEN: PASSTHRU}
    for ruling in rulings:
        for owner, verdict in owners(ruling, export.zone, left):
            yield f"{owner} CNAME {targets[verdict]}"


def hosts_lines(rulings: Iterable[Ruling], head: Head) -> Iterator[str]:
    """Yield a hosts file: single names only; what is below them, and what stays open, is not said."""
    yield from head.lines("#")
    yield "# A hosts file blocks these names only, not what is below them; use the policy zone where you can."
    for ruling in rulings:
        if ruling.own is Verdict.BLOCK:
            yield f"{_NULL} {from_key(ruling.key)}"


def adblock_lines(rulings: Iterable[Ruling], head: Head, left: Left) -> Iterator[str]:
    """Yield adblock rules of the DNS kind.

    There an exception lifts a block whichever of the two is narrower; so a block below an exception is marked
    ``$important``, and an exception below that one too. A block below such an exception cannot be said.
    """
    yield "! Title: SchoolGuard " + head.tier
    yield from head.lines("!")
    above: list[tuple[str, int]] = []
    for ruling in rulings:
        while above and not ruling.key.startswith(above[-1][0]):
            above.pop()
        level = above[-1][1] if above else 0
        yield from _rules(ruling, level, left)
        above.append((ruling.key, _deeper(level, ruling.below)))


def _deeper(level: int, verdict: Verdict) -> int:
    """Return how many turns from block to exception and back lead below a name: even ones are blocks."""
    if verdict is Verdict.OPEN:
        return level | 1
    return level + 1 if verdict is Verdict.BLOCK and level % 2 else level


def _rules(ruling: Ruling, level: int, left: Left) -> Iterator[str]:
    name = from_key(ruling.key)
    if ruling.own is ruling.below:
        bodies = [(f"||{name}^", ruling.own)]
    else:
        bodies = [(f"|{name}^", ruling.own), (f"||*.{name}^", ruling.below)]
    for body, verdict in bodies:
        if verdict is Verdict.NONE:
            continue
        depth = _deeper(level, verdict)
        if depth > 3:
            left.below_exception += 1
            continue
        sign = "@@" if verdict is Verdict.OPEN else ""
        yield sign + body + ("$important" if depth >= 2 else "")
