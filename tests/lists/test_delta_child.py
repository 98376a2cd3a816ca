"""Layers laid together in the compiling process, as a gateway does it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from schoolguard.lists.delta import compact, delta
from schoolguard.lists.request import Joining, asked_from_json, joining_to_json, written_from_json
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

if TYPE_CHECKING:
    from tests.lists.conftest import Workshop


def run(text: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "schoolguard.lists.child", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def layers(workshop: Workshop, tmp_path: Path) -> list[Path]:
    wholes = []
    for name in ("a", "b", "c"):
        workshop.write("list", f"{name}.example")
        wholes.append(workshop.snapshot(workshop.source("list")))
    one, two = (delta(wholes[at], wholes[at + 1], tmp_path / f"{at}.layer") for at in (0, 1))
    return [wholes[0].path, one.path, two.path]


def test_the_child_does_what_the_function_does(
    workshop: Workshop, layers: list[Path], tmp_path: Path
) -> None:
    for name, part in (("deltas", layers[1:]), ("base", layers)):
        done = run(joining_to_json(Joining(tuple(part), tmp_path / name)))
        assert done.returncode == 0, done.stderr
        written = written_from_json(done.stdout)
        here = compact([Snapshot.open(path) for path in part], tmp_path / "here")
        assert (written.path, written.digest) == (tmp_path / name, here.digest)
    stack = Stack.open([layers[0], tmp_path / "deltas"])
    assert [workshop.ask(stack, f"{name}.example") for name in "abc"] == [set(), set(), {"ads"}]


def test_layers_that_do_not_fit_are_said(layers: list[Path], tmp_path: Path) -> None:
    done = run(joining_to_json(Joining((layers[0], layers[2]), tmp_path / "never")))
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not follow" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "text", ['{"layers": []}', '{"layers": [], "target": "x"}', '{"layers": 3, "target": 1}', "3"]
)
def test_a_wrong_request_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="not a request"):
        asked_from_json(text)
