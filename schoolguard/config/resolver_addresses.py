"""``blocklists/resolver-addresses.yaml`` as a set of addresses. It must not say what is done with one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schoolguard.config.finding import Collector, Mark, Wrong
from schoolguard.config.scalars import Text
from schoolguard.config.subnets import Network, NetworkType
from schoolguard.config.tree import read_section
from schoolguard.config.types import Fields, Key, ListOf, Schema, Section, TextType
from schoolguard.dns.resolver_addresses import ResolverAddresses, compiled
from schoolguard.language import N_

FILE_NAME = "resolver-addresses.yaml"

_WIDEST = {4: 22, 6: 32}
"""Shortest prefix taken: what is wider is a provider's whole network, with other services in it."""


@dataclass(frozen=True, slots=True)
class ResolverNetwork(TextType[Network]):
    """An address or a small subnet of a resolver."""

    @property
    def label(self) -> str:
        """As every subnet's."""
        return NetworkType().label

    def parse(self, text: str) -> Network:
        """Return the network."""
        network = NetworkType().parse(text)
        widest = _WIDEST[network.version]
        if network.prefixlen < widest:
            msgid = N_("this subnet is too wide to hold nothing but resolvers")
            raise Wrong(msgid, found=text, accepted=f"/{widest}–/{network.max_prefixlen}")
        return network

    def schema(self) -> Schema:
        """As every subnet's."""
        return NetworkType().schema()


NAME = Key("name", Text(most=60), "The resolver's name for people.")
ADDRESSES = Key(
    "addresses",
    ListOf(ResolverNetwork(), least=1, most=200),
    "Addresses and subnets that serve nothing but DNS.",
)
SOURCE = Key("source", Text(most=400), "Who says that these are its addresses.")
RESOLVERS = Key(
    "resolvers", ListOf(Section((NAME, ADDRESSES, SOURCE)), most=500), "Public resolvers and their addresses."
)
ADDRESSES_FILE = Section((RESOLVERS,))


def resolver_addresses_of(blocklists: Path, out: Collector) -> ResolverAddresses:
    """Return the addresses in the folder of lists; what is wrong is recorded and left out."""
    fields = read_section(blocklists, FILE_NAME, ADDRESSES_FILE, out)
    return ResolverAddresses() if fields is None else compiled(_networks(fields, out))


def _networks(fields: Fields, out: Collector) -> Iterator[tuple[Network, str]]:
    marks: dict[Network, Mark] = {}
    given = fields.given(RESOLVERS)
    for resolver, _ in given.value if given else ():
        name, addresses = resolver.given(NAME), resolver.given(ADDRESSES)
        for network, mark in addresses.value if addresses else ():
            if (first := marks.setdefault(network, mark)) is not mark:
                msgid = N_("this address stands twice, first in line {first}")
                out.error(mark, Wrong(msgid, found=str(network), first=first.line))
            elif name is not None:
                yield network, name.value
