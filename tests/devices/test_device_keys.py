"""Devices, their sources and forwarders in YAML: what is read, and what is said of what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schoolguard.config.device_keys import (
    DEVICE_SOURCES,
    FORWARDERS,
    GROUP_DEVICES,
    MacType,
    check_devices,
    device_sources_of,
    forwarders_of,
)
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.nodes import read_nodes
from schoolguard.config.types import Fields, Section
from schoolguard.devices.model import DeviceSources, Forwarder, LeaseFile, LeaseFormat, Takes
from schoolguard.settings import Endpoint

SECTION = Section((DEVICE_SOURCES, FORWARDERS))
MAC = bytes.fromhex("00163e0000ab")


def read(text: str, out: Collector) -> Fields:
    node = read_nodes(text, "schoolguard.yaml", out)
    assert node is not None
    return SECTION.read(node, out)


def told(out: Collector) -> list[tuple[int, str]]:
    return [(finding.line, str(finding).partition(": ")[2]) for finding in out.all()]


def only(out: Collector, line: int, words: str) -> None:
    """Assert that there is one finding, in this line, with these words."""
    found = told(out)
    assert len(found) == 1, found
    assert found[0][0] == line
    assert words in found[0][1]


@pytest.mark.parametrize("text", ["00:16:3e:00:00:ab", "00-16-3E-00-00-AB", "0016.3e00.00ab"])
def test_a_mac_in_each_spelling(text: str) -> None:
    assert MacType().parse(text) == MAC
    assert re.search(str(MacType().schema()["pattern"]), text)
    assert MacType().show(MAC) == '"00:16:3e:00:00:ab"'


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("00163e0000ab", "00:16:3e:00:00:ab"),
        ("00:16:3e-00-00-ab", "00:16:3e:00:00:ab"),
        ("00:16:3e:00:00", None),
        ("00:16:3e:00:00:ab:cd", None),
        ("0:16:3e:0:0:ab", None),
        ("00:16:3e:00:00:0g", None),
        ("", None),
        ("may của cô", None),
    ],
)
def test_what_is_no_mac(text: str, meant: str | None) -> None:
    with pytest.raises(Wrong, match="no MAC address") as caught:
        MacType().parse(text)
    assert caught.value.suggestion == meant


@pytest.mark.parametrize(
    "text", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:fb", "3333.0000.0001"]
)
def test_macs_that_no_device_has(text: str) -> None:
    with pytest.raises(Wrong, match="no device has"):
        MacType().parse(text)


def test_a_mac_that_yaml_takes_for_a_number_must_be_quoted() -> None:
    out = Collector()
    section = Section((GROUP_DEVICES,))
    node = read_nodes('devices: [10:16:30:00:00:01, "10:16:30:00:00:02"]\n', "a.yaml", out)
    assert node is not None
    fields = section.read(node, out)
    only(out, 1, "in quotes")
    given = fields.given(GROUP_DEVICES)
    assert given is not None
    assert [at.value for at in given.value] == [bytes.fromhex("101630000002")]


def at(text: str, line: int) -> At[bytes]:
    return At(MacType().parse(text), Mark("schools/a.yaml", line))


def test_a_device_in_two_groups_is_an_error_and_twice_in_one_a_warning() -> None:
    out = Collector()
    first, again = at("00:16:3e:00:00:01", 3), at("00-16-3e-00-00-01", 9)
    check_devices([("a/6A", [first]), ("a/6B", [again])], out)
    only(out, 9, "the group a/6A has this device as well (schools/a.yaml:3)")
    assert out.failures == 1
    out = Collector()
    check_devices([("a/6A", [first, again])], out)
    only(out, 9, "stands twice")
    assert out.failures == 0


def test_a_random_mac_is_worth_a_warning() -> None:
    out = Collector()
    check_devices([("a/6A", [at("02:16:3e:00:00:01", 3), at("00:16:3e:00:00:01", 4)])], out)
    only(out, 3, "random")
    assert out.failures == 0


def test_sources_without_a_section_are_the_neighbour_table() -> None:
    out = Collector()
    assert device_sources_of(read("forwarders: []\n", out), out) == DeviceSources()
    assert DeviceSources() == DeviceSources(True, ())
    assert told(out) == []


def test_sources(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).touch()
    text = (
        f"devices:\n  neighbours: false\n  leases:\n    - file: {tmp_path}/a\n"
        f"    - file: {tmp_path}/b\n      format: kea\n"
    )
    out = Collector()
    assert device_sources_of(read(text, out), out) == DeviceSources(
        False, (LeaseFile(tmp_path / "a"), LeaseFile(tmp_path / "b", LeaseFormat.KEA))
    )
    assert told(out) == []


@pytest.mark.parametrize(
    ("entry", "words", "kept"),
    [
        ("file: dnsmasq.leases", "from the root of the file system", False),
        ("file: /var/../etc/x", "from the root of the file system", False),
        ("file: /proc", "a folder", False),
        ("file: /nowhere/x.leases", "not there yet", True),
        ("{file: /nowhere/x, format: udhcpd}", "not one of the words", None),
        ("format: kea", "`file` is missing", None),
    ],
)
def test_sources_that_are_wrong(entry: str, words: str, kept: bool | None) -> None:
    out = Collector()
    found = device_sources_of(read(f"devices:\n  leases:\n    - {entry}\n", out), out)
    assert words in told(out)[0][1]
    assert told(out)[0][0] == 3
    if kept is not None:
        assert len(found.leases) == kept
        assert (out.failures == 0) == kept


def test_a_lease_file_stands_once(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    out = Collector()
    text = f"devices:\n  leases:\n    - file: {tmp_path}/a\n    - file: {tmp_path}/a\n"
    assert len(device_sources_of(read(text, out), out).leases) == 1
    only(out, 4, "stands twice")


LISTENING = (Endpoint("10.1.0.1", 53),)


def test_forwarders() -> None:
    out = Collector()
    text = (
        "forwarders:\n  - {address: 10.1.0.2, takes: [client-subnet, mac]}\n"
        '  - {address: "fd00::2", takes: [proxy-v2]}\n'
    )
    found = forwarders_of(read(text, out), (*LISTENING, Endpoint("::", 53)), out)
    assert found == (
        Forwarder(bytes([10, 1, 0, 2]), frozenset({Takes.CLIENT_SUBNET, Takes.MAC})),
        Forwarder(bytes.fromhex("fd000000000000000000000000000002"), frozenset({Takes.PROXY_V2})),
    )
    assert told(out) == []
    assert forwarders_of(read("devices: {}\n", out), LISTENING, out) == ()


@pytest.mark.parametrize(
    ("entry", "words", "count"),
    [
        ("{address: 10.1.0.2, takes: []}", "at least 1", 0),
        ("{address: 10.1.0.2}", "`takes` is missing", 0),
        ("{address: 10.1.0.2, takes: [ecs]}", "not one of the words", 0),
        ("{address: dnsmasq, takes: [mac]}", "no IP address", 0),
        ("{address: 10.1.0.2, takes: [client-subnet, proxy-v2]}", "keep one", 0),
        ("{address: 10.1.0.2, takes: [mac, mac]}", "stands twice", 1),
        ("{address: 8.8.8.8, takes: [mac]}", "public", 1),
        ('{address: "fd00::2", takes: [mac]}', "no address in `listen`", 1),
    ],
)
def test_forwarders_that_are_wrong(entry: str, words: str, count: int) -> None:
    out = Collector()
    found = forwarders_of(read(f"forwarders:\n  - {entry}\n", out), LISTENING, out)
    only(out, 2, words)
    assert len(found) == count
    assert (out.failures == 0) == bool(count)


def test_a_forwarder_stands_once() -> None:
    out = Collector()
    text = "forwarders:\n" + "  - {address: 10.1.0.2, takes: [mac]}\n" * 2
    assert len(forwarders_of(read(text, out), LISTENING, out)) == 1
    only(out, 3, "in line 2")
