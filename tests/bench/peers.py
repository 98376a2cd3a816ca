"""Unbound and dnsmasq from Debian with the same names, and the local upstream that all servers forward to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.bench.processes import LOAD_CORE, Server, free_port, program, running

_SHARED = """
server:
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  verbosity: 0
  num-threads: 1
  interface: 127.0.0.1
  port: {port}
  access-control: 127.0.0.0/8 allow
  do-ip6: no
  so-reuseport: yes
  so-rcvbuf: 4m
  so-sndbuf: 4m
"""

_UPSTREAM = """
  module-config: "iterator"
  local-zone: "." redirect
  local-data: ". 86400 IN A 198.18.0.1"
"""

_FORWARDER = """
  module-config: "respip iterator"
  do-not-query-localhost: no
  qname-minimisation: no
  msg-cache-size: 256m
  rrset-cache-size: 256m
  outgoing-range: 4096
  num-queries-per-thread: 2048
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{upstream}
rpz:
  name: "rpz.bench."
  zonefile: "{zone}"
"""

_ZONE_HEAD = """\
$ORIGIN rpz.bench.
$TTL 60
@ SOA localhost. root.localhost. 1 3600 600 86400 60
@ NS localhost.
"""

_DNSMASQ = """
no-resolv
no-hosts
keep-in-foreground
user=
pid-file=
listen-address=127.0.0.1
bind-interfaces
port={port}
server=127.0.0.1#{upstream}
cache-size=1000000
dns-forward-max=5000
conf-file={names}
"""


@contextlib.contextmanager
def upstream(folder: Path) -> Iterator[Server]:
    """Run, on the load's core, an Unbound that gives every name one address for a day."""
    port = free_port()
    configuration = folder / "upstream.conf"
    configuration.write_text(_SHARED.format(folder=folder, port=port) + _UPSTREAM)
    command = [program("unbound", "unbound"), "-d", "-c", str(configuration)]
    with running("upstream", port, command, folder, LOAD_CORE) as server:
        yield server


@contextlib.contextmanager
def unbound(folder: Path, upstream_port: int) -> Iterator[Server]:
    """Run Unbound with one thread, forwarding, with ``folder``'s names as a response policy zone."""
    port = free_port()
    configuration = folder / "unbound.conf"
    text = _SHARED + _FORWARDER
    configuration.write_text(
        text.format(folder=folder, port=port, upstream=upstream_port, zone=folder / "names.rpz")
    )
    command = [program("unbound", "unbound"), "-d", "-c", str(configuration)]
    with running("Unbound", port, command, folder) as server:
        yield server


@contextlib.contextmanager
def dnsmasq(folder: Path, upstream_port: int) -> Iterator[Server]:
    """Run dnsmasq, forwarding, with ``folder``'s names as ``address=/name/`` lines."""
    port = free_port()
    configuration = folder / "dnsmasq.conf"
    configuration.write_text(
        _DNSMASQ.format(port=port, upstream=upstream_port, names=folder / "names.dnsmasq")
    )
    command = [program("dnsmasq", "dnsmasq-base"), f"--conf-file={configuration}"]
    with running("dnsmasq", port, command, folder) as server:
        yield server


def write_names(names: Iterator[str], folder: Path) -> int:
    """Write the names in both servers' forms; return how many different ones there are.

    The zone names each domain alone, not what stands below it (``*.name``): in Unbound's favour, since that
    halves its memory.
    """
    seen: set[str] = set()
    with (folder / "names.rpz").open("w") as zone, (folder / "names.dnsmasq").open("w") as addresses:
        zone.write(_ZONE_HEAD)
        for name in names:
            if name not in seen:
                seen.add(name)
                zone.write(f"{name} CNAME .\n")
                addresses.write(f"address=/{name}/\n")
    return len(seen)
