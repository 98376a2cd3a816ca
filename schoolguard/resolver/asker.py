"""Who asks: the sender of a packet, or the client that a trusted forwarder says it asks for.

It must not decide whom to trust; the configuration does, and a forwarder is believed no more than that.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from schoolguard.devices.model import Takes
from schoolguard.dns.forwarded import echo_subnet, forwarded_client, proxy_header
from schoolguard.policy.clients import Listener
from schoolguard.resolver.client import Client
from schoolguard.resolver.rules import Rules


class Asker(NamedTuple):
    """A packed address, the MAC that a forwarder told with it, where the packet came in, and whether the
    asker sits ``behind`` a forwarder."""

    address: bytes
    mac: bytes | None
    listener: Listener | None
    behind: bool = False

    def admitted(self, rules: Rules) -> Client | None:
        """Return the client that this is, ``None`` when no group serves it."""
        if self.behind:
            return rules.admit_behind(self.address, self.mac, self.listener)
        return rules.admit(self.address, self.listener)


def behind(packet: bytes, sender: Asker, takes: Collection[Takes], udp: bool) -> tuple[Asker, bytes, bytes]:
    """Return for whom a forwarder asks, its packet without PROXY header, and the options to echo.

    A query that names no client is the forwarder's own. Raises ``Malformed`` and ``Incomplete``: then nobody
    knows who asks, and a guess could give one pupil another's rights. Over TCP the PROXY header came before.
    """
    address, mac, echo = sender.address, sender.mac, b""
    if udp and Takes.PROXY_V2 in takes:
        header = proxy_header(packet)
        packet = packet[header.size :]
        address = header.address or address
    if Takes.CLIENT_SUBNET in takes or Takes.MAC in takes:
        told = forwarded_client(packet)
        if Takes.CLIENT_SUBNET in takes:
            address = told.address or address
            echo = echo_subnet(told.subnet) if told.subnet is not None else b""
        if Takes.MAC in takes:
            mac = told.mac or mac
    return Asker(address, mac, sender.listener, (address, mac) != (sender.address, sender.mac)), packet, echo
