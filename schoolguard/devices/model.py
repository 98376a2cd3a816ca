"""Where devices are learnt from and which forwarders are believed, as frozen values. Imports nothing here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

MAC_SIZE: Final = 6
_GROUP_BIT: Final = 0x01
_LOCAL_BIT: Final = 0x02


class LeaseFormat(StrEnum):
    """Whose lease file it is; ``AUTO`` looks at what stands in it."""

    AUTO = "auto"
    DNSMASQ = "dnsmasq"
    KEA = "kea"
    ISC = "isc"


@dataclass(frozen=True, slots=True)
class LeaseFile:
    """A lease file to follow, by absolute path; it may be missing for now."""

    file: Path
    format: LeaseFormat = LeaseFormat.AUTO


@dataclass(frozen=True, slots=True)
class DeviceSources:
    """What tells which device has an address."""

    neighbours: bool = True
    leases: tuple[LeaseFile, ...] = ()


class Takes(StrEnum):
    """What is believed of a forwarder."""

    CLIENT_SUBNET = "client-subnet"
    MAC = "mac"
    PROXY_V2 = "proxy-v2"


@dataclass(frozen=True, slots=True)
class Forwarder:
    """A resolver or balancer that may say for whom it asks; ``address`` is packed (4 or 16 bytes)."""

    address: bytes
    takes: frozenset[Takes]


def is_device(mac: bytes) -> bool:
    """Return whether these bytes can be one device's MAC: six, not all zero, not a multicast address."""
    return len(mac) == MAC_SIZE and not mac[0] & _GROUP_BIT and any(mac)


def is_randomised(mac: bytes) -> bool:
    """Return whether a MAC is locally administered, as those are that phones draw for each network.

    Source: IEEE 802-2014 8.4; virtual machines have such addresses too, and keep them.
    """
    return mac[0] & _LOCAL_BIT != 0


def text_of_mac(mac: bytes) -> str:
    """Return a MAC as people write it: ``aa:bb:cc:dd:ee:ff``."""
    return mac.hex(":")
