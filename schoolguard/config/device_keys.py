"""Devices by MAC address, where they are learnt from, and the forwarders that are believed.

It opens no lease file and asks no kernel: it looks only whether the files are there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from schoolguard.config.addresses import AddressType
from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.scalars import Choice, Flag, Text
from schoolguard.config.tree import is_file, is_folder
from schoolguard.config.types import Fields, Key, ListOf, Schema, Section, TextType
from schoolguard.devices.model import (
    DeviceSources,
    Forwarder,
    LeaseFile,
    LeaseFormat,
    Takes,
    is_device,
    is_randomised,
    text_of_mac,
)
from schoolguard.language import N_
from schoolguard.settings import Endpoint

_FORM = "aa:bb:cc:dd:ee:ff, aa-bb-cc-dd-ee-ff, aabb.ccdd.eeff"
_PATTERN = (
    "[0-9a-fA-F]{2}(?:(?::[0-9a-fA-F]{2}){5}|(?:-[0-9a-fA-F]{2}){5})|[0-9a-fA-F]{4}(?:[.][0-9a-fA-F]{4}){2}"
)
_WRITTEN = re.compile(_PATTERN)


@dataclass(frozen=True, slots=True)
class MacType(TextType[bytes]):
    """The MAC address of one device, as six bytes."""

    @property
    def label(self) -> str:
        """``MAC address``."""
        return "MAC address"

    def parse(self, text: str) -> bytes:
        """Return the address; no device has zero or a multicast address."""
        digits = re.sub("[:.-]", "", text)
        written = bytes.fromhex(digits) if re.fullmatch("[0-9a-fA-F]{12}", digits) else None
        if written is None or not _WRITTEN.fullmatch(text):
            meant = text_of_mac(written) if written is not None and is_device(written) else None
            raise Wrong(N_("this is no MAC address"), found=text, accepted=_FORM, suggestion=meant)
        if not is_device(written):
            raise Wrong(N_("no device has this MAC address"), found=text, accepted=_FORM)
        return written

    def schema(self) -> Schema:
        """Return a text's schema."""
        return {"type": "string", "pattern": f"^(?:{_PATTERN})$"}

    def show(self, value: bytes) -> str:
        """Return the address with colons, quoted: YAML 1.1 takes some for numbers."""
        return f'"{text_of_mac(value)}"'


GROUP_DEVICES = Key(
    "devices",
    ListOf(MacType(), most=2_000),
    "MAC addresses of devices that are in this group wherever they are, whatever address they have.",
    otherwise="none",
)

NEIGHBOURS = Key(
    "neighbours",
    Flag(),
    "Learn devices from this machine's neighbour table, which knows those on its own links.",
    default=True,
)
LEASE_FILE = Key("file", Text("path", most=400), "The lease file, from the root of the file system.")
LEASE_FORMAT = Key(
    "format",
    Choice(tuple(LeaseFormat)),
    "Whose lease file it is; auto looks at what stands in it.",
    LeaseFormat.AUTO.value,
)
LEASES = Key(
    "leases",
    ListOf(Section((LEASE_FILE, LEASE_FORMAT)), most=16),
    "Lease files of DHCP servers on this machine (dnsmasq, Kea, ISC dhcpd), followed as they change.",
    otherwise="none",
)
DEVICE_SOURCES = Key(
    "devices",
    Section((NEIGHBOURS, LEASES)),
    "What tells which device has an address, for the groups that name devices.",
    otherwise="the defaults below",
)

FORWARDER_ADDRESS = Key("address", AddressType(), "Where its queries come from.")
TAKES = Key(
    "takes",
    ListOf(Choice(tuple(Takes)), least=1, most=len(Takes)),
    "What it is believed: the client's whole address (EDNS Client Subnet), its MAC (dnsmasq's option), or a"
    " PROXY header version 2, which must then stand before every query of this forwarder.",
)
FORWARDERS = Key(
    "forwarders",
    ListOf(Section((FORWARDER_ADDRESS, TAKES)), most=64),
    "Resolvers and balancers that ask for others and say for whom; nobody else is believed.",
    otherwise="none",
)


