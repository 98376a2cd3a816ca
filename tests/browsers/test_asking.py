"""What browsers and systems ask when it suits them: asked from the classroom by hand.

Chrome asks about its prefetch proxy only after a search, Apple's systems are not here. Each name has an
answer in the world, so that without the gateway it would be a yes.
"""

from __future__ import annotations

import pytest

from tests.ask import Asker
from tests.browsers.school import CLIENT, GATEWAY, GROUP
from tests.browsers.walk import SITES, Classroom
from tests.browsers.world import OPEN, RESOLVER
from tests.devices.network import inside

TYPES = ("A", "AAAA", "HTTPS", "TXT", "ANY")
ASKED = [
    pytest.param("dns-tunnel-check.googlezip.net", "NXDOMAIN", "tunnel-check", id="chrome-prefetch-proxy"),
    pytest.param("mask.icloud.com", "NXDOMAIN", "private-relay", id="private-relay"),
    pytest.param("mask-h2.icloud.com", "NXDOMAIN", "private-relay", id="private-relay-h2"),
    pytest.param("use-application-dns.net", "NXDOMAIN", "canary", id="firefox-canary"),
    pytest.param(f"_esni.{OPEN}", "NXDOMAIN", "esni", id="esni"),
    pytest.param("_dns.resolver.arpa", "NOERROR", "ddr", id="designated-resolver"),
]


@pytest.mark.parametrize(("name", "rcode", "kind"), ASKED)
def test_software_that_asks_whether_it_may_go_round_is_told_no(
    classroom: Classroom, name: str, rcode: str, kind: str
) -> None:
    before = classroom.attempts(kind)
    with inside(classroom.net.client):
        without = Asker(port=53, source=CLIENT, server=RESOLVER).ask(name)
        replies = [Asker(port=53, source=CLIENT, server=GATEWAY).ask(name, qtype) for qtype in TYPES]
    assert without.answers, "the world says yes"
    assert {(each.rcode_name, len(each.answers)) for each in replies} == {(rcode, 0)}
    classroom.wait_for_attempts(kind, before + len(TYPES) - 1)


def test_attempts_are_counted_by_kind_and_group_and_name_no_client(classroom: Classroom) -> None:
    before = classroom.attempts("canary")
    with inside(classroom.net.client):
        Asker(port=53, source=CLIENT, server=GATEWAY).ask("use-application-dns.net")
    classroom.wait_for_attempts("canary", before)
    with inside(classroom.net.gateway):
        samples = classroom.gateway.metrics()
        text = classroom.gateway.http("/metrics")[1]
    labels = [dict(have) for name, have in samples if name == "schoolguard_bypass_attempts_total"]
    assert labels
    assert {frozenset(each) for each in labels} == {frozenset({"school", "group", "tier", "kind"})}
    assert {each["group"] for each in labels} == {GROUP}
    said = text + classroom.gateway.log.read_text()
    assert CLIENT not in said
    assert not [name for name in SITES if name in text]
