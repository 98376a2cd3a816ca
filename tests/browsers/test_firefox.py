"""Real Firefox in a classroom: its own decision about DoH, and its settings as a pupil turns them on.

Both of its modes are tried against the same world without a gateway too, where they do get round: "first",
which is what it decides for by itself, and "only".
"""

from __future__ import annotations

import pytest

from tests.browsers.school import GATEWAY
from tests.browsers.settings import FIREFOX, FIREFOX_FIRST, FIREFOX_ONLY, FIREFOX_POLICY
from tests.browsers.verdicts import assert_gets_round, assert_stays_inside
from tests.browsers.visit import Setting
from tests.browsers.walk import Classroom, visit_all
from tests.browsers.world import DOH, OPEN, RESOLVER

CANARY = "use-application-dns.net"
SERVER = "mozilla.cloudflare-dns.com"


def test_it_asks_the_canary_and_uses_no_doh(classroom: Classroom) -> None:
    before = classroom.attempts("canary")
    with classroom.browsing(FIREFOX, GATEWAY) as (browser, walk):
        assert browser.decision() == 0
        visit_all(browser, walk)
    assert_stays_inside(walk)
    assert walk.loaded == {OPEN}
    canary = walk.wire.to(CANARY)
    assert canary
    assert {each.reply.rcode_name for each in canary} == {"NXDOMAIN"}
    # It asks for these two before and after: where they do not exist, it does not believe the canary.
    for name in ("firefox.com", "mozilla.org"):
        assert [each.reply.rdatas for each in walk.wire.to(name) if each.name == name and each.type == 1]
    assert not walk.wire.to(SERVER)
    classroom.wait_for_attempts("canary", before)


def test_without_a_gateway_it_decides_for_doh_and_gets_round(classroom: Classroom) -> None:
    with classroom.browsing(FIREFOX, RESOLVER) as (browser, walk):
        assert browser.decision() == 2
        classroom.wait_for_confirmation()
        visit_all(browser, walk)
    assert_gets_round(walk)
    assert {each.reply.rcode_name for each in walk.wire.to(CANARY)} == {"NOERROR"}


@pytest.mark.parametrize(
    ("setting", "mode", "opens"),
    [
        pytest.param(FIREFOX_FIRST, 2, {OPEN}, id="first"),
        # "Only" has no way back to the network's resolver, so nothing opens until it is switched off.
        pytest.param(FIREFOX_ONLY, 3, set(), id="only"),
        pytest.param(FIREFOX_POLICY, 3, set(), id="policy"),
    ],
)
def test_with_doh_switched_on_it_opens_nothing_that_is_blocked(
    classroom: Classroom, setting: Setting, mode: int, opens: set[str]
) -> None:
    before = classroom.attempts("encrypted-dns")
    with classroom.browsing(setting, GATEWAY) as (browser, walk):
        assert browser.preference("network.trr.mode") == mode
        visit_all(browser, walk)
    assert_stays_inside(walk)
    assert walk.loaded == opens
    assert walk.wire.to(SERVER), "it asks the gateway where its DoH server is"
    classroom.wait_for_attempts("encrypted-dns", before)


def test_without_a_gateway_doh_only_gets_round(classroom: Classroom) -> None:
    walk = classroom.walk(FIREFOX_POLICY, RESOLVER)
    assert_gets_round(walk)
    assert walk.doh_servers == {DOH[SERVER]}
