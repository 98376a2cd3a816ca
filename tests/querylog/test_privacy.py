"""No file, page, table or crash of a gateway holds a client's address beside a name that it asked for.

Real gateways, real packets from several addresses with names that nobody else asks for, failures and kills of
every kind; then every byte that is left is searched, in all the shapes that an address and a name can have.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from random import SystemRandom

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.categories import CATEGORIES
from schoolguard.feed.model import Span, Standing
from schoolguard.feed.rules import Rules
from schoolguard.node.audit import audit_path, verify
from schoolguard.node.devices_seen import DevicesSeen
from schoolguard.node.period_documents import day_bytes
from schoolguard.node.periods import Acts
from schoolguard.resolver.counts import Outcome
from schoolguard.resolver.sightings import At, Sightings
from tests.ask import Asker, framed, packet, wire
from tests.hostile import Asked, Hostile
from tests.querylog.conftest import Ask, section
from tests.servers import Gateway, alive, serving, wait_until
from tests.site import Site

PUPILS = ("127.0.1.33", "127.0.1.144")
OTHERS = ("127.0.2.55", "127.0.3.66", "127.0.9.77")
"""A group without a query log, staff, and an address that is not served."""

BUDGET = {"name": "Mạng xã hội", "minutes": 30, "of": ["mxh.example"], "reason": "Ba mươi phút"}
KINDS, FAILING = ("tot", "rieng", "vong"), ("hong", "im")
"""What the upstream does: answers, gives a private address, leads to a closed name; is wrong, is silent."""


def script(asked: Asked) -> None:
    """Answer as the first label says."""
    kind = asked.name.lower().partition("-")[0]
    if kind == "hong":
        asked.send(asked.packet[:2] + b"\x81\x80" + b"\xff" * 60)
    elif kind == "rieng":
        asked.send(asked.reply("@ 300 A 192.168.1.1"))
    elif kind == "vong":
        asked.send(asked.reply("@ 300 CNAME bet.example.", "bet.example. 300 A 192.0.2.1"))
    elif kind != "im":
        asked.send(asked.reply("@ 300 A 192.0.2.1"))


def token(source: str, number: int) -> str:
    """Return a label that only this source asks for."""
    return f"z{ip_address(source).packed[3]:03d}q{number}w"


def traffic(gateway: Gateway, number: int) -> None:
    """Ask names of every kind, and send packets that are no queries but hold a name."""
    for source in (*PUPILS, *OTHERS):
        asker = Asker(gateway.port, source, timeout=3.0)
        mine = token(source, number)
        with asker.udp() as sock:
            for kind in FAILING:  # nobody waits for these, as clients give up too
                sock.send(packet(f"{kind}-{mine}.hoc.example"))
        for kind in KINDS * 2:
            asker.try_once(f"{kind}-{mine}.hoc.example")
        for name in (f"{mine}.bet.example", f"{mine}.mxh.example", "mxh.example", f"{mine}.localhost"):
            asker.try_once(name)
            asker.try_once(name, "ANY")
        for raw in hostile_packets(mine):
            with asker.udp() as sock:
                sock.send(raw)
        if source in (*PUPILS, *OTHERS[:2]):
            half_a_query(asker, mine)


def hostile_packets(mine: str) -> Iterator[bytes]:
    whole = packet(wire(mine, "hoc", "example"))
    yield whole[:-20]
    yield whole + b"rest"
    yield whole[:2] + b"\x28" + whole[3:]  # another operation
    yield whole[:4] + b"\0\2" + whole[6:]  # two questions, they say
    yield packet(wire(mine, b"a.b\0\xff", "example"), qclass=3)


def half_a_query(asker: Asker, mine: str) -> None:
    """Ask over TCP, and leave in the middle of the next query."""
    whole = framed(packet(wire(f"tot-{mine}tcp", "hoc", "example")))
    with asker.tcp() as sock:
        sock.sendall(whole)
        sock.recv(1)
        sock.sendall(whole[: len(whole) // 2])


def shapes(address: str) -> tuple[bytes, ...]:
    """Return the bytes that an address may stand as: text, packed, hexadecimal, number, reversed."""
    packed = ip_address(address).packed
    reverse = ".".join(reversed(address.split(".")))
    texts = (address, packed.hex(), packed.hex(":"), str(int.from_bytes(packed)), reverse)
    return (packed, *(text.encode() for text in texts))


def holds_address(content: bytes) -> list[str]:
    return [each for each in (*PUPILS, *OTHERS) if any(shape in content for shape in shapes(each))]


def holds_name(content: bytes) -> list[str]:
    """Return whose unique names stand there; a label is whole in every shape, and never in another case."""
    return [each for each in (*PUPILS, *OTHERS) if token(each, 0)[:4].encode() in content.lower()]


def everything(folder: Path) -> dict[str, bytes]:
    """Return every file that a gateway wrote; what a test wrote for it is no part."""
    files = (path for path in folder.rglob("*") if path.is_file())
    own = (folder / "config", folder / "lists")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if not any(path.is_relative_to(each) for each in own)
    }


def pages(gateway: Gateway) -> dict[str, bytes]:
    """Return what a gateway shows of itself."""
    told = {name: gateway.http(name)[1].encode() for name in ("/metrics", "/healthz")}
    return told | {"status": json.dumps(gateway.command("status"), ensure_ascii=False).encode()}


def beside(found: Mapping[str, bytes]) -> list[str]:
    """Return the files and pages that hold both."""
    return [name for name, content in found.items() if holds_address(content) and holds_name(content)]


def kill_worker(gateway: Gateway, number: int) -> None:
    """End the worker by a signal that would dump core."""
    (worker,) = gateway.workers()
    for pid in (worker, gateway.process.pid):
        assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
        assert int(Path(f"/proc/{pid}/coredump_filter").read_text(), 16) == 0
    os.kill(worker, number)
    wait_until(lambda: gateway.workers() not in ([worker], []), "another worker")
    wait_until(lambda: gateway.command("status")["ready"], "its policy")


def test_no_address_beside_a_name(new_site: Callable[..., Site], upstream: Hostile, ask: Ask) -> None:
    """With the log off, then on; with failures of the upstream, and of every process."""
    upstream.script = script
    school = {"budgets": [BUDGET]}
    site = new_site(school=school, forwarding={"timeout": 0.2, "attempts": 1}, limits={"tcp-idle": 0.5})
    cwd = site.folder / "cwd"
    cwd.mkdir()
    found: dict[str, bytes] = {}

    def look(when: str, gateway: Gateway | None = None) -> None:
        told = everything(site.folder) | (pages(gateway) if gateway is not None else {})
        found.update({f"{when} {name}": content for name, content in told.items()})

    with serving(site, cwd=cwd) as gateway:
        traffic(gateway, 0)
        kill_worker(gateway, signal.SIGABRT)
        traffic(gateway, 1)
        look("off", gateway)
        assert not any("query-log" in name for name in found)
        site.school = school | {"query-log": section()}
        site.write()
        gateway.reload()
        traffic(gateway, 2)
        wait_until(lambda: ask(gateway, "devices")["devices"], "rows")
        (orphan,) = gateway.workers()
        gateway.process.send_signal(signal.SIGABRT)
        assert gateway.ended() == -signal.SIGABRT
        look("crashed")
        traffic(gateway, 3)  # answered by a worker without control
    with serving(site, cwd=cwd) as second:
        wait_until(lambda: not alive(orphan), "the orphan's end")
        traffic(second, 4)

        def searched() -> bytes:
            content = json.dumps(ask(second, "search", most=10_000)).encode()
            return content if all(token(each, 4).encode() in content for each in PUPILS) else b""

        found["search"] = wait_until(searched, "rows")
        look("on", second)
        second.process.send_signal(signal.SIGTERM)
        assert second.ended() == 0
    look("left")
    assert beside(found) == []
    assert not any("core" in Path(name).name for name in found), "a core dump"
    the_search_can_find(found)
    assert verify(audit_path(site.state)).torn == 0


def the_search_can_find(found: Mapping[str, bytes]) -> None:
    """Names stand where they may be, an address where it may be, and the log holds its own group only."""
    assert any(holds_name(content) for name, content in found.items() if name.startswith("left state/asked/"))
    assert holds_address(found["left state/usage.json"])
    log = {name: content for name, content in found.items() if "query-log" in name or name == "search"}
    assert not any(holds_address(content) for content in log.values())
    for when in ("crashed", "on", "left"):
        kept = (content for name, content in log.items() if name.startswith(f"{when} state/query-log.db"))
        assert {owner for content in kept for owner in holds_name(content)} == set(PUPILS)
    assert {owner for content in log.values() for owner in holds_name(content)} == set(PUPILS)
    assert token(PUPILS[0], 2).encode() in found["search"], "what was kept before the crash"


def test_the_feed_names_what_many_asked_for_and_no_address() -> None:
    """From the very sightings of a worker: their message to control, and the document of the day."""
    sightings, seen, at = Sightings(), DevicesSeen(), At("a", "thcs", Outcome.BLOCKED + CATEGORIES[0].bit)
    crowd = [f"127.0.1.{number}" for number in range(20, 30)]
    sightings.begin(b"k" * 32, 1, names=True)
    for address in (*PUPILS, *OTHERS, *crowd):
        sightings.saw(at, ip_address(address).packed)
        sightings.saw_name(at, packet(wire("z", "example"))[2:], ip_address(address).packed, 1)
    sightings.saw_name(at, packet(wire(token(PUPILS[0], 0), "example"))[2:], ip_address(PUPILS[0]).packed, 9)
    told = sightings.take()
    seen.add(*told, {each.bit: each for each in CATEGORIES})
    document = day_bytes(
        *("a", Span(1, 0, 86_400, 86_400), seen, Acts(), lambda _: None, Standing("1", "0" * 64, 0)),
        *(Rules(), Ed25519PrivateKey.generate(), SystemRandom().getrandbits),
    )
    assert b'"z.example"' in document
    for address in (*PUPILS, *OTHERS, *crowd):
        assert not any(shape in document or shape in pickle.dumps(told) for shape in shapes(address))
    assert holds_name(document) == []  # what one pupil alone asks for stays here
