"""Real forwarders in a namespace ask for a client and say so; what they do with the reply is seen too."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from struct import pack
from typing import NamedTuple

import pytest

from schoolguard.dns.forwarded import Forwarded, ProxyHeader, echo_subnet, forwarded_client, proxy_header
from tests.devices.network import MAC, Network, inside
from tests.servers import NeverHappened, process, program

PORT = 5399
QUESTION = b"\x03www\x06truong\x02vn\0\0\x01\0\x01"
START = b"\x07bat-dau\x02vn\0\0\x01\0\x01"
FORGED = b"\0\x01\x20\0" + bytes([10, 1, 0, 250])
FORGED_MAC = bytes.fromhex("00163e0000aa")


def query(*options: tuple[int, bytes], question: bytes = QUESTION, id: bytes = b"\x12\x34") -> bytes:
    rdata = b"".join(pack("!HH", code, len(value)) + value for code, value in options)
    opt = b"\0\0\x29\x04\xd0\0\0\0\0" + pack("!H", len(rdata)) + rdata
    return id + b"\x01\0\0\x01\0\0\0\0\0\x01" + question + opt


def reply(asked: bytes, address: bytes, options: bytes) -> bytes:
    question = asked[12 : 12 + len(QUESTION)]
    answer = b"\xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04" + address
    opt = b"\0\0\x29\x04\xd0\0\0\0\0" + pack("!H", len(options)) + options
    return asked[:2] + b"\x81\x80\0\x01\0\x01\0\0\0\x01" + question + answer + opt


class Upstream(NamedTuple):
    """The test in the gateway's place: it takes what the forwarder sends and answers."""

    sock: socket.socket

    def asked(self, question: bytes = QUESTION) -> tuple[bytes, tuple[str, int]]:
        """Return the next packet with this question and where it is from."""
        while True:
            packet, sender = self.sock.recvfrom(4096)
            if question in packet:
                return packet, sender


@pytest.fixture
def upstream(net: Network) -> Iterator[Upstream]:
    """The gateway's place on loopback of its namespace, which has addresses for the client."""
    net.give("10.1.0.1/24", "10.1.0.7/24")
    net.give("2001:db8::1/64", "2001:db8::7/64")
    net.give(client="10.1.0.8/24")
    with inside(net.gateway):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        sock.bind(("127.0.0.1", PORT))
        sock.settimeout(10)
        yield Upstream(sock)


class Client:
    """A client's socket in its namespace."""

    def __init__(self, net: Network, source: str = "10.1.0.7", server: str = "10.1.0.1") -> None:
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        with inside(net.client):
            self._sock = socket.socket(family, socket.SOCK_DGRAM)
            self._sock.bind((source, 0))
        self._sock.connect((server, 53))
        self._sock.settimeout(10)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    @property
    def port(self) -> int:
        """Where it asks from."""
        return int(self._sock.getsockname()[1])

    def ask(self, message: bytes) -> None:
        self._sock.send(message)

    def told(self) -> bytes:
        """Return the address in the answer."""
        answer = self._sock.recv(4096)
        assert answer[3] & 15 == 0
        at = answer.index(b"\0\x01\0\x01\0\0", 12 + len(QUESTION))
        return answer[at + 10 : at + 14]

    def start(self, upstream: Upstream) -> None:
        """Ask until the forwarder, which may be starting, asks on."""
        upstream.sock.settimeout(0.1)
        for _ in range(100):
            with contextlib.suppress(ConnectionRefusedError, TimeoutError):
                self.ask(query(question=START))
                upstream.asked(START)
                upstream.sock.settimeout(10)
                return
        raise NeverHappened("a forwarded query")


