"""Commands are loaded when they are asked for, and all of them can be."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from schoolguard.cli import main
from schoolguard.cli.later import Later

GATEWAY = ("schoolguard.node", "schoolguard.resolver", "schoolguard.serve", "schoolguard.config")


def loaded_by(*words: str) -> set[str]:
    """Return the modules that a command has loaded when it has told its help."""
    text = f"import sys; from schoolguard.cli import main; main({list(words)!r}, standalone_mode=False)"
    done = subprocess.run(
        [sys.executable, "-c", f"{text}; print(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Usage" in done.stdout
    return set(done.stderr.split())


def test_an_order_loads_nothing_of_the_gateway() -> None:
    loaded = loaded_by("partner", "order", "--help")
    assert "schoolguard.cli.partner_order" in loaded
    assert not [name for name in loaded if name.startswith(GATEWAY)]
    assert "schoolguard.cli.partner_push" not in loaded


def test_every_command_can_be_loaded() -> None:
    groups, found = [main], 0
    for group in groups:
        for command in group.commands.values():
            found += 1
            if isinstance(command, click.Group):
                groups.append(command)
    assert found > 30


def test_a_group_takes_commands_of_other_modules_once() -> None:
    table = Later({"lists": ("schoolguard.cli.lists:lists", "schoolguard.cli.province:import_")})
    group = table["lists"]
    assert isinstance(group, click.Group)
    assert "import" in group.commands
    assert table["lists"] is group
    assert list(table) == ["lists"]


def test_what_is_no_command_is_an_error() -> None:
    with pytest.raises(TypeError, match="no command"):
        Later({"x": "schoolguard.cli.later:Later"})["x"]
    with pytest.raises(KeyError):
        Later({})["x"]
