"""Where a message came from, as configurations write addresses. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address


def source_of(host: str) -> IPv4Address | IPv6Address:
    """Return a socket peer's address: without a zone, and IPv4 as such on an IPv6 socket too."""
    address = ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
