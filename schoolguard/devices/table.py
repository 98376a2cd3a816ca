"""Which device has an address, from all that is known. Pure: it reads nothing and knows no clock.

What tells, best first:

1. the neighbour table, now: the kernel itself asked on the link;
2. a lease: a DHCP server gave the address to this device;
3. the neighbour table a short while ago (``HOLD``). The kernel throws entries away that are not in use (from
   128 on, after a minute), which says nothing of the device; one that did not answer is forgotten at once.

An IPv6 address that looks made of a MAC (EUI-64) tells nothing: anyone can give himself one. A link-local
address may be another device's on each link; the link that spoke last is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Final, NamedTuple

from schoolguard.devices.lease import Lease
from schoolguard.devices.neighbour import Neighbour, Standing

MOST: Final = 20_000
"""Addresses kept; a kernel keeps some 1,000 neighbours of each family (``gc_thresh3``)."""

HOLD: Final = 300.0
"""Seconds for which an entry that the kernel threw away is still believed, if nothing else is known."""


class Changes(NamedTuple):
    """What is different since the last time: MACs by address, and addresses that nobody is known to have."""

    set: Mapping[bytes, bytes]
    gone: tuple[bytes, ...]

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.set or self.gone)


class Devices:
    """Addresses and MACs, packed; times are Unix seconds.

    ``moved`` counts addresses that went from one device to another, ``left_out`` those for which there was
    no room.
    """

    def __init__(self, most: int = MOST, hold: float = HOLD) -> None:
        self.moved = 0
        self.left_out = 0
        self._most = most
        self._hold = hold
        self._seen: dict[bytes, dict[int, bytes]] = {}
        self._leases: dict[str, dict[bytes, Lease]] = {}
        self._held: dict[bytes, tuple[bytes, float]] = {}
        self._macs: dict[bytes, bytes] = {}
        self._touched: dict[bytes, bytes | None] = {}

    def __len__(self) -> int:
        """Return how many addresses have a known device."""
        return len(self._macs)

    def mac_of(self, address: bytes) -> bytes | None:
        """Return the MAC of the device that has an address, if it is known."""
        return self._macs.get(address)

    def tell(self, neighbour: Neighbour, now: float) -> None:
        """Take what the kernel says of a neighbour."""
        link, address, mac, standing = neighbour
        links = self._seen.get(address, {})
        former = links.pop(link, None)
        if mac is not None and self._has_room(address):
            links[link] = mac  # the newest stands last
            self._seen[address] = links
            self._held.pop(address, None)
        elif not links:
            self._seen.pop(address, None)
            if standing is Standing.FAILED:
                self._held.pop(address, None)
            elif former is not None and self._hold > 0:
                self._held[address] = former, now + self._hold
        self._settle(address)

    def only(self, present: Iterable[tuple[int, bytes]], now: float) -> None:
        """Take a whole neighbour table's links and addresses: what is in none of them is forgotten."""
        kept = frozenset(present)
        entries = [(link, address) for address, links in self._seen.items() for link in links]
        for link, address in entries:
            if (link, address) not in kept:
                self.tell(Neighbour(link, address, None, Standing.FORGOTTEN), now)

    def lease(self, source: str, leases: Mapping[bytes, Lease], now: float) -> None:
        """Take all leases of one file in place of its former ones."""
        former = self._leases.get(source, {})
        valid = {address: lease for address, lease in leases.items() if not _ended(lease, now)}
        for address in list(valid)[self._most :]:
            del valid[address]
            self.left_out += 1
        self._leases[source] = valid
        for address in [*former, *valid]:
            if former.get(address) != valid.get(address) or address not in self._macs:
                self._settle(address)

    def expire(self, now: float) -> None:
        """Forget leases that have ended and neighbours that were held long enough."""
        for leases in self._leases.values():
            for address in [address for address, lease in leases.items() if _ended(lease, now)]:
                del leases[address]
                self._settle(address)
        for address in [address for address, (_, until) in self._held.items() if until <= now]:
            del self._held[address]
            self._settle(address)

    def changes(self) -> Changes:
        """Return what is different since the last call."""
        touched, self._touched = self._touched, {}
        given = {}
        gone = []
        for address, former in touched.items():
            mac = self._macs.get(address)
            if mac is None and former is not None:
                gone.append(address)
            elif mac is not None and mac != former:
                given[address] = mac
        return Changes(given, tuple(gone))

    def _has_room(self, address: bytes) -> bool:
        """Return whether an address may be kept; the one that was held longest gives way to a new one."""
        if address in self._macs or len(self._macs) < self._most:
            return True
        for oldest in self._held:
            del self._held[oldest]
            self._settle(oldest)
            if len(self._macs) < self._most:
                return True
            break
        self.left_out += 1
        return False

    def _settle(self, address: bytes) -> None:
        """Find out anew whose an address is."""
        former = self._macs.get(address)
        mac = self._best(address)
        if mac == former:
            return
        if mac is None:
            del self._macs[address]
        elif former is None and not self._has_room(address):
            return
        else:
            self._macs[address] = mac
            self.moved += former is not None
        self._touched.setdefault(address, former)

    def _best(self, address: bytes) -> bytes | None:
        if links := self._seen.get(address):
            return next(reversed(links.values()))
        found = [leases[address] for leases in self._leases.values() if address in leases]
        if found:
            return max(found, key=_end).mac
        held = self._held.get(address)
        return held[0] if held else None


def _end(lease: Lease) -> float:
    return inf if lease.expires is None else lease.expires


def _ended(lease: Lease, now: float) -> bool:
    return _end(lease) <= now
