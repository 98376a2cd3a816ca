"""Whom an explanation is for: a client by address or MAC, or any client of a group. It decides nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from schoolguard.language import N_, Said
from schoolguard.node.typed import device_text
from schoolguard.policy.clients import Clients, Listener
from schoolguard.policy.model import Group, School
from schoolguard.settings import Settings

_NOWHERE = bytes(4)
_SHOWN = 12
"""Networks or groups that an error names."""


class NotServed(Said):
    """The client is in no group: every query of it is answered with REFUSED."""


@dataclass(frozen=True, slots=True)
class Whom:
    """A client as the resolver sees one: its packed address, its MAC if known, where it asks.

    ``named`` is false for one that only stands for its group.
    """

    school: School
    group: Group
    address: bytes
    mac: bytes | None = None
    listener: Listener | None = None
    named: bool = True

    @property
    def device(self) -> bytes:
        """What passes and budgets know it by."""
        return self.mac or self.address

    @property
    def text(self) -> str:
        """Its address and MAC for people, as far as they are known."""
        known = [str(ip_address(self.address))] if self.address != _NOWHERE else []
        return " = ".join([*known, *([device_text(self.mac)] if self.mac else [])])


def client_whom(settings: Settings, packed: bytes, macs: Mapping[bytes, bytes]) -> Whom:
    """Return whom a MAC (6 bytes) or an address is; ``macs`` are the known ones by address.

    Raises ``NotServed``.
    """
    if len(packed) == 6:
        mac: bytes | None = packed
        address = next((each for each, found in sorted(macs.items()) if found == packed), _NOWHERE)
    else:
        mac, address = macs.get(packed), packed
    group = Clients(settings.schools).group_of(address, mac)
    if group is not None:
        return Whom(_school_of(settings, group), group, address, mac)
    if address == _NOWHERE and mac is not None:
        msgid = N_("device {mac} is named by no group, and no address of it is known now: give its address")
        raise NotServed(msgid, mac=device_text(mac))
    msgid = N_("{client} is in no group, so its queries get REFUSED; served are: {networks}")
    raise NotServed(msgid, client=str(ip_address(address)), networks=_networks(settings))


def group_whom(settings: Settings, group: str, school: str | None) -> Whom:
    """Return a client that stands for a group; raises ``Said`` when none is called so."""
    found = list(_called(settings.schools, group, school))
    if not found:
        known = [f"{each.name} ({each.school})" for s in settings.schools for each in s.groups]
        raise Said(N_("no group {group!r}; known are: {known}"), group=group, known=_some(known))
    if len(found) > 1:
        schools = ", ".join(each.id for each, _ in found)
        msgid = N_("several schools have a group {group!r}; add --school, one of: {schools}")
        raise Said(msgid, group=group, schools=schools)
    of_school, of = found[0]
    clients = Clients(settings.schools)
    for address, mac, listener in _members(of_school, of):
        if clients.group_of(address, mac, listener) is of:
            return Whom(of_school, of, address, mac, listener, named=False)
    raise NotServed(N_("no client can be in group {group}: all it has is another group's"), group=of.name)


def _members(school: School, group: Group) -> Iterator[tuple[bytes, bytes | None, Listener | None]]:
    networks = group.networks + (school.networks if school.default == group.name else ())
    for network in networks:
        # A narrower network of another group may begin at the same address: the ends are tried too.
        for place in (1, 0, -1, -2, network.num_addresses // 2):
            if -network.num_addresses <= place < network.num_addresses:
                yield network[place].packed, None, None
    yield from ((_NOWHERE, mac, None) for mac in sorted(group.devices))
    yield from ((_NOWHERE, None, listener) for listener in sorted(group.listeners))


def _called(schools: Sequence[School], group: str, school: str | None) -> Iterator[tuple[School, Group]]:
    for each in schools:
        if school in (None, each.id):
            yield from ((each, of) for of in each.groups if _folded(of.name) == _folded(group))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def _school_of(settings: Settings, group: Group) -> School:
    return next(school for school in settings.schools if any(each is group for each in school.groups))


def _networks(settings: Settings) -> str:
    return _some(
        [str(net) for school in settings.schools for group in school.groups for net in group.networks]
    )


def _some(known: list[str]) -> str:
    return ", ".join(known[:_SHOWN]) + (f" +{len(known) - _SHOWN}" if len(known) > _SHOWN else "")
