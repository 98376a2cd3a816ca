"""Real resolvers on loopback that enforce a policy zone which they take from our primary.

Each is a context manager that gives the port where the resolver answers; what is not blocked it asks of the
authoritative server on port ``authority``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from schoolguard.intake.transfer.model import TransferKey
from tests.ask import Asker
from tests.intake.transfer.primaries import secret
from tests.servers import free_port, process, program, wait_until

NAMES = ("bet.example", "hoc.example", "game.example")


def _answers(port: int, log: Path) -> None:
    asker = Asker(port=port, timeout=0.3)

    def answered() -> bool:
        reply = asker.try_once("www.hoc.example", "A")
        return reply is not None and bool(reply.answers)

    try:
        wait_until(answered, "an answer of the resolver", 15)
    except AssertionError as error:
        raise AssertionError(log.read_text(errors="replace")[-3000:]) from error


@contextlib.contextmanager
def unbound(folder: Path, primary: int, zone: str, authority: int, _: TransferKey | None) -> Iterator[int]:
    """Run Unbound; this version knows no TSIG for its policy zones."""
    port = free_port()
    stubs = "".join(f"stub-zone:\n    name: {n}\n    stub-addr: 127.0.0.1@{authority}\n" for n in NAMES)
    config = folder / "unbound.conf"
    config.write_text(
        f"server:\n    interface: 127.0.0.1\n    port: {port}\n    username: ''\n    chroot: ''\n"
        f"    directory: '{folder}'\n    pidfile: '{folder}/pid'\n    logfile: ''\n    use-syslog: no\n"
        "    do-not-query-localhost: no\n    module-config: 'respip iterator'\n    do-daemonize: no\n"
        "    access-control: 127.0.0.0/8 allow\n    num-threads: 1\nremote-control:\n    control-enable: no\n"
        f"rpz:\n    name: {zone}\n    primary: 127.0.0.1@{primary}\n    allow-notify: 127.0.0.1\n{stubs}"
    )
    log = folder / "unbound.log"
    with process([program("unbound"), "-d", "-c", str(config)], log):
        _answers(port, log)
        yield port


@contextlib.contextmanager
def unbound_behind_knot(
    folder: Path, primary: int, zone: str, authority: int, key: TransferKey | None
) -> Iterator[int]:
    """Run Unbound that takes the zone of a Knot beside it, which takes it of our primary, signed."""
    port = free_port()
    assert key is not None
    (folder / "between").mkdir()
    config = folder / "knot.conf"
    config.write_text(
        f"server:\n    listen: 127.0.0.1@{port}\n    rundir: {folder}/between\n"
        f"database:\n    storage: {folder}/between\n"
        f"key:\n  - id: {key.name}\n    algorithm: {key.algorithm}\n    secret: {secret(key)}\n"
        f"remote:\n  - id: school\n    address: 127.0.0.1@{primary}\n    key: {key.name}\n"
        "acl:\n  - id: here\n    address: 127.0.0.1\n    action: [transfer, notify]\n"
        f"zone:\n  - domain: {zone}\n    master: school\n    acl: here\n    file: {folder}/between/zone\n"
    )
    asker = Asker(port=port, timeout=0.3)
    with contextlib.ExitStack() as stack:
        stack.enter_context(process([program("knotd"), "-c", str(config)], folder / "between.log"))
        wait_until(lambda: (reply := asker.try_once(zone, "SOA")) and reply.answers, "the zone on Knot")
        yield stack.enter_context(unbound(folder, port, zone, authority, None))


@contextlib.contextmanager
def bind(folder: Path, primary: int, zone: str, authority: int, key: TransferKey | None) -> Iterator[int]:
    """Run BIND with the zone as its response policy."""
    port = free_port()
    assert key is not None
    forwards = "".join(
        f'zone "{n}" {{ type forward; forward only; forwarders {{ 127.0.0.1 port {authority}; }}; }};\n'
        for n in NAMES
    )
    config = folder / "named.conf"
    config.write_text(
        f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{secret(key)}"; }};\ncontrols {{ }};\n'
        f'options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; '
        f' listen-on-v6 {{ none; }}; pid-file "{folder}/pid";'
        f' session-keyfile "{folder}/session"; dnssec-validation no; notify no;\n'
        f' response-policy {{ zone "{zone}"; }} qname-wait-recurse no min-update-interval 0; }};\n'
        f'zone "{zone}" {{ type secondary; primaries {{ 127.0.0.1 port {primary} key "{key.name}"; }};\n'
        f' file "policy"; masterfile-format text; allow-notify {{ key "{key.name}"; }};'
        f" min-refresh-time 1; }};\n{forwards}"
    )
    log = folder / "named.log"
    with process([program("named"), "-g", "-n", "1", "-c", str(config)], log):
        _answers(port, log)
        yield port


@contextlib.contextmanager
def recursor(folder: Path, primary: int, zone: str, authority: int, key: TransferKey | None) -> Iterator[int]:
    """Run PowerDNS's recursor, which asks for the zone every second."""
    port = free_port()
    assert key is not None
    signed = f'tsigname="{key.name}", tsigalgo="{key.algorithm}", tsigsecret="{secret(key)}"'
    (folder / "policy.lua").write_text(
        f'rpzPrimary({{"127.0.0.1:{primary}"}}, "{zone}", {{{signed}, refresh=1}})\n'
    )
    forwards = ",".join(f"{name}=127.0.0.1:{authority}" for name in NAMES)
    (folder / "recursor.conf").write_text(
        f"local-address=127.0.0.1\nlocal-port={port}\nsocket-dir={folder}\nforward-zones={forwards}\n"
        f"lua-config-file={folder}/policy.lua\nsecurity-poll-suffix=\ndnssec=off\nthreads=1\n"
        "dont-query=\ndisable-packetcache=yes\nmax-cache-ttl=1\nmax-negative-ttl=1\nlog-common-errors=yes\nloglevel=6\n"
    )
    log = folder / "recursor.log"
    with process([program("pdns_recursor"), f"--config-dir={folder}", "--daemon=no"], log):
        _answers(port, log)
        yield port
