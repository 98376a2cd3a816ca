"""Unpacking: what comes out is what went in, whatever the block sizes; rubbish is refused, never more."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from ipaddress import ip_address, ip_network

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.subscriptions.addresses import may_connect
from schoolguard.intake.subscriptions.model import FetchRefused
from schoolguard.intake.subscriptions.unpack import unpacked


def unpack(content: bytes, most: int = 1 << 22) -> bytes:
    return b"".join(unpacked(io.BytesIO(content), member="domains", most=most, ratio=200))


def plain(content: bytes) -> bytes:
    return content


PACKERS = [plain, gzip.compress, lzma.compress, zstandard.compress]


@settings(max_examples=60, deadline=None)
@given(st.text("abc.\n", max_size=200), st.integers(1, 3_000), st.sampled_from(PACKERS))
def test_what_goes_in_comes_out(text: str, times: int, packer: object) -> None:
    content = text.encode() * times
    assert callable(packer)
    assert unpack(packer(content)) == content


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", bytes(257) + b"ustar"]),
    st.binary(max_size=600),
)
def test_rubbish_is_refused_or_small(magic: bytes, rest: bytes) -> None:
    reason, size = "", 0
    try:
        size = len(unpack(magic + rest, 1 << 16))
    except FetchRefused as error:
        reason = error.reason
    assert reason in ("", "damaged", "too-large", "ratio", "no-member")
    assert size <= 1 << 16


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(PACKERS[1:]))
def test_a_changed_archive_never_gives_other_bytes_without_a_word(
    data: st.DataObject, packer: object
) -> None:
    assert callable(packer)
    content = b"bet.example\n" * 400
    packed = bytearray(packer(content))
    packed[data.draw(st.integers(6, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = unpack(bytes(packed))
    except FetchRefused:
        return
    # A zstd frame need not have a checksum; a gzip header's time and name are covered by none.
    assert found == content or packer is zstandard.compress


def test_a_member_of_a_tape_is_found_by_name_or_path_and_nothing_else_is_taken() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tape:
        for name, kind, link in (
            ("../../etc/domains-no", tarfile.REGTYPE, ""),
            ("x/domains", tarfile.SYMTYPE, "/etc/passwd"),
            ("x/domains", tarfile.DIRTYPE, ""),
            ("x/domains", tarfile.REGTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            member.size = 3 if kind == tarfile.REGTYPE else 0
            tape.addfile(member, io.BytesIO(b"a.b"))
    assert unpack(out.getvalue()) == b"a.b"
    assert unpack(bz2.compress(b"a")) == bz2.compress(b"a"), (
        "what is not known is passed on, and refused later"
    )


def test_a_tape_with_an_endless_header_takes_no_memory() -> None:
    member = tarfile.TarInfo("x")
    member.type, member.size = b"x", 7 << 30
    head = member.tobuf(format=tarfile.GNU_FORMAT)
    with pytest.raises(FetchRefused):
        unpack(gzip.compress(head + bytes(3 << 20)))


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("64:ff9b::101:101", True),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("100.100.100.200", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("2001::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
    ],
)
def test_threat_43_public_addresses_only(address: str, allowed: bool) -> None:
    assert may_connect(ip_address(address)) is allowed


def test_threat_43_a_permitted_network_never_holds_metadata() -> None:
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    assert may_connect(ip_address("10.0.0.1"), everything)
    assert not may_connect(ip_address("169.254.169.254"), everything)
    assert not may_connect(ip_address("fd00:ec2::254"), everything)
