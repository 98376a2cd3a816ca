"""From a client's address to its group: the longest matching network wins.

It must not decide anything about names and must not remember clients; the caller keeps what it was told.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network

from schoolguard.policy.model import Group, School

_MAPPED = bytes(10) + b"\xff\xff"
"""First 12 bytes of an IPv4-mapped IPv6 address (RFC 4291 2.5.5.2)."""

_MAPPED_BITS = 8 * len(_MAPPED)
_Tables = tuple[tuple[int, dict[int, Group]], ...]


class Clients:
    """The served networks of all schools; immutable, so a reload builds a new one.

    One dict per prefix length, longest first: a look-up costs one shift and one dict access for each length
    in use. An IPv4-mapped IPv6 address or network is the IPv4 one it stands for, so that a client has one
    group whichever socket it came through; ``::/0`` therefore serves no IPv4 client.
    """

    __slots__ = ("_v4", "_v6", "groups")

    groups: tuple[Group, ...]

    def __init__(self, schools: Iterable[School]) -> None:
        """Raise ``ValueError`` when two groups claim the same network."""
        self.groups = tuple(group for school in schools for group in school.groups)
        self._v4 = _tables(self.groups, 32)
        self._v6 = _tables(self.groups, 128)

    def group_of(self, address: bytes) -> Group | None:
        """Return the group of a packed address, ``None`` when no school serves it.

        ``address`` has 4 or 16 bytes, network order; any other length raises ``ValueError``.
        """
        tables = self._v6
        if len(address) == 4:
            tables = self._v4
        elif len(address) != 16:
            raise ValueError(f"an address of {len(address)} bytes; accepted: 4 (IPv4) or 16 (IPv6)")
        elif address.startswith(_MAPPED):
            address = address[12:]
            tables = self._v4
        number = int.from_bytes(address)
        for shift, table in tables:
            group = table.get(number >> shift)
            if group is not None:
                return group
        return None


def _tables(groups: Iterable[Group], bits: int) -> _Tables:
    """Return ``(bits to drop, {prefix: group})`` for addresses of ``bits`` bits, longest prefix first."""
    by_shift: dict[int, dict[int, Group]] = {}
    for group in groups:
        for network in map(_unmapped, group.networks):
            if network.max_prefixlen != bits:
                continue
            shift = bits - network.prefixlen
            table = by_shift.setdefault(shift, {})
            other = table.setdefault(int(network.network_address) >> shift, group)
            if other is not group:
                raise ValueError(f"{network} is claimed by {_title(other)} and by {_title(group)}")
    return tuple(sorted(by_shift.items(), key=lambda item: item[0]))


def _unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    packed = network.network_address.packed
    if packed.startswith(_MAPPED):
        return IPv4Network((packed[12:], network.prefixlen - _MAPPED_BITS))
    return network


def _title(group: Group) -> str:
    return f"group {group.name!r} of school {group.school!r}"
