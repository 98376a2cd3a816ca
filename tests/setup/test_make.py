"""What ``make`` says to a newcomer: its targets, and what to type when something is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": path or os.environ["PATH"]}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def python_saying(folder: Path, version: str, ensurepip: bool = True) -> str:
    """Write a stand-in for a Python of that version; return its path."""
    command = folder / "python3"
    new_enough = 0 if tuple(map(int, version.split("."))) >= (3, 11) else 1
    command.write_text(
        f"""#!/bin/sh
case "$2" in
*print*) echo {version} ;;
*exit*) exit {new_enough} ;;
*ensurepip*) exit {0 if ensurepip else 1} ;;
esac
"""
    )
    command.chmod(0o755)
    return str(command)


def test_help_lists_every_target() -> None:
    phony = re.findall(r"(?m)^\.PHONY: (\S+)", (ROOT / "Makefile").read_text())
    shown = run("make", "--no-print-directory").stdout
    assert {"run", "test", "bench", "clean"} <= set(phony)
    assert [target for target in phony if f"make {target} " not in shown] == []


def test_python_too_old_is_named_with_the_way_out(tmp_path: Path) -> None:
    done = run("sh", ".ci/python.sh", python_saying(tmp_path, "3.9"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "(3.9)" in done.stderr
    assert "apt-get install python3" in done.stderr


def test_python_without_venv_names_the_package(tmp_path: Path) -> None:
    done = run("sh", ".ci/python.sh", python_saying(tmp_path, "3.12", ensurepip=False))
    assert done.returncode == 1
    assert "apt-get install python3.12-venv" in done.stderr


def test_python_that_fits_is_printed(tmp_path: Path) -> None:
    command = python_saying(tmp_path, "3.12")
    assert run("sh", ".ci/python.sh", command).stdout == f"{command}\n"


def test_packages_that_are_there_are_not_installed_again(tmp_path: Path) -> None:
    listed = tmp_path / "packages.txt"
    listed.write_text("# a comment\nno-such-package sh\n\n")
    done = run("sh", ".ci/apt.sh", str(listed))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_missing_packages_are_named_where_apt_is_missing(tmp_path: Path) -> None:
    listed = tmp_path / "packages.txt"
    listed.write_text("some-package no-such-command\n")
    sh = shutil.which("sh")
    if sh is None or Path("/usr/sbin/apt-get").exists():
        pytest.skip("apt-get stands where the script always looks")
    done = run(sh, ".ci/apt.sh", str(listed), path=str(tmp_path))
    assert done.returncode == 1
    assert "some-package" in done.stderr


def test_every_shell_script_parses() -> None:
    scripts = [*sorted((ROOT / ".ci").glob("*.sh")), ROOT / ".ci" / "run"]
    assert len(scripts) > 1
    assert [script.name for script in scripts if run("bash", "-n", str(script)).returncode] == []
