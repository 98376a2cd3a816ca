"""One verdict on every spelling and transport of a question (threat 27)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ask import Reply, packet, wire
from tests.servers import Gateway
from tests.site import PRIMARY, STAFF

WAYS: dict[str, dict[str, Any]] = {
    "udp": {},
    "tcp": {"tcp": True},
    "do": {"do": True},
    "cd": {"cd": True},
    "do and cd over tcp": {"do": True, "cd": True, "tcp": True},
    "rd=0": {"rd": False},
    "rd=0 over tcp": {"rd": False, "tcp": True},
    "edns 4096": {"edns": 4096},
    "edns 0": {"edns": 0},
}

SPELLINGS: dict[str, bytes] = {
    "lower": wire("bet", "example"),
    "upper": wire("BET", "EXAMPLE"),
    "mixed": wire("bEt", "eXampLe"),
    "child": wire("a", "b", "bet", "example"),
    "child with an escaped dot": wire("a.b", "bet", "example"),
    "child with a zero byte": wire(b"a\0b", "bet", "example"),
    "child with a blank": wire("a b", "bet", "example"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_blocked_name_is_blocked_in_every_spelling(gateway: Gateway, spelling: str, way: str) -> None:
    reply = gateway.asker(PRIMARY).ask(SPELLINGS[spelling], **WAYS[way])
    assert reply.essence[:2] == (0, [("A", "0.0.0.0")])
    assert reply.ede is not None
    assert reply.ede[0] == 17


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "name",
    [
        "bị-cấm.example".encode(),
        "BỊ-CẤM.EXAMPLE".encode(),
        "bị-cấm.example".encode("idna"),
    ],
)
def test_an_idn_has_one_verdict(gateway: Gateway, name: bytes, way: str) -> None:
    reply = gateway.asker(PRIMARY).ask(wire(*name.split(b".")), **WAYS[way])
    assert reply.essence[:2] == (0, [("A", "0.0.0.0")])


@pytest.mark.parametrize("qtype", ["A", "HTTPS", 65, 64, "TXT"])
def test_a_dot_inside_a_label_is_no_border(gateway: Gateway, qtype: str | int) -> None:
    """``www\\.bet.example`` lies under example, not under bet.example."""
    reply = gateway.asker(PRIMARY).ask(wire("www.bet", "example"), qtype)
    assert reply.ede is None or reply.ede[0] not in (15, 16, 17)
    assert "0.0.0.0" not in reply.rdatas


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [wire("www", "hoc", "example"), wire("wWw", "hOc", "EXAMPLE")])
def test_an_allowed_name_is_allowed_in_every_spelling(gateway: Gateway, name: bytes, way: str) -> None:
    reply = gateway.asker(STAFF).ask(name, **WAYS[way])
    assert reply.essence == (0, [("A", "192.0.2.1")], None)


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("name", [b"\x03wWw\x03hOc\x07eXAMPle\0", b"\x03BeT\x07eXAMPle\0"])
def test_the_replys_question_keeps_the_letters_case(gateway: Gateway, name: bytes, tcp: bool) -> None:
    """Clients that send 0x20 drop a reply whose question is spelled otherwise."""
    for _ in range(2):
        reply = gateway.asker(PRIMARY).ask(name, tcp=tcp)
        assert reply.raw[12 : 12 + len(name)] == name
        assert str(reply.record.rr[0].rname) == _text(name)


def _text(name: bytes) -> str:
    return "".join(label + "." for label in _labels(name))


def _labels(name: bytes) -> list[str]:
    labels, at = [], 0
    while name[at]:
        labels.append(name[at + 1 : at + 1 + name[at]].decode())
        at += 1 + name[at]
    return labels


def test_flags_of_a_reply(gateway: Gateway) -> None:
    for name in ("www.hoc.example", "bet.example"):
        for rd in (True, False):
            for cd in (True, False):
                header = gateway.asker(PRIMARY).ask(name, rd=rd, cd=cd).record.header
                assert (header.qr, header.rd, header.cd, header.ra) == (1, rd, cd, 1)
                assert (header.aa, header.ad, header.tc) == (0, 0, 0)


def test_ad_is_never_claimed_for_a_rewritten_answer(gateway: Gateway) -> None:
    """Threat 12: a block must not look validated, whatever the client asks for."""
    message = bytearray(packet("bet.example", do=True))
    message[3] |= 0x20  # AD
    assert not gateway.asker(PRIMARY).send(bytes(message)).record.header.ad


def test_dnssec_records_come_only_when_asked_for(gateway: Gateway) -> None:
    staff = gateway.asker(STAFF)
    assert _types(staff.ask("www.signed.example", do=True)) == ["A", "RRSIG"]
    assert _types(staff.ask("www.signed.example")) == ["A"]
    assert _types(staff.ask("www.signed.example", do=True)) == ["A", "RRSIG"]
    assert _types(staff.ask("signed.example", "DNSKEY")) == ["DNSKEY"]


def _types(reply: Reply) -> list[str]:
    return [kind for _, kind, _ in reply.answers]
