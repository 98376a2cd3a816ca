"""UDP and TCP as transports: sizes, truncation, what is not a plain question, wildcard listeners."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ask import Asker, packet, wire
from tests.servers import Gateway, free_port, serving
from tests.site import PRIMARY, STAFF, UNSERVED, Site


@pytest.mark.parametrize("size", [None, 0, 511, 512, 513, 700, 900, 1200, 1232, 1400, 4096, 65535])
@pytest.mark.parametrize("name", ["medium.hoc.example", "big.hoc.example", "text.hoc.example"])
def test_a_udp_reply_fits_what_the_client_takes(gateway: Gateway, name: str, size: int | None) -> None:
    reply = gateway.asker(STAFF).ask(name, "TXT", edns=size)
    assert len(reply.raw) <= min(max(size or 512, 512), 1232)
    assert reply.truncated == (reply.answers == [])
    if reply.truncated:
        assert [rr.rtype for rr in reply.record.ar] == ([] if size is None else [41])


@pytest.mark.parametrize("name", ["medium.hoc.example", "big.hoc.example"])
def test_tcp_brings_what_udp_cut(gateway: Gateway, name: str) -> None:
    staff = gateway.asker(STAFF)
    assert staff.ask(name, "TXT", edns=None).truncated
    whole = staff.ask(name, "TXT", edns=None, tcp=True)
    assert not whole.truncated
    assert len(whole.raw) > 512
    assert staff.ask(name, "TXT", edns=None).truncated


def test_our_own_payload_size_is_1232(gateway: Gateway) -> None:
    for name in ("www.hoc.example", "bet.example"):
        (opt,) = gateway.asker(PRIMARY).ask(name, edns=4096).record.ar
        assert (opt.rtype, opt.rclass, opt.ttl) == (41, 1232, 0)


@pytest.mark.parametrize("tcp", [False, True])
def test_a_higher_edns_version_gets_badvers(gateway: Gateway, tcp: bool) -> None:
    message = bytearray(packet("www.hoc.example"))
    message[-5] = 1  # the OPT's version
    reply = gateway.asker(STAFF).send(bytes(message), tcp=tcp)
    assert (reply.rcode, reply.answers) == (16, [])


@pytest.mark.parametrize("name", ["www.hoc.example", "mxh.example"])
def test_any_gets_one_record_for_every_allowed_name(gateway: Gateway, name: str) -> None:
    """RFC 8482 4.2: a HINFO, not a sample of the zone; nothing to amplify with."""
    reply = gateway.asker(STAFF).ask(name, "ANY")
    assert reply.answers == [(f"{name}.", "HINFO", "\\# 9 075246433834383200")]


@pytest.mark.parametrize("qclass", [3, 4, 254, 255, 0, 2])
@pytest.mark.parametrize("name", ["version.bind", "bet.example", "www.hoc.example"])
def test_other_classes_are_refused(gateway: Gateway, name: str, qclass: int) -> None:
    reply = gateway.asker(PRIMARY).ask(name, "TXT", qclass=qclass)
    assert (reply.rcode_name, reply.answers) == ("REFUSED", [])


@pytest.mark.parametrize("opcode", range(1, 16))
@pytest.mark.parametrize("tcp", [False, True])
def test_other_opcodes_are_not_implemented(gateway: Gateway, opcode: int, tcp: bool) -> None:
    reply = gateway.asker(PRIMARY).ask("bet.example", opcode=opcode, tcp=tcp)
    assert (reply.rcode_name, reply.answers) == ("NOTIMP", [])


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("count", [0, 2, 3, 65535])
def test_anything_but_one_question_is_malformed(gateway: Gateway, count: int, tcp: bool) -> None:
    """RFC 9619; with two questions one verdict could not hold for both."""
    message = bytearray(packet("www.hoc.example", edns=None))
    message[4:6] = count.to_bytes(2)
    if count == 2:
        message += wire("bet", "example") + b"\0\1\0\1"
    reply = gateway.asker(PRIMARY).send(bytes(message), tcp=tcp)
    assert (reply.rcode_name, reply.answers) == ("FORMERR", [])


@pytest.mark.parametrize("kind", [251, 252])
def test_zone_transfers_are_refused(gateway: Gateway, kind: int) -> None:
    assert gateway.asker(STAFF).ask("hoc.example", kind, tcp=True).rcode_name == "REFUSED"


@pytest.mark.parametrize("name", ["www.hoc.example", "bet.example"])
def test_a_reply_is_never_answered(gateway: Gateway, name: str) -> None:
    """QR=1: two servers that answer each other's replies would never end."""
    message = bytearray(packet(name))
    message[2] |= 0x80
    gateway.asker(PRIMARY).silent(bytes(message), packet(name))


@pytest.mark.parametrize("size", range(12))
def test_what_is_too_short_for_a_header_is_not_answered(gateway: Gateway, size: int) -> None:
    gateway.asker(PRIMARY).silent(packet("www.hoc.example")[:size], packet("www.hoc.example"))


def test_a_reply_to_a_stranger_is_never_longer_than_the_question(gateway: Gateway) -> None:
    """Threat 18: nobody outside the served subnets can use the gateway to flood a third party."""
    for message in (packet("www.hoc.example", edns=None), packet("big.hoc.example", "TXT", edns=None)):
        assert len(gateway.asker(UNSERVED).send(message).raw) <= len(message)


def test_a_wildcard_listener_answers_from_the_address_that_was_asked(tmp_path: Path, upstream: int) -> None:
    port = free_port("0.0.0.0")
    site = Site(
        tmp_path, port, free_port(), [f"127.0.0.1@{upstream}"], listen=[f"0.0.0.0@{port}", f"::@{port}"]
    )
    with serving(site.write()) as gateway:
        # A connected socket takes datagrams from the address it asked only. Cold names go through the
        # resolver's own path, warm ones through the batch.
        for server in ("127.0.0.5", "127.0.0.6", "127.0.0.5"):
            for name, rdata in (("www.hoc.example", "192.0.2.1"), ("bet.example", "0.0.0.0")):
                for tcp in (False, True):
                    asker = Asker(gateway.port, source=PRIMARY, server=server)
                    assert asker.ask(name, tcp=tcp).rdatas == [rdata]
        for _ in range(2):
            assert Asker(gateway.port, server="::1").ask("alias.hoc.example").rdatas[-1] == "192.0.2.1"
        assert gateway.errors() == []
