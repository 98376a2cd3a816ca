"""Starts: cold, from a snapshot, and those that cannot be; never an unfiltered answer at any of them."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.ask import NoReply, Reply
from tests.servers import Gateway, children, command_line, console_script, serving, wait_until
from tests.site import PRIMARY, STAFF, Site


def _first_reply(gateway: Gateway, name: str, tcp: bool = False) -> Reply:
    """Return the first reply that a client gets who asks from the very start."""

    def ask() -> Reply | None:
        try:
            return gateway.asker(PRIMARY, timeout=1.0).ask(name, tcp=tcp)
        except (OSError, NoReply, EOFError):
            return None

    reply = wait_until(ask, "a first reply")
    assert isinstance(reply, Reply)
    return reply


def test_until_the_lists_are_compiled_every_query_gets_servfail(site: Site) -> None:
    """Closed, not open; here the compiling process is stopped before it gets anywhere."""
    with serving(site, ready=False) as gateway:

        def compiling() -> list[int]:
            return [p for p in children(gateway.process.pid) if "schoolguard.lists.child" in command_line(p)]

        (child,) = wait_until(compiling, "the compile")
        os.kill(child, signal.SIGSTOP)
        for name in ("www.hoc.example", "bet.example"):
            for tcp in (False, True):
                reply = _first_reply(gateway, name, tcp)
                assert (reply.rcode_name, reply.answers) == ("SERVFAIL", [])
                assert reply.ede is not None
                assert reply.ede[0] == 14
        assert gateway.http("/healthz")[0] == 503
        assert gateway.metric("schoolguard_ready") == 0
        os.kill(child, signal.SIGCONT)
        gateway.wait_ready()
        assert gateway.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]
        assert gateway.errors() == []


def test_an_end_during_the_first_compile(site: Site) -> None:
    with serving(site, ready=False) as gateway:
        wait_until(lambda: children(gateway.process.pid), "a child")
        _first_reply(gateway, "bet.example")
        gateway.process.terminate()
        assert gateway.ended() == 0
        assert gateway.errors() == []


@pytest.mark.parametrize("name", ["www.hoc.example", "bet.example", "game.example"])
def test_the_first_answer_after_a_cold_start_is_no_unfiltered_one(
    new_site: Callable[..., Site], tmp_path: Path, name: str
) -> None:
    with serving(new_site(tmp_path), ready=False) as gateway:
        while True:
            reply = _first_reply(gateway, name)
            if reply.rcode_name != "SERVFAIL":
                break
            assert reply.ede is not None
            assert reply.ede[0] == 14
        assert (reply.rdatas == ["0.0.0.0"]) == (name != "www.hoc.example")


def test_a_start_from_a_ready_snapshot_needs_no_compile(site: Site) -> None:
    """The list cannot be read any more, and the policy of the last compile is in force all the same."""
    with serving(site) as gateway:
        names = gateway.command("status")["names"]
    for path in site.blocklists.glob("*.txt"):
        path.write_text("")
    with serving(site, ready=False) as gateway:
        reply = _first_reply(gateway, "bet.example")
        assert reply.rdatas == ["0.0.0.0"]
        gateway.wait_ready()
        assert gateway.command("status")["names"] == names
        assert gateway.asker(PRIMARY).ask("game.example").rdatas == ["0.0.0.0"]


def _halved(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flipped(content: bytes) -> bytes:
    at = len(content) * 2 // 3
    return content[:at] + bytes(each ^ 0xFF for each in content[at : at + 1]) + content[at + 1 :]


@pytest.mark.parametrize("damage", [_halved, _flipped])
def test_a_broken_snapshot_is_compiled_anew(site: Site, damage: Callable[[bytes], bytes]) -> None:
    with serving(site):
        pass
    for path in (site.state / "snapshots").rglob("*"):
        if path.is_file() and path.name != "current":
            path.chmod(0o600)
            path.write_bytes(damage(path.read_bytes()))
    with serving(site) as gateway:
        assert gateway.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]


def test_a_second_gateway_on_the_same_state_is_refused(site: Site) -> None:
    with serving(site) as first:
        code, text = _failed(site)
        assert code == 1
        assert str(site.state) in text
        assert "another gateway" in text
        assert first.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]
        assert first.command("status")["restarts"] == 0


def test_a_second_gateway_on_the_same_address_is_refused(
    new_site: Callable[..., Site], tmp_path: Path, site: Site
) -> None:
    """The kernel would let the two share it, and each answer every other query by its own policy."""
    other = new_site(tmp_path, listen=[f"127.0.0.1@{site.port}"])
    with serving(site) as first:
        code, text = _failed(other)
        assert code == 1
        assert f"127.0.0.1@{site.port}" in text
        assert "another SchoolGuard" in text
        assert first.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]


def test_an_upstream_that_is_the_gateway_itself_is_refused(site: Site) -> None:
    code, text = _failed(site, upstream=f"127.0.0.1@{site.port}")
    assert code == 1
    assert "is this gateway itself" in text


@pytest.mark.parametrize("content", [b"\xcc\xcc", b"", b"\0" * 200])
def test_a_damaged_pointer_to_the_snapshot_is_no_snapshot(site: Site, content: bytes) -> None:
    """A power cut may leave anything; the lists are compiled again."""
    with serving(site):
        pass
    (site.state / "snapshots" / "current").write_bytes(content)
    with serving(site) as gateway:
        assert gateway.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]


def _failed(site: Site, upstream: str = "", **options: object) -> tuple[int, str]:
    """Return exit code and messages of a gateway that does not start; nothing of it may be left."""
    done = subprocess.run(
        [
            *(console_script(), "serve", "--config", str(site.config), "--language", "en"),
            *(("--upstream", upstream) if upstream else ()),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,  # type: ignore[call-overload]
    )
    assert "Traceback" not in done.stderr
    assert _workers_of(site) == []
    return done.returncode, done.stderr


def _workers_of(site: Site) -> list[str]:
    """Return the workers on the site's state folder that have lost their parent."""
    lines = [command_line(int(path.name)) for path in Path("/proc").glob("[0-9]*")]
    mine = [line for line in lines if "schoolguard.serve.worker" in line and f"{site.state}/" in line]
    kept = [line for pid in _gateways(site) for line in map(command_line, children(pid))]
    return [line for line in mine if line not in kept]


