"""Each group gets its own answer to the same question, warm or cold, and never another's (threat 25)."""

from __future__ import annotations

import itertools

import pytest

from tests.ask import Asker, packet
from tests.servers import Gateway
from tests.site import GUEST, PAGE, PRIMARY, STAFF, THCS, THPT, UNSERVED

SOCIAL = {
    PRIMARY: ("NOERROR", ["0.0.0.0"]),
    THPT: ("NOERROR", ["203.0.113.66"]),
    STAFF: ("NOERROR", ["203.0.113.66"]),
    GUEST: ("NOERROR", ["203.0.113.66"]),
    THCS: ("NOERROR", [PAGE[0]]),
}
"""What each group is told of a social network."""

GAMES = {
    PRIMARY: ("NOERROR", ["0.0.0.0"]),
    THPT: ("NXDOMAIN", []),
    STAFF: ("NOERROR", ["203.0.113.66"]),
    GUEST: ("NOERROR", ["203.0.113.66"]),
    THCS: ("NOERROR", [PAGE[0]]),
}


@pytest.mark.parametrize("tcp", [False, True])
def test_primary_thpt_and_staff_differ(gateway: Gateway, tcp: bool) -> None:
    for name, expected in (("mxh.example", SOCIAL), ("game.example", GAMES)):
        for source, verdict in expected.items():
            reply = gateway.asker(source).ask(name, tcp=tcp)
            assert (reply.rcode_name, reply.rdatas) == verdict, (name, source)


@pytest.mark.parametrize("order", list(itertools.permutations([PRIMARY, THPT, STAFF])))
def test_threat_25_the_same_bytes_cold_and_warm(gateway: Gateway, order: tuple[str, ...]) -> None:
    """Without the plan in the reply cache's key, who asks first decides for all."""
    name = f"{'-'.join(source.split('.')[2] for source in order)}.game.example"
    message = packet(name, number=99)
    for _ in range(3):
        for source in order:
            reply = gateway.asker(source).send(message)
            assert (reply.rcode_name, reply.rdatas) == GAMES[source], source


def test_threat_25_over_both_transports(gateway: Gateway) -> None:
    """A reply cached from one transport must not answer another group on the other."""
    message = packet("two-ways.mxh.example", number=5)
    assert gateway.asker(STAFF).send(message, tcp=True).rdatas == ["203.0.113.66"]
    assert gateway.asker(PRIMARY).send(message).rdatas == ["0.0.0.0"]
    assert gateway.asker(STAFF).send(message).rdatas == ["203.0.113.66"]
    assert gateway.asker(PRIMARY).send(message, tcp=True).rdatas == ["0.0.0.0"]


def test_ipv6_clients_have_their_group(gateway: Gateway) -> None:
    six = Asker(gateway.port, server="::1")
    for tcp in (False, True):
        assert six.ask("mxh.example", tcp=tcp).rdatas == ["0.0.0.0"]
        assert six.ask("www.hoc.example", tcp=tcp).rdatas == ["192.0.2.1"]


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("name", ["www.hoc.example", "bet.example", "localhost"])
def test_an_address_in_no_group_is_refused(gateway: Gateway, name: str, tcp: bool) -> None:
    reply = gateway.asker(UNSERVED).ask(name, tcp=tcp)
    assert (reply.rcode_name, reply.answers) == ("REFUSED", [])
    assert not reply.record.header.ra


def test_the_schools_own_deny_holds_for_its_group_only(gateway: Gateway) -> None:
    assert gateway.asker(PRIMARY).ask("denied.hoc.example").rdatas == ["0.0.0.0"]
    assert gateway.asker(STAFF).ask("denied.hoc.example").rdatas == ["192.0.2.5"]
