"""Real primaries on loopback: BIND, Knot and PowerDNS with one policy zone, which wants a signed request.

Each is a context manager that gives a ``RealPrimary`` when the zone is served.
"""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

from schoolguard.intake.transfer.model import Algorithm, Primary, TransferKey
from tests.servers import free_port, process, program, wait_until

ZONE = "rpz.test"
KEY = TransferKey("transfer.test", b"a secret of thirty-two bytes.....", Algorithm.SHA256)
STRONG = TransferKey(
    "strong.test", b"another secret, of sixty-four bytes, as SHA-512 wants them......", Algorithm.SHA512
)
WRONG = TransferKey("transfer.test", b"not the secret that is configured", Algorithm.SHA256)
_SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")


def secret(key: TransferKey) -> str:
    """Return the key's secret as servers' files write it."""
    return base64.b64encode(key.secret).decode()


def zone_text(serial: int, names: Iterable[str], end: str = "CNAME .") -> str:
    """Return a policy zone that blocks names with all below them."""
    lines = [f"$ORIGIN {ZONE}.", "$TTL 300", f"@ SOA localhost. root.localhost. {serial} 3600 600 604800 300"]
    lines.append("@ NS localhost.")
    for name in names:
        lines += [f"{name} {end}", f"*.{name} {end}"]
    return "\n".join(lines) + "\n"


def serial_at(port: int) -> int | None:
    """Return the serial that a server on loopback answers with, ``None`` for no answer."""
    query = dns.message.make_query(ZONE, dns.rdatatype.SOA)
    try:
        reply = dns.query.udp(query, "127.0.0.1", timeout=0.3, port=port)
    except (dns.exception.Timeout, OSError):
        return None
    return reply.answer[0][0].serial if reply.answer else None


@dataclass
class RealPrimary:
    """A running server; ``put`` makes it take a zone file's text."""

    port: int
    put: Callable[[str], None]

    def publish(self, serial: int, names: Iterable[str]) -> None:
        """Serve other names."""
        self.put(zone_text(serial, names))
        wait_until(lambda: serial_at(self.port) == serial, f"serial {serial}")

    def primary(self, key: TransferKey | None = KEY) -> Primary:
        """Return it as a secondary is told of it."""
        return Primary(("127.0.0.1", self.port), key)


@contextlib.contextmanager
def bind(folder: Path, text: str, notify: int | None = None, key: TransferKey = KEY) -> Iterator[RealPrimary]:
    """Run BIND; it tells ``notify``, a port, of a new serial, and gives differences."""
    port, zone = free_port(), folder / "zone"
    zone.write_text(text)
    also = f'also-notify {{ 127.0.0.1 port {notify} key "{key.name}"; }};' if notify else ""
    config = folder / "named.conf"
    config.write_text(
        f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{secret(key)}"; }};\n'
        f'controls {{ }};\noptions {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }};\n'
        f' listen-on-v6 {{ none; }}; pid-file "{folder}/pid"; '
        f' session-keyfile "{folder}/session"; recursion no;'
        f' allow-transfer {{ key "{key.name}"; }}; notify explicit; {also} notify-delay 0; }};\n'
        f'zone "{ZONE}" {{ type primary; file "{zone}"; ixfr-from-differences yes; }};\n'
    )
    with process([program("named"), "-g", "-n", "1", "-c", str(config)], folder / "named.log") as started:

        def put(changed: str) -> None:
            zone.write_text(changed)
            # The time of a zone file is compared in whole seconds.
            later = zone.stat().st_mtime + put.turns  # type: ignore[attr-defined]
            put.turns += 2  # type: ignore[attr-defined]
            os.utime(zone, (later, later))
            started.send_signal(signal.SIGHUP)

        put.turns = 2  # type: ignore[attr-defined]
        wait_until(lambda: serial_at(port) is not None, "BIND's zone")
        yield RealPrimary(port, put)


@contextlib.contextmanager
def knot(folder: Path, text: str, notify: int | None = None, key: TransferKey = KEY) -> Iterator[RealPrimary]:
    """Run Knot; it tells ``notify``, a port, of a new serial, and gives differences."""
    port, zone = free_port(), folder / "zone"
    zone.write_text(text)
    remote = f"remote:\n  - id: us\n    address: 127.0.0.1@{notify}\n    key: {key.name}\n" if notify else ""
    config = folder / "knot.conf"
    config.write_text(
        f"server:\n    listen: 127.0.0.1@{port}\n    rundir: {folder}\n"
        f"database:\n    storage: {folder}\n"
        f"key:\n  - id: {key.name}\n    algorithm: {key.algorithm}\n    secret: {secret(key)}\n{remote}"
        f"acl:\n  - id: out\n    key: {key.name}\n    action: transfer\n"
        f"zone:\n  - domain: {ZONE}\n    file: {zone}\n    acl: out\n    zonefile-sync: -1\n"
        "    zonefile-load: difference\n    journal-content: changes\n    semantic-checks: off\n"
        + ("    notify: us\n" if notify else "")
        + "log:\n  - target: stderr\n    any: info\n"
    )
    with process([program("knotd"), "-c", str(config)], folder / "knot.log") as started:

        def put(changed: str) -> None:
            zone.write_text(changed)
            started.send_signal(signal.SIGHUP)

        wait_until(lambda: serial_at(port) is not None, "Knot's zone")
        yield RealPrimary(port, put)


@contextlib.contextmanager
def powerdns(
    folder: Path, text: str, notify: int | None = None, key: TransferKey = KEY
) -> Iterator[RealPrimary]:
    """Run PowerDNS on SQLite; ``notify`` is told when a zone is put."""
    port, zone = free_port(), folder / "zone"
    with contextlib.closing(sqlite3.connect(folder / "db")) as database:
        database.executescript(_SCHEMA.read_text())
    (folder / "pdns.conf").write_text(
        f"launch=gsqlite3\ngsqlite3-database={folder}/db\ngsqlite3-dnssec=yes\nlocal-address=127.0.0.1\n"
        f"local-port={port}\nsocket-dir={folder}\nallow-axfr-ips=\nprimary=yes\ncache-ttl=0\nquery-cache-ttl=0\n"
        "negquery-cache-ttl=0\nzone-cache-refresh-interval=0\nsecurity-poll-suffix=\nguardian=no\n"
        + (f"also-notify=127.0.0.1:{notify}\n" if notify else "")
    )

    def tool(*words: str) -> None:
        command = [program("pdnsutil"), f"--config-dir={folder}", *words]
        subprocess.run(command, check=True, capture_output=True, timeout=20)

    def put(changed: str) -> None:
        zone.write_text(changed)
        tool("load-zone", ZONE, str(zone))

    put(text)
    tool("import-tsig-key", key.name, str(key.algorithm), secret(key))
    tool("activate-tsig-key", ZONE, key.name, "primary")
    tool("set-kind", ZONE, "primary")
    with process([program("pdns_server"), f"--config-dir={folder}"], folder / "pdns.log"):
        wait_until(lambda: serial_at(port) is not None, "PowerDNS's zone")
        yield RealPrimary(port, put)