def _gateways(site: Site) -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*"):
        line = command_line(int(path.name))
        if " serve " in line and str(site.config) in line:
            yield int(path.name)


@pytest.mark.parametrize("transport", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_listen_address_in_use_is_named_with_what_to_do(site: Site, transport: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, transport) as taken:
        taken.bind(("127.0.0.1", site.port))
        code, text = _failed(site)
    assert code == 1
    assert f"127.0.0.1@{site.port}" in text
    assert "ss -lunpt" in text


def test_a_metrics_address_in_use_is_named_and_leaves_no_worker(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", site.metrics))
        taken.listen()
        code, text = _failed(site)
    assert code == 1
    assert f"127.0.0.1@{site.metrics}" in text


def test_an_address_that_is_not_ours_is_named(site: Site) -> None:
    site.listen = [f"192.0.2.200@{site.port}"]
    site.write()
    code, text = _failed(site)
    assert code == 1
    assert "192.0.2.200" in text


def test_a_wrong_configuration_ends_with_2_and_every_error(site: Site) -> None:
    (site.config / "tiers.yaml").write_text("tiers: 5\n")
    (site.config / "lists.yaml").write_text("lists:\n  - {id: x, file: x.txt, category: nonsense}\n")
    code, text = _failed(site)
    assert code == 2
    assert "tiers.yaml:1" in text
    assert "lists.yaml:2" in text


def test_state_that_cannot_be_written_is_named(site: Site) -> None:
    site.state = Path("/proc/schoolguard")
    site.write()
    code, text = _failed(site)
    assert code == 1
    assert "/proc/schoolguard" in text


def test_a_state_path_too_long_for_a_socket_is_named(site: Site) -> None:
    site.state = site.folder / ("x" * 120)
    site.write()
    code, text = _failed(site)
    assert code == 1
    assert "paths.state" in text


def test_state_of_another_user_is_named(site: Site) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    nobody = pwd.getpwnam("nobody")
    for folder in (site.folder, *site.folder.parents):
        if folder.stat().st_uid == 0 and folder != Path("/") and not folder.stat().st_mode & 1:
            folder.chmod(folder.stat().st_mode | 0o011)
    site.state.mkdir(mode=0o700)
    try:
        code, text = _failed(site, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    except PermissionError:
        pytest.skip("this environment's programs are not for other users")
    assert code == 1
    assert str(site.state) in text
    assert str(nobody.pw_uid) in text


def test_lists_that_block_nothing_are_no_policy(site: Site) -> None:
    """A gateway without one blocking name is a misconfiguration, not a filter."""
    for path in site.blocklists.glob("*.txt"):
        path.write_text("# nothing\n")
    code, text = _failed(site)
    assert code == 1
    assert "lists" in text


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount") or "/bin/mount"
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=False)
    if done.returncode:
        pytest.skip("this machine does not let us mount a small file system")
    yield folder
    subprocess.run([shutil.which("umount") or "/bin/umount", "-l", str(folder)], check=True)


def test_a_full_disk_changes_nothing(new_site: Callable[..., Site], tmp_path: Path, small_disk: Path) -> None:
    site = new_site(tmp_path, state=small_disk / "state")
    with serving(site) as gateway:
        before = gateway.command("status")
        filler = small_disk / "filler"
        _fill(filler)
        site.lists["gambling"] = ["bet.example", "new-bet.example"]
        site.write()
        _no_space(gateway, before)
        filler.unlink()
        site.lists["gambling"] += [f"bet{i}.example" for i in range(300_000)]
        site.write()
        _no_space(gateway, before)
        site.lists["gambling"] = ["bet.example", "new-bet.example"]
        site.write()
        gateway.reload()
        assert gateway.asker(PRIMARY).ask("new-bet.example").rdatas == ["0.0.0.0"]
    with serving(site) as gateway:
        assert gateway.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def _no_space(gateway: Gateway, before: dict[str, Any]) -> None:
    """Check that a reload is refused for want of space, and that all is as ``before``."""
    answer = gateway.command("reload")
    assert not answer["ok"]
    assert "space" in str(answer["errors"]).lower()
    assert gateway.command("status") == before
    assert gateway.asker(PRIMARY).ask("bet.example").rdatas == ["0.0.0.0"]
    assert gateway.asker(STAFF).ask("www.hoc.example").rdatas == ["192.0.2.1"]
