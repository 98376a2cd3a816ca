"""Which IP addresses a list may be fetched from. It must not resolve a name.

A list's address, or a redirect of it, must not make the gateway talk to the school's own machines or to a
cloud's metadata service (threat 43).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

from schoolguard.intake.subscriptions.model import Network

Address = IPv4Address | IPv6Address

_NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "fe80::/10",
        "100.100.100.200/32",  # Alibaba Cloud's metadata
        "fd00:ec2::254/128",  # Amazon's metadata over IPv6
        "224.0.0.0/4",
        "ff00::/8",
        "0.0.0.0/8",
        "::/128",
    )
)
"""What no setting can permit."""

_TUNNELS = (ip_network("2002::/16"), ip_network("2001::/32"))
"""6to4 and Teredo: an IPv4 address behind relays of nobody's."""
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))


def may_connect(address: Address, permitted: tuple[Network, ...] = ()) -> bool:
    """Return whether a list may be fetched from this address."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return may_connect(address.ipv4_mapped, permitted)
        if any(address in network for network in _NAT64):
            return may_connect(IPv4Address(int(address) & 0xFFFFFFFF), permitted)
        if any(address in network for network in _TUNNELS):
            return False
        address = IPv6Address(int(address))  # without a zone index
    if any(address in network for network in _NEVER):
        return False
    if any(address in network for network in permitted):
        return True
    return address.is_global and not address.is_multicast and not address.is_reserved