def device_sources_of(fields: Fields, out: Collector) -> DeviceSources:
    """Return where the gateway's section (``fields`` of the whole file) has devices learnt from."""
    section = fields.section(DEVICE_SOURCES)
    given = section.given(LEASES)
    files: dict[Path, LeaseFile] = {}
    for entry, _ in given.value if given else ():
        file = entry.given(LEASE_FILE)
        if file is None:
            continue
        path = Path(file.value)
        if path in files:
            out.error(file.mark, Wrong(N_("this lease file stands twice"), found=file.value))
        elif _is_usable(file, path, out):
            files[path] = LeaseFile(path, LeaseFormat(entry.value(LEASE_FORMAT)))
    return DeviceSources(section.value(NEIGHBOURS), tuple(files.values()))


def _is_usable(file: At[str], path: Path, out: Collector) -> bool:
    if not path.is_absolute() or ".." in path.parts:
        msgid = N_("a lease file is named from the root of the file system")
        out.error(file.mark, Wrong(msgid, found=file.value, accepted="/var/lib/misc/dnsmasq.leases"))
        return False
    if is_folder(path):
        out.error(file.mark, Wrong(N_("this is a folder, not a lease file"), found=file.value))
        return False
    if not is_file(path):
        msgid = N_("the lease file is not there yet; it is read as soon as it is")
        out.warning(file.mark, Wrong(msgid, found=file.value))
    elif not os.access(path, os.R_OK):
        out.warning(file.mark, Wrong(N_("this user may not read the lease file"), found=file.value))
    return True


def forwarders_of(fields: Fields, listening: Iterable[Endpoint], out: Collector) -> tuple[Forwarder, ...]:
    """Return the forwarders of the gateway's file; ``listening`` are the gateway's own endpoints."""
    families = {ip_address(endpoint.host).version for endpoint in listening}
    given = fields.given(FORWARDERS)
    found: list[Forwarder] = []
    places: dict[bytes, int] = {}
    for entry, _ in given.value if given else ():
        address, takes = entry.given(FORWARDER_ADDRESS), entry.given(TAKES)
        if address is None or takes is None:
            continue
        text, packed = str(address.value), address.value.packed
        if packed in places:
            msgid = N_("this forwarder stands in line {first} already")
            out.error(address.mark, Wrong(msgid, found=text, first=places[packed]))
            continue
        places[packed] = address.mark.line
        if address.value.is_global:
            msgid = N_("this forwarder's address is public: whoever can forge it can ask as anybody")
            out.warning(address.mark, Wrong(msgid, found=text))
        if families and address.value.version not in families:
            msgid = N_("no address in `listen` can be reached from this forwarder")
            out.warning(address.mark, Wrong(msgid, found=text))
        if _is_consistent(takes, out):
            found.append(Forwarder(packed, frozenset(Takes(at.value) for at in takes.value)))
    return tuple(found)


def _is_consistent(takes: At[tuple[At[str], ...]], out: Collector) -> bool:
    words = [at.value for at in takes.value]
    if not words:
        return False
    for place, (word, mark) in enumerate(takes.value):
        if word in words[:place]:
            out.warning(mark, Wrong(N_("this word stands twice"), found=word))
    if Takes.CLIENT_SUBNET in words and Takes.PROXY_V2 in words:
        msgid = N_("client-subnet and proxy-v2 both tell the client's address; keep one")
        out.error(takes.mark, Wrong(msgid, found=", ".join(words)))
        return False
    return True


def check_devices(owners: Iterable[tuple[str, Iterable[At[bytes]]]], out: Collector) -> None:
    """Record devices in two groups, twice in one, or with an address that they will change.

    ``owners`` are the groups by a name that people know them by, with their devices.
    """
    first: dict[bytes, tuple[str, At[bytes]]] = {}
    for owner, devices in owners:
        for device in devices:
            found = text_of_mac(device.value)
            if other := first.get(device.value):
                _twice(owner, other, device, out)
                continue
            first[device.value] = owner, device
            if is_randomised(device.value):
                msgid = N_(
                    "this MAC address is a random one (locally administered), as phones draw for each"
                    " network and change; switch private addresses off for this network on the device"
                )
                out.warning(device.mark, Wrong(msgid, found=found))


def _twice(owner: str, other: tuple[str, At[bytes]], device: At[bytes], out: Collector) -> None:
    found = text_of_mac(device.value)
    name, at = other
    if name == owner:
        out.warning(device.mark, Wrong(N_("this device stands twice in its group"), found=found))
        return
    msgid = N_("the group {owner} has this device as well ({path}:{line}); it can be in one group only")
    wrong = Wrong(msgid, owner=name, path=at.mark.path, line=at.mark.line, found=found)
    out.error(device.mark, wrong)
