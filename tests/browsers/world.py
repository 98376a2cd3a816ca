"""The Internet of the test: a namespace with a web server, a resolver that filters nothing, and DoH servers.

Every name there leads to the web server, but for those of DoH servers, which answer whatever they are asked.
So a browser that gets round the gateway does see the page. It must not lead anywhere else.
"""

from __future__ import annotations

import contextlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.ask import Asker
from tests.browsers.certificates import Authority, Certificate
from tests.browsers.web import Seen, web
from tests.devices.network import Network, inside, ip
from tests.servers import process, program, wait_until

WEB = "198.51.100.80"
RESOLVER = "198.51.100.53"
OPEN = "vi.wikipedia.org"
GAMBLING = "8xbet.com"
GAMES = "roblox.com"
SAID_INSTEAD = "ngoai-phong.example"
"""What a browser says in the clear (SNI) when it has a key for Encrypted Client Hello."""

OWN_NAME = "tra-loi.hoc-bai.example"
"""A name of a pupil's own that leads to a public DoH server."""

DOH = {
    "chrome.cloudflare-dns.com": "172.64.41.4",
    "mozilla.cloudflare-dns.com": "162.159.61.4",
    "dns.google": "8.8.8.8",
    OWN_NAME: "1.1.1.1",
}
"""DoH servers by name, with addresses that they have or had."""

_KEY = bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
"""An X25519 public key (RFC 7748 6.1); nobody here needs the other half."""

_SAFE_SEARCH = {
    "forcesafesearch.google.com": "198.51.100.101",
    "restrict.youtube.com": "198.51.100.102",
    "restrictmoderate.youtube.com": "198.51.100.103",
    "strict.bing.com": "198.51.100.104",
}
"""Where these are one with the engines, Firefox takes the network for filtered and uses no DoH."""


@dataclass(frozen=True, slots=True)
class World:
    """What runs in the namespace: what the web server saw, the log of the DoH servers."""

    authority: Authority
    seen: Seen
    doh_log: Path


def ech_config() -> str:
    """Return a list of one key configuration for Encrypted Client Hello, in Base64 (RFC 9849 4)."""
    public_name = SAID_INSTEAD.encode()
    key = b"\x07" + (0x20).to_bytes(2) + len(_KEY).to_bytes(2) + _KEY
    suites = bytes.fromhex("0001 0001")
    body = key + len(suites).to_bytes(2) + suites + b"\0" + bytes([len(public_name)]) + public_name + b"\0\0"
    config = b"\xfe\x0d" + len(body).to_bytes(2) + body
    return b64encode(len(config).to_bytes(2) + config).decode()


def _zones() -> str:
    """Return the resolver's zones: the world under the root, and what is not like everything else."""
    lines = _zone(".", [f"IN A {WEB}"])
    for name in (OPEN, GAMBLING, GAMES):
        lines += _zone(name, [f"IN A {WEB}", f"IN HTTPS 1 . alpn=http/1.1 ech={ech_config()}"])
    for name, address in (DOH | _SAFE_SEARCH).items():
        lines += _zone(name, [f"IN A {address}"])
    # Firefox asks a DoH server for these name servers before it trusts it.
    lines += _zone("example.com", [f"IN A {WEB}", "IN NS ns.example."])
    return "".join(f"    {line}\n" for line in lines)


def _zone(name: str, records: list[str]) -> list[str]:
    origin = name if name == "." else f"{name}."
    written = [*records, "IN SOA ns.example. host.example. 1 3600 600 86400 30"]
    return [f'local-zone: "{origin}" redirect', *(f'local-data: "{origin} 300 {each}"' for each in written)]


@contextlib.contextmanager
def _unbound(folder: Path, name: str, server: str) -> Iterator[Path]:
    config = folder / f"{name}.conf"
    config.write_text(
        "server:\n    username: ''\n    chroot: ''\n    use-syslog: no\n    logfile: ''\n"
        f"    do-daemonize: no\n    directory: '{folder}'\n    pidfile: '{folder}/{name}.pid'\n"
        f"    module-config: iterator\n    access-control: 0.0.0.0/0 allow\n"
        f"    log-replies: yes\n    num-threads: 1\n{server}{_zones()}"
        "remote-control:\n    control-enable: no\n"
    )
    log = folder / f"{name}.log"
    with process([program("unbound"), "-d", "-c", str(config)], log):
        yield log


def _doh(certificate: Certificate) -> str:
    listen = "".join(f"    interface: {each}@443\n" for each in sorted(set(DOH.values())))
    return (
        f"{listen}    https-port: 443\n    http-endpoint: /dns-query\n"
        f"    tls-service-pem: '{certificate.certificate}'\n    tls-service-key: '{certificate.key}'\n"
    )


@contextlib.contextmanager
def _namespace(net: Network) -> Iterator[str]:
    """Make the namespace, and the gateway a router between it and the client's."""
    name = net.gateway.replace("sg-g", "sg-w")
    ip("netns", "add", name)
    try:
        net.at_gateway("link", "add", "wan", "type", "veth", "peer", "name", "nic", "netns", name)
        net.at_gateway("link", "set", "wan", "up")
        net.at_gateway("address", "add", "198.51.100.1/24", "dev", "wan")
        ip("-n", name, "link", "set", "lo", "up")
        ip("-n", name, "link", "set", "nic", "up")
        for address in (f"{WEB}/24", f"{RESOLVER}/24", *(f"{each}/24" for each in _SAFE_SEARCH.values())):
            ip("-n", name, "address", "add", address, "dev", "nic")
        for address in DOH.values():
            ip("-n", name, "address", "add", f"{address}/32", "dev", "nic")
        ip("-n", name, "route", "add", "default", "via", "198.51.100.1")
        net.at_gateway("route", "add", "default", "via", WEB)
        with inside(net.gateway):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        yield name
    finally:
        ip("netns", "delete", name)


@contextlib.contextmanager
def world(net: Network, folder: Path) -> Iterator[World]:
    """Run the world behind the gateway's namespace; what runs there answers when it is yielded."""
    authority = Authority(folder)
    pages = authority.certify("web", [OPEN, GAMBLING, GAMES, SAID_INSTEAD])
    servers = authority.certify("doh", [*DOH, *DOH.values()])
    with contextlib.ExitStack() as stack:
        namespace = stack.enter_context(_namespace(net))
        with inside(namespace):
            seen = stack.enter_context(web(WEB, pages))
            plain = f"    interface: {RESOLVER}\n    port: 53\n"
            stack.enter_context(_unbound(folder, "resolver", plain))
            doh = stack.enter_context(_unbound(folder, "doh", _doh(servers)))
            asker = Asker(port=53, source=RESOLVER, server=RESOLVER, timeout=0.2)
            wait_until(lambda: asker.try_once(OPEN), "the world's resolver")
            wait_until(lambda: "start of service" in doh.read_text(), "the DoH servers")
        yield World(authority, seen, doh)
