"""Types of addresses and endpoints. They look nothing up and open no socket."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from schoolguard.config.finding import Wrong
from schoolguard.config.types import Schema, TextType
from schoolguard.language import N_
from schoolguard.settings import Endpoint

Address = IPv4Address | IPv6Address

_ENDPOINT_FORM = "ADDRESS@PORT (10.1.0.1@53, ::1@53)"
_OTHER_ENDPOINTS = re.compile(
    r"\[([0-9a-fA-F:.]+)\][:@]([0-9]{1,5})|([0-9.]+)[:#]([0-9]{1,5})|([0-9a-fA-F:]+)#([0-9]{1,5})"
)


def address_of(text: str) -> Address | None:
    """Return an address, or ``None`` when the text is none; a zone (``%eth0``) is none."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def unmapped(address: Address, text: str) -> Address:
    """Return the address; raises ``Wrong`` for IPv4 written as IPv6 (``::ffff:10.1.0.1``)."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None:
        raise Wrong(
            N_("write an IPv4 address as such"),
            found=text,
            suggestion=text.replace(text.split("@", maxsplit=1)[0], str(mapped)),
        )
    return address


@dataclass(frozen=True, slots=True)
class AddressType(TextType[Address]):
    """An IPv4 or IPv6 address of one machine."""

    @property
    def label(self) -> str:
        """``IP address``."""
        return "IP address"

    def parse(self, text: str) -> Address:
        """Return the address."""
        address = address_of(text)
        if address is None:
            raise Wrong(N_("this is no IP address"), found=text, accepted="10.1.0.1, 2001:db8::1")
        if address.is_unspecified or address.is_multicast:
            raise Wrong(N_("this address is not one machine's"), found=text, accepted="10.1.0.1, 2001:db8::1")
        return unmapped(address, text)

    def schema(self) -> Schema:
        """Return an address's schema."""
        return {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}


@dataclass(frozen=True, slots=True)
class EndpointType(TextType[Endpoint]):
    """``ADDRESS@PORT``; IPv6 stands plain before the ``@``. ``any_address`` admits 0.0.0.0 and ::."""

    any_address: bool = False

    @property
    def label(self) -> str:
        """``ADDRESS@PORT``."""
        return "ADDRESS@PORT"

    def parse(self, text: str) -> Endpoint:
        """Return the endpoint, its address in canonical text."""
        host, at, port = text.rpartition("@")
        address = address_of(host)
        if not at or address is None:
            raise Wrong(
                N_("this is no address with a port"),
                found=text,
                accepted=_ENDPOINT_FORM,
                suggestion=_meant(text),
            )
        if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65_535:
            raise Wrong(N_("the port is out of range"), found=text, accepted="1–65535")
        unmapped(address, text)
        if address.is_multicast or (address.is_unspecified and not self.any_address):
            raise Wrong(N_("this address is not one machine's"), found=text, accepted=_ENDPOINT_FORM)
        return Endpoint(str(address), int(port))

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "pattern": "^[0-9a-fA-F.:]+@[0-9]{1,5}$"}

    def show(self, value: Endpoint) -> str:
        """Return the endpoint, quoted when YAML needs it."""
        text = f"{value.host}@{value.port}"
        return f'"{text}"' if text.startswith(":") else text


def _meant(text: str) -> str | None:
    if address_of(text) is not None:
        return f"{text}@53"
    if match := _OTHER_ENDPOINTS.fullmatch(text):
        host, port = [group for group in match.groups() if group]
        return f"{host}@{port}" if address_of(host) is not None else None
    return None