@contextlib.contextmanager
def forwarder(net: Network, folder: Path, command: Sequence[str]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        with inside(net.gateway):
            stack.enter_context(process(command, folder / "forwarder.log"))
        yield


def dnsmasq(*options: str) -> list[str]:
    return [
        program("dnsmasq"),
        *("--keep-in-foreground", "--conf-file=/dev/null", "--log-facility=-", "--user=root", "--pid-file"),
        *("--no-resolv", "--no-hosts", "--interface=lan", "--bind-interfaces", f"--server=127.0.0.1#{PORT}"),
        *options,
    ]


@pytest.mark.parametrize("written", ["--add-mac", "--add-mac=base64", "--add-mac=text"])
@pytest.mark.parametrize(
    ("source", "server"), [("10.1.0.7", "10.1.0.1"), ("2001:db8::7", "2001:db8::1")], ids=["ipv4", "ipv6"]
)
def test_dnsmasq_tells_address_and_mac(
    net: Network, upstream: Upstream, tmp_path: Path, written: str, source: str, server: str
) -> None:
    options = (written, "--add-subnet=32,128", "--strip-mac", "--strip-subnet")
    with forwarder(net, tmp_path, dnsmasq(*options)), Client(net, source, server) as client:
        client.start(upstream)
        client.ask(query())
        asked = forwarded_client(upstream.asked()[0])
        assert (asked.address, asked.mac) == (ip_address(source).packed, MAC)
        # What the client says of itself is put aside.
        client.ask(query((8, FORGED), (65001, FORGED_MAC), (65073, FORGED_MAC.hex(":").encode()), id=b"ab"))
        asked = forwarded_client(upstream.asked()[0])
        assert (asked.address, asked.mac) == (ip_address(source).packed, MAC)


def test_dnsmasq_without_strip_lets_a_client_say_who_it_is(
    net: Network, upstream: Upstream, tmp_path: Path
) -> None:
    with forwarder(net, tmp_path, dnsmasq("--add-mac", "--add-subnet=32,128")), Client(net) as client:
        client.start(upstream)
        client.ask(query((8, FORGED), (65001, FORGED_MAC)))
        assert forwarded_client(upstream.asked()[0]) == Forwarded(bytes([10, 1, 0, 250]), FORGED_MAC, FORGED)


def test_dnsmasq_takes_the_echo_and_keeps_no_answer(net: Network, upstream: Upstream, tmp_path: Path) -> None:
    options = ("--add-mac", "--add-subnet=32,128", "--strip-mac", "--strip-subnet")
    with forwarder(net, tmp_path, dnsmasq(*options)), Client(net) as client:
        client.start(upstream)
        for number in (1, 2):
            client.ask(query(id=bytes([7, number])))
            packet, sender = upstream.asked()
            subnet = forwarded_client(packet).subnet
            assert subnet is not None
            upstream.sock.sendto(reply(packet, bytes([192, 0, 2, number]), echo_subnet(subnet)), sender)
            assert client.told() == bytes([192, 0, 2, number])


@pytest.mark.parametrize("echoed", [True, False])
def test_unbound_keeps_one_pupils_answer_from_another_by_the_echo(
    net: Network, upstream: Upstream, tmp_path: Path, echoed: bool
) -> None:
    config = tmp_path / "unbound.conf"
    config.write_text(
        f"server:\n interface: 10.1.0.1\n username: ''\n chroot: ''\n pidfile: ''\n directory: '{tmp_path}'\n"
        " use-syslog: no\n logfile: ''\n do-not-query-localhost: no\n do-daemonize: no\n num-threads: 1\n"
        " module-config: 'subnetcache iterator'\n access-control: 10.1.0.0/24 allow\n"
        " send-client-subnet: 127.0.0.1\n max-client-subnet-ipv4: 32\n"
        f"forward-zone:\n name: '.'\n forward-addr: 127.0.0.1@{PORT}\n"
    )
    one, other = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
    with (
        forwarder(net, tmp_path, [program("unbound"), "-d", "-c", str(config)]),
        Client(net) as first,
        Client(net, "10.1.0.8") as second,
    ):
        first.start(upstream)
        first.ask(query())
        packet, sender = upstream.asked()
        subnet = forwarded_client(packet).subnet
        assert subnet == b"\0\x01\x20\0" + bytes([10, 1, 0, 7])
        upstream.sock.sendto(reply(packet, one, echo_subnet(subnet) if echoed else b""), sender)
        assert first.told() == one
        second.ask(query())
        if echoed:
            packet, sender = upstream.asked()
            subnet = forwarded_client(packet).subnet
            assert subnet == b"\0\x01\x20\0" + bytes([10, 1, 0, 8])
            upstream.sock.sendto(reply(packet, other, echo_subnet(subnet)), sender)
        assert second.told() == (other if echoed else one)


@contextlib.contextmanager
def dnsdist(net: Network, folder: Path, *lines: str) -> Iterator[None]:
    config = folder / "dnsdist.conf"
    config.write_text(
        "setLocal('10.1.0.1:53')\nsetACL('10.1.0.0/24')\nsetSecurityPollSuffix('')\n"
        f"newServer({{address='127.0.0.1:{PORT}', useProxyProtocol=true}})\n"
        "addAction(AllRule(), SetProxyProtocolValuesAction({[0xE0]='lop 6A'}))\n" + "\n".join(lines)
    )
    with forwarder(net, folder, [program("dnsdist"), "--supervised", "-C", str(config)]):
        yield


def test_dnsdist_puts_a_proxy_header_before_the_query(
    net: Network, upstream: Upstream, tmp_path: Path
) -> None:
    with dnsdist(net, tmp_path, "getServer(0):setUp()"), Client(net) as client:
        client.start(upstream)
        client.ask(query())
        packet, _ = upstream.asked()
        header = proxy_header(packet)
        assert (header.address, header.port) == (bytes([10, 1, 0, 7]), client.port)
        assert packet[header.size + 12 :].startswith(QUESTION)


def test_dnsdist_asks_for_nobody_when_it_looks_whether_we_live(
    net: Network, upstream: Upstream, tmp_path: Path
) -> None:
    with dnsdist(net, tmp_path):
        packet, _ = upstream.asked(b"\x0croot-servers\x03net")
    assert proxy_header(packet) == ProxyHeader(None, 0, 16)
