"""Subnets of all groups against each other. The most specific subnet that holds a client decides its group.

So a subnet within another of the same school is an ordinary exception (a staff room in a school's range) and
not worth a word, one within another school's is worth a warning, and the same subnet twice is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.schools import ReadGroup, ReadSchool
from schoolguard.config.subnets import Network
from schoolguard.language import N_


class _Claim:
    """One subnet of one group, and how many of its addresses more specific subnets take."""

    __slots__ = ("group", "mark", "network", "school", "taken")

    def __init__(self, school: ReadSchool, group: ReadGroup, network: At[Network]) -> None:
        self.school = school
        self.group = group
        self.network, self.mark = network
        self.taken = 0

    @property
    def dead(self) -> bool:
        return self.taken >= self.network.num_addresses

    @property
    def owner(self) -> str:
        return f"{self.school.id}/{self.group.name}"

    def holds(self, other: _Claim) -> bool:
        mine, theirs = self.network, other.network
        shift = mine.max_prefixlen - mine.prefixlen
        return mine.version == theirs.version and (
            int(mine.network_address) >> shift == int(theirs.network_address) >> shift
        )


def check(schools: Sequence[ReadSchool], out: Collector) -> None:
    """Record subnets that stand twice, lie in another's, or never decide because others cover them."""
    claims = sorted(_claims(schools), key=_order)
    enclosing: list[_Claim] = []
    for claim in claims:
        while enclosing and not enclosing[-1].holds(claim):
            enclosing.pop()
        if not enclosing:
            enclosing.append(claim)
        elif enclosing[-1].network == claim.network:
            _twice(enclosing[-1], claim, out)
        else:
            enclosing[-1].taken += claim.network.num_addresses
            _nested(enclosing[-1], claim, out)
            enclosing.append(claim)
    _unreachable(claims, out)
    _check_schools(schools, out)


def _claims(schools: Iterable[ReadSchool]) -> Iterator[_Claim]:
    for school in schools:
        for group in school.groups:
            for network in group.networks:
                yield _Claim(school, group, network)


def _order(claim: _Claim) -> tuple[int, int, int, Mark]:
    network = claim.network
    return network.version, int(network.network_address), network.prefixlen, claim.mark


def _twice(first: _Claim, claim: _Claim, out: Collector) -> None:
    found = str(claim.network)
    if first.group is claim.group:
        out.warning(claim.mark, Wrong(N_("this subnet stands twice in its group"), found=found))
        return
    msgid = N_("the group {owner} has this subnet as well ({path}:{line}); a client can be in one group only")
    wrong = Wrong(msgid, owner=first.owner, path=first.mark.path, line=first.mark.line, found=found)
    out.error(claim.mark, wrong)


def _nested(outer: _Claim, claim: _Claim, out: Collector) -> None:
    found = str(claim.network)
    if outer.group is claim.group:
        msgid = N_("this subnet lies in {outer} of the same group and changes nothing")
        out.warning(claim.mark, Wrong(msgid, outer=str(outer.network), found=found))
    elif outer.school is not claim.school:
        msgid = N_(
            "this subnet lies in {outer} of another school's group {owner} ({path}:{line}), and wins there"
        )
        wrong = Wrong(
            msgid,
            outer=str(outer.network),
            owner=outer.owner,
            path=outer.mark.path,
            line=outer.mark.line,
            found=found,
        )
        out.warning(claim.mark, wrong)


def _unreachable(claims: Iterable[_Claim], out: Collector) -> None:
    by_group: dict[int, list[_Claim]] = {}
    for claim in claims:
        by_group.setdefault(id(claim.group), []).append(claim)
    for mine in by_group.values():
        dead = [claim for claim in mine if claim.dead]
        if len(dead) == len(mine) and not (mine[0].group.devices or mine[0].group.listeners):
            msgid = N_(
                "no client can be in the group {name}: other groups' more specific subnets cover its own"
            )
            out.error(mine[0].group.mark, Wrong(msgid, name=mine[0].group.name))
        else:
            for claim in dead:
                msgid = N_("more specific subnets cover all of this one, so that it decides nothing")
                out.warning(claim.mark, Wrong(msgid, found=str(claim.network)))


def _check_schools(schools: Iterable[ReadSchool], out: Collector) -> None:
    """Record subnets of whole schools, for their default groups, that meet others' or stand twice."""
    seen: list[tuple[ReadSchool, At[Network]]] = []
    for school in schools:
        for claim in school.networks:
            for first, other in seen:
                if other.value.version == claim.value.version and other.value.overlaps(claim.value):
                    _meeting(first, other, school, claim, out)
                    break
            seen.append((school, claim))


def _meeting(
    first: ReadSchool, other: At[Network], school: ReadSchool, claim: At[Network], out: Collector
) -> None:
    found, path, line = str(claim.value), other.mark.path, other.mark.line
    if first is school:
        msgid = N_("this subnet of the school stands twice, first in line {line}")
        out.warning(claim.mark, Wrong(msgid, line=line, found=found))
    elif other.value == claim.value:
        msgid = N_("the school {id} has this subnet as well ({path}:{line})")
        out.error(claim.mark, Wrong(msgid, id=first.id, path=path, line=line, found=found))
    else:
        msgid = N_(
            "this subnet and {other} of the school {id} overlap ({path}:{line}); the narrower one wins"
        )
        wrong = Wrong(msgid, other=str(other.value), id=first.id, path=path, line=line, found=found)
        out.warning(claim.mark, wrong)
