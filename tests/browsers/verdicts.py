"""What it means to stay inside and to get round, for every setting of every browser alike."""

from __future__ import annotations

from dnslib import QTYPE

from tests.browsers.school import GATEWAY
from tests.browsers.walk import BLOCKED, SITES, Walk
from tests.browsers.wiretap import Answered
from tests.browsers.world import DOH, SAID_INSTEAD

HTTPS = 65
_NULL = {QTYPE.A: ["0.0.0.0"], QTYPE.AAAA: ["::"]}


def assert_stays_inside(walk: Walk) -> None:
    """Fail unless no blocked page was shown or fetched, and all DNS was the gateway's."""
    assert not walk.loaded & set(BLOCKED), walk.pages
    assert not walk.reached & set(BLOCKED)
    assert not walk.over_doh
    assert not walk.doh_servers
    assert SAID_INSTEAD not in walk.spoken, "a name was hidden from the network with a key from DNS"
    assert {each.server for each in walk.wire.replies} == {GATEWAY}
    assert not [at for at in walk.wire.opened if at[1] in (53, 853)], "DNS over TCP or TLS is not read here"
    for each in walk.wire.replies:
        assert_shows_no_key(each)
    for name in (*BLOCKED, *DOH):
        for each in walk.wire.to(name):
            assert_is_blocked(each)


def assert_is_blocked(answered: Answered) -> None:
    """Fail unless a reply is the tier's block: the null address, and nothing for other types."""
    reply = answered.reply
    assert reply.rcode_name == "NOERROR"
    assert reply.rdatas == _NULL.get(answered.type, []), f"{answered.name} {answered.type}: {reply.rdatas}"
    if answered.type not in _NULL:
        assert [rr.rtype for rr in reply.record.auth] == [QTYPE.SOA], "NODATA has an SOA (RFC 2308 2.2)"


def assert_shows_no_key(answered: Answered) -> None:
    """Fail if a reply holds a key for Encrypted Client Hello, which has the public name in the clear."""
    assert SAID_INSTEAD.encode() not in answered.reply.raw, f"{answered.name}: {answered.reply.rdatas}"


def assert_gets_round(walk: Walk) -> None:
    """Fail unless every page was shown, and DoH was what made it so."""
    assert walk.loaded == walk.reached == walk.over_doh == set(SITES), walk.pages
    assert walk.doh_servers
    assert SAID_INSTEAD in walk.spoken
