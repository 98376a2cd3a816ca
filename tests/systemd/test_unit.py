"""The systemd files: systemd accepts the unit, the sandbox holds, and the program runs inside it."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
UNIT = FOLDER / "schoolguard.service"
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
EXPOSURE_AT_MOST = 20
"""Tenths of systemd's exposure level; 1.7 measured, and "OK" ends at 2.9."""


def settings(path: Path) -> dict[str, list[str]]:
    """Return every ``key = value`` of the file, a key's values in their order."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith(("#", "[")):
            key, value = line.split("=", 1)
            found.setdefault(key.strip(), []).append(value.strip())
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit with a program that exists on every system, since verify looks for it."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (package systemd)")
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"(?m)^ExecStart=.*$", "ExecStart=/bin/true", UNIT.read_text()))
    return copy


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def test_systemd_accepts_the_unit(installed: Path) -> None:
    done = analyze("verify", "--man=no", str(installed))
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_finds_a_mistake(installed: Path) -> None:
    installed.write_text(installed.read_text().replace("KillMode=process", "KillMode=proces"))
    assert "kill mode" in analyze("verify", "--man=no", str(installed)).stderr


def test_sandbox_is_tight(installed: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE_AT_MOST}", str(installed))
    assert done.returncode == 0, done.stdout


def test_only_the_right_to_bind_low_ports() -> None:
    found = settings(UNIT)
    assert found["CapabilityBoundingSet"] == found["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE"]
    assert found["User"] == ["schoolguard"]
    assert "u schoolguard " in (FOLDER / "schoolguard.sysusers.conf").read_text()


def test_workers_outlive_the_control_process() -> None:
    found = settings(UNIT)
    assert found["KillMode"] == ["process"]
    assert found["OOMPolicy"] == ["continue"]
    assert found["RuntimeDirectoryPreserve"] == ["restart"]


@pytest.mark.parametrize(("result", "ends"), [("success", True), ("timeout", True), ("watchdog", False)])
def test_stop_ends_left_over_workers_and_a_crash_does_not(result: str, ends: bool) -> None:
    (command,) = settings(UNIT)["ExecStopPost"]
    script = command.removeprefix("-/bin/sh -c ").strip("'").replace("exec pkill", "exec echo")
    done = subprocess.run(
        ["/bin/sh", "-c", script], env={"SERVICE_RESULT": result}, capture_output=True, text=True, check=True
    )
    assert bool(done.stdout) is ends


def test_batches_run_without_writable_code() -> None:
    program = (
        "import socket, mmap\n"
        "from schoolguard.serve.batch import Batch\n"
        "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:\n"
        "    s.bind(('127.0.0.1', 0))\n"
        "    print(Batch(s, True).receive())\n"
        "try:\n    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)\n"
        "except PermissionError:\n    print('refused')\n"
    )
    if ctypes.CDLL(None).prctl(PR_SET_MDWE + 1, 0, 0, 0, 0) < 0:
        pytest.skip("the kernel has no PR_SET_MDWE (Linux 6.3)")
    done = subprocess.run(
        [sys.executable, "-c", _sealed(program)], capture_output=True, text=True, check=False, env=os.environ
    )
    assert (done.stdout.split(), done.stderr) == (["0", "refused"], "")


def _sealed(program: str) -> str:
    """Return a program that gives up writable code for good, then becomes ``program``."""
    return (
        "import ctypes, os, sys\n"
        f"assert ctypes.CDLL(None).prctl({PR_SET_MDWE}, {PR_MDWE_REFUSE_EXEC_GAIN}, 0, 0, 0) == 0\n"
        f"os.execv(sys.executable, [sys.executable, '-c', {program!r}])\n"
    )


def test_sysctl_leaves_room_for_the_buffer_asked_for() -> None:
    found = settings(FOLDER / "schoolguard.sysctl.conf")
    assert int(found["net.core.rmem_max"][0]) >= 4 << 20
