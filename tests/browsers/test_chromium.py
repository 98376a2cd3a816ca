"""Real Chromium in a classroom: as it comes, and as a pupil sets it who wants to get round the gateway.

Each setting is tried against the same world without a gateway too, where it does get round: otherwise the
world would be what stops it.
"""

from __future__ import annotations

import pytest

from tests.browsers.school import GATEWAY
from tests.browsers.settings import (
    CHROMIUM,
    CHROMIUM_ADDRESS,
    CHROMIUM_CHOSEN,
    CHROMIUM_OWN_NAME,
    CHROMIUM_POLICY,
)
from tests.browsers.verdicts import HTTPS, assert_gets_round, assert_stays_inside
from tests.browsers.visit import Setting
from tests.browsers.walk import BLOCKED, SITES, Classroom
from tests.browsers.world import DOH, OPEN, OWN_NAME, RESOLVER, SAID_INSTEAD

ROUND = [
    pytest.param(CHROMIUM_CHOSEN, "chrome.cloudflare-dns.com", "encrypted-dns", id="chosen"),
    pytest.param(CHROMIUM_POLICY, "dns.google", "encrypted-dns", id="policy"),
    pytest.param(CHROMIUM_OWN_NAME, OWN_NAME, "encrypted-dns-address", id="own-name"),
]
"""Setting, name of the DoH server, and the kind as which the attempt is counted."""


def test_as_it_comes_it_opens_what_is_allowed_and_says_its_name_in_the_clear(classroom: Classroom) -> None:
    walk = classroom.walk(CHROMIUM, GATEWAY)
    assert_stays_inside(walk)
    assert walk.loaded == {OPEN}
    for name in BLOCKED:
        assert {1, HTTPS} <= {each.type for each in walk.wire.to(name)}, "it asks for the address and HTTPS"
    records = [each.reply.rdatas for each in walk.wire.to(OPEN) if each.type == HTTPS]
    assert records
    assert all(each == ["1 . alpn=http/1.1"] for each in records), "all of the record but the key"
    assert OPEN in walk.spoken


def test_without_a_gateway_it_opens_everything_and_hides_the_name_with_the_key(classroom: Classroom) -> None:
    walk = classroom.walk(CHROMIUM, RESOLVER)
    assert walk.loaded == walk.reached == set(SITES)
    keys = [each for each in walk.wire.to(OPEN) if SAID_INSTEAD.encode() in each.reply.raw]
    assert keys
    assert SAID_INSTEAD in walk.spoken


@pytest.mark.parametrize(("setting", "server", "kind"), ROUND)
def test_with_secure_dns_it_opens_nothing(
    classroom: Classroom, setting: Setting, server: str, kind: str
) -> None:
    before = classroom.attempts(kind)
    walk = classroom.walk(setting, GATEWAY)
    assert_stays_inside(walk)
    assert walk.wire.to(server), "it asks the gateway where its DoH server is"
    # "Secure" has no way back to the network's resolver: until it is switched off, nothing opens.
    assert not walk.loaded
    classroom.wait_for_attempts(kind, before)


@pytest.mark.parametrize(
    ("setting", "server"), [each.values[:2] for each in ROUND], ids=[str(e.id) for e in ROUND]
)
def test_without_a_gateway_secure_dns_gets_round(classroom: Classroom, setting: Setting, server: str) -> None:
    walk = classroom.walk(setting, RESOLVER)
    assert_gets_round(walk)
    assert walk.doh_servers == {DOH[server]}


def test_limit_a_doh_server_by_address_asks_no_dns_and_is_the_routers_to_stop(classroom: Classroom) -> None:
    walk = classroom.walk(CHROMIUM_ADDRESS, GATEWAY)
    assert_gets_round(walk)
    assert walk.doh_servers == {"1.1.1.1"}
    assert not walk.wire.replies, "the gateway was asked nothing, so there is nothing that it could have said"
