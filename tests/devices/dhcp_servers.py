"""Real DHCP servers in the gateway's namespace: dnsmasq, Kea and ISC dhcpd, IPv4 and IPv6.

Each writes its lease file to a folder of the test. The link has 10.1.0.1 and 2001:db8::1; leases are from
10.1.0.100 and 2001:db8::100 on.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.devices.network import Network, inside
from tests.servers import process, program


@contextlib.contextmanager
def dnsmasq(net: Network, folder: Path, *options: str) -> Iterator[Path]:
    """Run dnsmasq for both families and return its lease file."""
    leases = folder / "dnsmasq.leases"
    command = [
        program("dnsmasq"),
        *("--keep-in-foreground", "--conf-file=/dev/null", "--log-facility=-", "--user=root"),
        *("--no-resolv", "--no-hosts", "--interface=lan", "--bind-interfaces", "--no-ping", "--pid-file"),
        *("--dhcp-range=10.1.0.100,10.1.0.200,1h", "--dhcp-range=2001:db8::100,2001:db8::200,64,1h"),
        f"--dhcp-leasefile={leases}",
        *options,
    ]
    with _running(net, command, folder):
        yield leases


@contextlib.contextmanager
def kea(net: Network, folder: Path, version: int, clean_up: int = 0) -> Iterator[Path]:
    """Run Kea for one family, with a clean-up every so many seconds; return its lease file."""
    leases = folder / f"kea-leases{version}.csv"
    subnet, pool = ("10.1.0.0/24", "10.1.0.100-10.1.0.200") if version == 4 else _POOL_V6
    settings = {
        "interfaces-config": {"interfaces": ["lan"]},
        "lease-database": {"type": "memfile", "name": str(leases), "lfc-interval": clean_up},
        "valid-lifetime": 3600,
        f"subnet{version}": [{"subnet": subnet, "pools": [{"pool": pool}], "interface": "lan"}],
        "loggers": [{"name": "*", "severity": "WARN", "output_options": [{"output": "stderr"}]}],
    }
    if version == 6:  # else it is drawn, and kept in a folder of the system
        settings["server-id"] = {"type": "EN", "enterprise-id": 32473, "identifier": "A1", "persist": False}
    config = folder / f"kea{version}.json"
    config.write_text(json.dumps({f"Dhcp{version}": settings}))
    places = {"KEA_PIDFILE_DIR": str(folder), "KEA_LOCKFILE_DIR": str(folder)}
    with _running(net, [program(f"kea-dhcp{version}"), "-c", str(config)], folder, places):
        yield leases


_POOL_V6 = ("2001:db8::/64", "2001:db8::100-2001:db8::200")


@contextlib.contextmanager
def isc(net: Network, folder: Path, version: int) -> Iterator[Path]:
    """Run ISC dhcpd for one family and return its lease file."""
    leases = folder / f"dhcpd{version}.leases"
    leases.touch()
    config = folder / f"dhcpd{version}.conf"
    subnet = (
        "subnet 10.1.0.0 netmask 255.255.255.0 { range 10.1.0.100 10.1.0.200; }"
        if version == 4
        else "subnet6 2001:db8::/64 { range6 2001:db8::100 2001:db8::200; }"
    )
    config.write_text(f"ping-check false;\nauthoritative;\ndefault-lease-time 3600;\n{subnet}\n")
    command = [program("dhcpd"), f"-{version}", "-f", "-d", "--no-pid"]
    with _running(net, [*command, "-cf", str(config), "-lf", str(leases), "lan"], folder):
        yield leases


@contextlib.contextmanager
def _running(
    net: Network, command: Sequence[str], folder: Path, environment: dict[str, str] | None = None
) -> Iterator[None]:
    log = folder / f"{Path(command[0]).name}.log"
    with contextlib.ExitStack() as stack:
        with inside(net.gateway):
            stack.enter_context(process(command, log, env={**os.environ, **(environment or {})}))
        yield
