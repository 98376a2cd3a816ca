"""The type of a subnet whose clients are served. It must not compare subnets with each other."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from schoolguard.config.addresses import address_of, unmapped
from schoolguard.config.finding import Wrong
from schoolguard.config.types import Schema, TextType
from schoolguard.language import N_

Network = IPv4Network | IPv6Network

_FORM = "10.1.0.0/24, 2001:db8:1::/64, 10.1.0.7"
_WIDEST = {4: 8, 6: 16}
"""Shortest prefix served: nothing wider is one school's, and an open resolver is a weapon (RFC 5358)."""


@dataclass(frozen=True, slots=True)
class NetworkType(TextType[Network]):
    """A subnet, or one address, whose clients are a group's."""

    @property
    def label(self) -> str:
        """``subnet or IP address``."""
        return "subnet or IP address"

    def parse(self, text: str) -> Network:
        """Return the network; host bits, netmasks and networks no school has are refused."""
        head, slash, prefix = text.partition("/")
        address = address_of(head)
        if address is None or (slash and not re.fullmatch(r"0|[1-9][0-9]{0,2}", prefix)):
            raise Wrong(N_("this is no subnet"), found=text, accepted=_FORM, suggestion=_masked(text))
        unmapped(address, text)
        length = int(prefix) if slash else address.max_prefixlen
        if length > address.max_prefixlen:
            raise Wrong(
                N_("the prefix is longer than the address"),
                found=text,
                accepted=f"/{_WIDEST[address.version]}–/{address.max_prefixlen}",
            )
        network = ipaddress.ip_network((address, length), strict=False)
        if network.network_address != address:
            raise Wrong(
                N_("host bits are set: write {network} for the subnet, or {address} for one machine"),
                found=text,
                network=str(network),
                address=head,
                suggestion=str(network),
            )
        return _served(network, text)

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "pattern": "^[0-9a-fA-F.:]+(?:/[0-9]{1,3})?$"}


def _served(network: Network, text: str) -> Network:
    widest = _WIDEST[network.version]
    if network.prefixlen < widest:
        raise Wrong(
            N_("this subnet is too wide to be a school's; strangers would be served"),
            found=text,
            accepted=f"/{widest}–/{network.max_prefixlen}",
        )
    if network.is_multicast or network.network_address.is_unspecified:
        raise Wrong(N_("no client has an address in this subnet"), found=text, accepted=_FORM)
    return network


def _masked(text: str) -> str | None:
    try:
        return str(ipaddress.IPv4Network(text, strict=False))
    except ValueError:
        return None
