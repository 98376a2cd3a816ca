"""Policy zones: the telecom's BIND is a primary of a school's gateway, whose own zone its Unbound takes."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.bench.partner_day.desk import Desk, need, wait
from tests.bench.partner_day.school import School
from tests.servers import program

_KEY = "sogd.viettel.example"
_TAKEN, _GIVEN = "rpz.viettel.example", "thcs.rpz.sogd.example"
_BIND, _OURS, _KNOT = 5_310, 5_311, 5_353


@contextlib.contextmanager
def internet(desk: Desk) -> Iterator[None]:
    """Run a resolver that has one address for every name."""
    (desk.folder / "unbound.conf").write_text(
        f"server:\n interface: {desk.place.address}\n access-control: 0.0.0.0/0 allow\n username: ''\n"
        " chroot: ''\n do-daemonize: no\n logfile: ''\n use-syslog: no\n pidfile: ''\n num-threads: 1\n"
        " module-config: iterator\n local-zone: . redirect\n local-data: '. 60 IN A 192.0.2.7'\n"
        "remote-control:\n control-enable: no\n"
    )
    with desk.serving([program("unbound"), "-d", "-c", "unbound.conf"], "unbound.log"):
        wait(lambda: desk.asks("hoc.example", desk.place.address) == "NOERROR 192.0.2.7", "the upstream")
        yield


def zones(school: School, telecom: Desk, listed: str) -> None:
    """Take a zone of BIND and give one to Unbound, both signed; a change reaches each by NOTIFY."""
    secret = b64encode(secrets.token_bytes(32)).decode()
    here, there = school.address, telecom.place.address
    with contextlib.ExitStack() as stack:
        stack.enter_context(_bind(telecom, here, secret))
        (school.config / "keys").mkdir()
        (school.config / "keys" / "viettel.secret").write_text(secret + "\n")
        (school.config / "keys" / "viettel.secret").chmod(0o600)
        _configure(school, there)
        school.run("check")
        school.run("reload", language="vi")
        wait(lambda: school.asks("tu-bind.example").endswith("0.0.0.0"), "BIND's zone is enforced")
        _publish(telecom, 2, "tu-bind.example", "sau-notify.example")
        telecom_log = telecom.folder / "named.log"
        wait(lambda: school.asks("sau-notify.example").endswith("0.0.0.0"), f"NOTIFY, see {telecom_log}")
        wait(lambda: "thcs" in school.run("lists", "transfers", language="vi"), "the zone is served")
        stack.enter_context(_unbound(telecom, here, secret))

        def asked(name: str) -> str:
            return telecom.asks(name, there, port=_KNOT + 1)

        wait(lambda: asked("sau-notify.example").startswith("NXDOMAIN"), "Unbound enforces the zone")
        need(asked(listed).startswith("NXDOMAIN"), "Unbound enforces the partner's list", asked(listed))
        need(asked("hoc.example").startswith("NOERROR"), "and nothing else", asked("hoc.example"))
        school.run("lists", "transfers", language="vi")
        print(f"    Unbound: {listed} {asked(listed)}; hoc.example {asked('hoc.example')}")


def _configure(school: School, telecom: str) -> None:
    zone = {
        "tier": "thcs",
        "zone": _GIVEN,
        "secondaries": [{"networks": [telecom], "key": _KEY, "notify": [f"{telecom}@{_KNOT}"]}],
    }
    primary = {"address": f"{telecom}@{_BIND}", "key": _KEY}
    found = {"id": "viettel-zone", "transfer": "viettel", "category": "gambling"}
    lists = yaml.safe_load((school.config / "lists.yaml").read_text())["lists"]
    school.change(
        "lists.yaml",
        **{
            "lists": [*lists, found],
            "tsig-keys": [{"name": _KEY, "secret-file": "keys/viettel.secret"}],
            "notify-listen": [f"{school.address}@{_BIND}"],
            "transfers": [{"id": "viettel", "zone": _TAKEN, "primaries": [primary]}],
            "exports": {"listen": [f"{school.address}@{_OURS}"], "zones": [zone]},
        },
    )


@contextlib.contextmanager
def _bind(desk: Desk, school: str, secret: str) -> Iterator[None]:
    _zone(desk, 1, "tu-bind.example")
    key = f'key "{_KEY}" {{ algorithm hmac-sha256; secret "{secret}"; }};\n'
    (desk.folder / "named.conf").write_text(
        f'{key}controls {{ inet 127.0.0.1 port 9953 allow {{ localhost; }} keys {{ "{_KEY}"; }}; }};\n'
        f'options {{ directory "{desk.folder}"; listen-on port {_BIND} {{ any; }};\n'
        f" listen-on-v6 {{ none; }}; pid-file none; session-keyfile none; recursion no;\n"
        f' allow-transfer {{ key "{_KEY}"; }};\n'
        f' notify explicit; also-notify {{ {school} port {_BIND} key "{_KEY}"; }}; notify-delay 0; }};\n'
        f'zone "{_TAKEN}" {{ type primary; file "zone"; ixfr-from-differences yes; }};\n'
    )
    (desk.folder / "rndc.conf").write_text(
        f'{key}options {{ default-server 127.0.0.1; default-port 9953; default-key "{_KEY}"; }};\n'
    )
    with desk.serving([program("named"), "-g", "-n", "1", "-c", "named.conf"], "named.log"):
        log = desk.folder / "named.log"
        wait(lambda: "running" in log.read_text(), "BIND serves")
        yield


def _publish(desk: Desk, serial: int, *names: str) -> None:
    _zone(desk, serial, *names)
    subprocess.run(
        desk.place.command(program("rndc"), "-c", str(desk.folder / "rndc.conf"), "reload", _TAKEN),
        check=True,
        capture_output=True,
    )


def _zone(desk: Desk, serial: int, *names: str) -> None:
    lines = [
        f"$ORIGIN {_TAKEN}.",
        "$TTL 300",
        f"@ SOA localhost. root.localhost. {serial} 3600 600 604800 300",
    ]
    lines += ["@ NS localhost.", *(f"{name} CNAME .\n*.{name} CNAME ." for name in names)]
    (Path(desk.folder) / "zone").write_text("\n".join(lines) + "\n")


@contextlib.contextmanager
def _unbound(desk: Desk, school: str, secret: str) -> Iterator[None]:
    """Run Unbound, and a Knot beside it that has the key: this Unbound knows no TSIG for policy zones."""
    here, rundir = desk.place.address, desk.folder / "knot"
    rundir.mkdir()
    (desk.folder / "knot.conf").write_text(
        f"server:\n    listen: {here}@{_KNOT}\n    rundir: {rundir}\ndatabase:\n    storage: {rundir}\n"
        f"key:\n  - id: {_KEY}\n    algorithm: hmac-sha256\n    secret: {secret}\n"
        f"remote:\n  - id: school\n    address: {school}@{_OURS}\n    key: {_KEY}\n"
        f"  - id: unbound\n    address: {here}@{_KNOT + 1}\n"
        f"acl:\n  - id: notified\n    address: {school}\n    key: {_KEY}\n    action: notify\n"
        f"  - id: here\n    address: {here}\n    action: transfer\n"
        f"zone:\n  - domain: {_GIVEN}\n    master: school\n    acl: [notified, here]\n    notify: unbound\n"
        f"    file: {rundir}/zone\n"
    )
    (desk.folder / "rpz.conf").write_text(
        f"server:\n interface: {here}@{_KNOT + 1}\n access-control: 0.0.0.0/0 allow\n username: ''\n"
        " chroot: ''\n do-daemonize: no\n logfile: ''\n use-syslog: no\n pidfile: ''\n num-threads: 1\n"
        " module-config: 'respip iterator'\nremote-control:\n control-enable: no\n"
        f"rpz:\n name: {_GIVEN}\n primary: {here}@{_KNOT}\n allow-notify: {here}\n"
        "forward-zone:\n name: .\n forward-addr: 10.97.0.1\n"
    )
    with contextlib.ExitStack() as stack:
        stack.enter_context(desk.serving([program("knotd"), "-c", "knot.conf"], "knot.log"))
        wait(lambda: desk.asks(_GIVEN, here, "SOA", _KNOT).startswith("NOERROR "), "Knot has our zone")
        stack.enter_context(desk.serving([program("unbound"), "-d", "-c", "rpz.conf"], "rpz.log"))
        wait(lambda: desk.asks("hoc.example", here, port=_KNOT + 1).startswith("NOERROR"), "Unbound")
        yield
