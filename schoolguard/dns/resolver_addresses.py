"""Addresses behind which is nothing but a public DNS resolver: an answer with one leads past this gateway.

Pure; which addresses those are is said by ``blocklists/resolver-addresses.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Final

Network = IPv4Network | IPv6Network

_MAPPED: Final = bytes(10) + b"\xff\xff"
_TRANSLATED: Final = bytes.fromhex("0064ff9b") + bytes(8)


@dataclass(frozen=True, slots=True)
class ResolverAddresses:
    """A set of packed addresses, each with the name of its resolver.

    ``machines`` are single addresses. ``subnets`` are, for a width in bytes (4 or 16), pairs of how many bits
    are the host's and the networks without those bits, longest prefix first.
    """

    machines: Mapping[bytes, str] = field(default_factory=dict)
    subnets: Mapping[int, tuple[tuple[int, Mapping[int, str]], ...]] = field(default_factory=dict)

    def __contains__(self, address: bytes) -> bool:
        """Return whether a packed address (4 or 16 bytes) is a resolver's."""
        return self.name(address) is not None

    def name(self, address: bytes) -> str | None:
        """Return the resolver's name for people; an IPv4 address in IPv6 counts as what it reaches.

        Source: RFC 4291 2.5.5.2 (mapped), RFC 6052 2.1 (translated under the well-known prefix).
        """
        if len(address) == 16 and address.startswith((_MAPPED, _TRANSLATED)):
            address = address[12:]
        found = self.machines.get(address)
        if found is not None:
            return found
        for shift, names in self.subnets.get(len(address), ()):
            found = names.get(int.from_bytes(address) >> shift)
            if found is not None:
                return found
        return None


def compiled(networks: Iterable[tuple[Network, str]]) -> ResolverAddresses:
    """Return the set of networks, each with a resolver's name; the more specific one names an address."""
    machines: dict[bytes, str] = {}
    by_shift: dict[tuple[int, int], dict[int, str]] = {}
    for network, name in networks:
        packed = network.network_address.packed
        shift = network.max_prefixlen - network.prefixlen
        if shift:
            by_shift.setdefault((len(packed), shift), {})[int.from_bytes(packed) >> shift] = name
        else:
            machines[packed] = name
    subnets = {
        width: tuple((shift, names) for (w, shift), names in sorted(by_shift.items()) if w == width)
        for width in sorted({width for width, _ in by_shift})
    }
    return ResolverAddresses(machines, subnets)
