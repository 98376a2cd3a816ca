"""From who asks to a group: by MAC, else the longest network, else the listener, else the default group.

It must not decide anything about names and must not remember clients; the caller keeps what it was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network

from schoolguard.policy.model import Group, School

_MAPPED = bytes(10) + b"\xff\xff"
"""First 12 bytes of an IPv4-mapped IPv6 address (RFC 4291 2.5.5.2)."""

_MAPPED_BITS = 8 * len(_MAPPED)
Network = IPv4Network | IPv6Network
Listener = tuple[str, int]
_Claims = Sequence[tuple[Group, Sequence[Network]]]
_Tables = tuple[tuple[int, dict[int, Group]], ...]


class Networks:
    """Groups by network; immutable.

    One dict per prefix length, longest first: a look-up costs one shift and one dict access for each length
    in use. An IPv4-mapped IPv6 address or network is the IPv4 one it stands for, so that a client has one
    group whichever socket it came through; ``::/0`` therefore serves no IPv4 client.
    """

    __slots__ = ("_v4", "_v6")

    def __init__(self, claims: _Claims) -> None:
        """Raise ``ValueError`` when two groups claim the same network."""
        self._v4 = _tables(claims, 32)
        self._v6 = _tables(claims, 128)

    def group_of(self, address: bytes) -> Group | None:
        """Return the group of a packed address, ``None`` when no network holds it.

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


class Clients:
    """Who belongs to which group, for all schools; immutable, so a reload builds a new one."""

    __slots__ = ("_defaults", "_devices", "_listeners", "_networks", "groups")

    groups: tuple[Group, ...]

    def __init__(self, schools: Iterable[School]) -> None:
        """Raise ``ValueError`` when two groups claim the same network, device or listener."""
        schools = tuple(schools)
        self.groups = tuple(group for school in schools for group in school.groups)
        self._networks = Networks([(group, group.networks) for group in self.groups])
        self._defaults = Networks(_defaults(schools))
        self._devices: dict[bytes, Group] = {}
        self._listeners: dict[Listener, Group] = {}
        for group in self.groups:
            for device in group.devices:
                _claim(self._devices, device, group, device.hex(":"))
            for listener in group.listeners:
                _claim(self._listeners, listener, group, f"{listener[0]}@{listener[1]}")

    def group_of(
        self, address: bytes, device: bytes | None = None, listener: Listener | None = None
    ) -> Group | None:
        """Return the group of a client, ``None`` when no school serves it.

        ``address`` is packed, ``device`` its MAC (6 bytes) if known, ``listener`` where it asks. The device
        tells most, an address may be anybody's tomorrow, a listener serves whoever reaches it.
        """
        if device is not None and (group := self._devices.get(device)) is not None:
            return group
        group = self._networks.group_of(address)
        if group is None and listener is not None:
            group = self._listeners.get(listener)
        return group if group is not None else self._defaults.group_of(address)


def _defaults(schools: Iterable[School]) -> list[tuple[Group, Sequence[Network]]]:
    claims: list[tuple[Group, Sequence[Network]]] = []
    for school in schools:
        claims += [(group, school.networks) for group in school.groups if group.name == school.default]
    return claims


def _claim(claimed: dict[bytes, Group] | dict[Listener, Group], key: object, group: Group, text: str) -> None:
    table: dict[object, Group] = claimed  # type: ignore[assignment]
    other = table.setdefault(key, group)
    if other is not group:
        raise ValueError(f"{text} is claimed by {_title(other)} and by {_title(group)}")


def _tables(claims: _Claims, bits: int) -> _Tables:
    """Return ``(bits to drop, {prefix: group})`` for addresses of ``bits`` bits, longest prefix first."""
    by_shift: dict[int, dict[int, Group]] = {}
    for group, networks in claims:
        for network in map(_unmapped, networks):
            if network.max_prefixlen != bits:
                continue
            shift = bits - network.prefixlen
            table = by_shift.setdefault(shift, {})
            other = table.setdefault(int(network.network_address) >> shift, group)
            if other is not group:
                raise ValueError(f"{network} is claimed by {_title(other)} and by {_title(group)}")
    return tuple(sorted(by_shift.items(), key=lambda item: item[0]))


def _unmapped(network: Network) -> Network:
    packed = network.network_address.packed
    if packed.startswith(_MAPPED):
        return IPv4Network((packed[12:], network.prefixlen - _MAPPED_BITS))
    return network


def _title(group: Group) -> str:
    return f"group {group.name!r} of school {group.school!r}"
