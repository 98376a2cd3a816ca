"""A network of the test's own: a namespace for the gateway, one for a client, a cable between them.

Needs root. Nothing of it is left behind, and no packet leaves it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.servers import program

_CLONE_NEWNET = 0x40000000

CLIENT_MAC = "00:16:3e:00:00:01"
GATEWAY_MAC = "00:16:3e:00:00:fe"
MAC = bytes.fromhex(CLIENT_MAC.replace(":", ""))


def ip(*arguments: str) -> str:
    """Run iproute2's ``ip`` and return what it prints."""
    ran = subprocess.run([program("ip"), *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"ip {' '.join(arguments)}: {ran.stderr}"
    return ran.stdout


@dataclass(frozen=True)
class Network:
    """Two namespaces: the gateway's with link ``lan``, the client's with link ``nic``."""

    gateway: str
    client: str

    def at_gateway(self, *arguments: str) -> str:
        """Run ``ip`` in the gateway's namespace."""
        return ip("-n", self.gateway, *arguments)

    def at_client(self, *arguments: str) -> str:
        """Run ``ip`` in the client's namespace."""
        return ip("-n", self.client, *arguments)

    def give(self, gateway: str = "", client: str = "") -> None:
        """Add addresses with prefix to the links; those of IPv6 without waiting for others to object."""
        for run, link, address in ((self.at_gateway, "lan", gateway), (self.at_client, "nic", client)):
            if address:
                nodad = ["nodad"] if ":" in address else []
                run("address", "add", address, "dev", link, *nodad)

    def ping(self, address: str, source: str = "") -> None:
        """Send a datagram from the client to the gateway, which makes both ask for each other's MAC."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with inside(self.client), socket.socket(family, socket.SOCK_DGRAM) as sock:
            if source:
                sock.bind((source, 0))
            sock.sendto(b"?", socket.getaddrinfo(address, 9, family, socket.SOCK_DGRAM)[0][4])


@contextlib.contextmanager
def inside(name: str) -> Iterator[None]:
    """Be in a network namespace: sockets and processes made meanwhile are in it."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        target = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(target)
        finally:
            os.close(target)
        try:
            yield
        finally:
            _enter(home)
    finally:
        os.close(home)


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Make the namespaces and their links, up and with link-local addresses; skip if that is forbidden."""
    made = Network(f"sg-g{os.getpid()}", f"sg-c{os.getpid()}")
    with contextlib.ExitStack() as stack:
        for name in (made.gateway, made.client):
            try:
                ip("netns", "add", name)
            except AssertionError as error:
                pytest.skip(f"network namespaces are not permitted here: {error}")
            stack.callback(ip, "netns", "delete", name)
        made.at_gateway(
            *("link", "add", "lan", "address", GATEWAY_MAC, "type", "veth"),
            *("peer", "name", "nic", "address", CLIENT_MAC, "netns", made.client),
        )
        for name, link in ((made.gateway, "lan"), (made.client, "nic")):
            # The kernel would try its own link-local address for a second before it may be used.
            ip("-n", name, "link", "set", link, "addrgenmode", "none")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", link, "up")
        made.give("fe80::1/64", "fe80::7/64")
        yield made


@pytest.fixture
def net() -> Iterator[Network]:
    """The network."""
    with network() as made:
        yield made
