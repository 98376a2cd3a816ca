"""Names answered here: what each maker documents as the network's no, for every type, and what is counted."""

from __future__ import annotations

from struct import pack

import pytest
from dnslib import DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.categories import SEALED, mask_of
from schoolguard.dns.names import key_of_wire, to_wire
from schoolguard.dns.query import parse_query
from schoolguard.dns.reply import render
from schoolguard.policy.bypass import Bypass
from schoolguard.resolver.special import Special, special_answer

STRICT = SEALED | mask_of(["encrypted-dns", "proxy-vpn"])
TYPES = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "TXT": 16,
    "AAAA": 28,
    "SVCB": 64,
    "HTTPS": 65,
    "TYPE65280": 65280,
}
NXDOMAIN, NOERROR, SOA = 3, 0, 6


def asked(wire: bytes, qtype: int) -> bytes:
    return wire + pack("!HH", qtype, 1)


def special(name: str, qtype: int = 1, blocked: int = STRICT) -> Special | None:
    wire = to_wire(name)
    return special_answer(key_of_wire(wire), asked(wire, qtype), blocked)


NEGATIVE = [
    ("use-application-dns.net", NXDOMAIN, Bypass.CANARY),
    ("www.use-application-dns.net", NXDOMAIN, Bypass.CANARY),
    ("mask.icloud.com", NXDOMAIN, Bypass.PRIVATE_RELAY),
    ("mask-h2.icloud.com", NXDOMAIN, Bypass.PRIVATE_RELAY),
    ("mask-canary.icloud.com", NXDOMAIN, Bypass.PRIVATE_RELAY),
    ("dns-tunnel-check.googlezip.net", NXDOMAIN, Bypass.TUNNEL_CHECK),
    ("_esni.www.example.vn", NXDOMAIN, Bypass.ESNI),
    ("_esni.example.vn", NXDOMAIN, Bypass.ESNI),
    ("resolver.arpa", NOERROR, Bypass.DDR),
    ("_dns.resolver.arpa", NOERROR, Bypass.DDR),
    ("x.y.resolver.arpa", NOERROR, Bypass.DDR),
    ("site.onion", NXDOMAIN, Bypass.ONION),
    ("printer.local", NXDOMAIN, None),
    ("router.home.arpa", NXDOMAIN, None),
    ("5.0.20.10.in-addr.arpa", NXDOMAIN, None),
]


@pytest.mark.parametrize("qtype", TYPES.values(), ids=TYPES)
@pytest.mark.parametrize(("name", "rcode", "bypass"), NEGATIVE)
def test_the_no_has_no_record_but_a_bound(name: str, rcode: int, bypass: Bypass | None, qtype: int) -> None:
    found = special(name, qtype)
    assert found is not None
    assert found.bypass is bypass
    query = parse_query(pack("!6H", 7, 0x0100, 1, 0, 0, 0) + asked(to_wire(name), qtype))
    reply = DNSRecord.parse(render(query, found.answer))
    assert (reply.header.rcode, reply.rr) == (rcode, [])
    (authority,) = reply.auth
    assert (authority.rtype, str(authority.rname)) == (SOA, name + ".")
    assert authority.ttl == found.answer.ttl > 0


@pytest.mark.parametrize(
    "name",
    [
        "icloud.com",
        "mask-api.icloud.com",
        "unmask.icloud.com",
        "mask.icloud.com.vn",
        "googlezip.net",
        "tls-tunnel-check.googlezip.net",
        "xuse-application-dns.net",
        "www._esni.example.vn",
        "_esnix.example.vn",
        "resolver.arpa.vn",
        "onion.vn",
        "8.8.8.8.in-addr.arpa",
    ],
)
def test_ordinary_names_are_left_alone(name: str) -> None:
    assert special(name) is None


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("use-application-dns.net", "encrypted-dns"),
        ("mask.icloud.com", "proxy-vpn"),
        ("mask-h2.icloud.com", "proxy-vpn"),
    ],
)
def test_who_may_go_there_may_ask(name: str, category: str) -> None:
    assert special(name, blocked=STRICT & ~mask_of([category])) is None
    assert special(name, blocked=mask_of([category])) is not None


@pytest.mark.parametrize("name", ["dns-tunnel-check.googlezip.net", "_esni.example.vn"])
def test_whoever_is_filtered_at_all_does_not_hide_names(name: str) -> None:
    assert special(name, blocked=SEALED) is not None
    assert special(name, blocked=0) is None


@pytest.mark.parametrize("name", ["_dns.resolver.arpa", "site.onion"])
def test_only_what_the_plan_closes_is_an_attempt(name: str) -> None:
    found = special(name, blocked=SEALED)
    assert found is not None
    assert found.bypass is None


def test_localhost_is_here() -> None:
    found = special("www.localhost")
    assert found is not None
    assert found.answer.body.endswith(bytes([127, 0, 0, 1]))


def test_answers_that_hang_on_the_plan_are_kept_for_less_long() -> None:
    asking, fixed = special("mask.icloud.com"), special("resolver.arpa")
    assert asking is not None
    assert fixed is not None
    assert asking.answer.ttl < fixed.answer.ttl


@pytest.mark.parametrize("wire", [b"\x0bmask.icloud\3com\0", b"\x0a_esni.site\2vn\0", b"\x0dresolver.arpa\0"])
def test_a_dot_inside_a_label_makes_another_name(wire: bytes) -> None:
    assert special_answer(key_of_wire(wire), asked(wire, 1), STRICT) is None


@given(st.lists(st.binary(min_size=1, max_size=12), max_size=4), st.integers(1, 65535))
def test_any_label_can_be_asked_for(labels: list[bytes], qtype: int) -> None:
    wire = (b"".join(bytes([len(label)]) + label for label in labels) + b"\0").lower()
    found = special_answer(key_of_wire(wire), asked(wire, qtype), STRICT)
    assert found is None or found.answer.ttl > 0
