"""No label grows with who asks for what: hostile names in the configuration and hostile packets."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schoolguard.categories import BY_NAME
from schoolguard.policy.bypass import Bypass
from tests.ask import packet, wire
from tests.servers import Gateway, serving, wait_until
from tests.site import LISTS, PRIMARY, TIERS, Site, groups

GROUP = 'Lớp "6A" \\ {le="1"} # 9'
HOSTILE = (
    b'x"} 1\nschoolguard_forged_total{client="127.0.1.1',
    b"\\n\\\\",
    b"# TYPE forged counter",
    "trẻ-em".encode(),
    bytes(range(1, 33)),
    b"\xff\xfe\x80",
    b"A" * 63,
    b'{{ $labels.instance }}<script>"',
)
CAUSES = {"rule", "exam", "budget", "unsafe-search", "former"}
OUTCOMES = {"allowed", "blocked", "safe-search", "ech-stripped", "local", "stale", "failed", "rebinding"}


@pytest.fixture
def gateway(new_site: Callable[..., Site], tmp_path: Path) -> Iterator[Gateway]:
    """A gateway whose first group is called as no series should be."""
    changed = groups()
    changed[0]["name"] = GROUP
    with serving(new_site(tmp_path, groups=changed)) as running:
        yield running


def _feed(gateway: Gateway) -> int:
    """Send names and packets as no well-behaved client does; return how many were whole questions."""
    random.seed(11)
    whole = 0
    for label in HOSTILE:
        for below in (b"bet", b"hoc", b"nothing"):
            name = wire(label, below, b"example")
            question = name + (1).to_bytes(2) + (1).to_bytes(2)
            message = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + question
            for source in ("127.0.0.77", "127.0.1.88", "127.0.3.99", "127.0.9.1"):
                with gateway.asker(source).udp() as sock:
                    sock.send(message)
                    sock.send(message[: random.randrange(12, len(message))])
                    sock.send(random.randbytes(40))
                    sock.recv(4096)
                whole += 1
    return whole


def test_labels_are_those_of_the_configuration_and_of_the_program(gateway: Gateway) -> None:
    whole = _feed(gateway)
    gateway.asker(PRIMARY).ask("bet.example")

    def counted() -> bool:
        seen = gateway.metric("schoolguard_dns_queries_total") + gateway.event("not-served")
        return seen >= whole

    wait_until(counted, "the counts")
    page = gateway.http("/metrics")[1]
    assert "forged_total" not in page.replace("\\n", "")
    bounded = {
        "school": {"thu-nghiem"},
        "commune": {"Pa Tần"},
        "group": {group["name"] for group in groups()} | {GROUP},
        "tier": {*TIERS},
        "category": {*BY_NAME} | CAUSES | {kind.word for kind in Bypass},
        "outcome": OUTCOMES,
        "kind": {kind.word for kind in Bypass},
        "list": {*LISTS},
        "upstream": {*gateway.site.upstreams},
        "cache": {"reply", "answer", "none"},
        "process": {"control", "worker-0", "worker-1"},
    }
    for name, labels in gateway.metrics():
        for label, value in labels:
            if label in bounded:
                assert value in bounded[label], (name, label)
    assert gateway.metric("schoolguard_dns_queries_total", group=GROUP) > 0


def test_no_name_and_no_client_is_on_the_page(gateway: Gateway) -> None:
    whole = _feed(gateway)
    wait_until(
        lambda: gateway.metric("schoolguard_dns_queries_total") + gateway.event("not-served") >= whole,
        "the counts",
    )
    page = gateway.http("/metrics")[1]
    for source in ("127.0.0.77", "127.0.1.88", "127.0.3.99", "127.0.9.1"):
        assert source not in page
    for label in HOSTILE:
        assert label.decode("latin-1") not in page
    assert "nothing.example" not in page
    assert packet("bet.example")  # the names of lists are none of the page's either
    assert "bet.example" not in page
