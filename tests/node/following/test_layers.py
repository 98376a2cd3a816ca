"""Compiled layers on their way into a gateway: joined, collected, refused, damaged, killed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard

from schoolguard.hub.tuf.signing import File
from schoolguard.lists.stack import Stack
from schoolguard.node.province_layers import ProvinceLayers
from schoolguard.node.standing import publisher_versions
from tests.node.following.scene import Box, Hub


def needed(folder: Path) -> tuple[set[str], set[str]]:
    """Return the files of the layers in force and those kept to go back to; there must be no others."""
    layers = ProvinceLayers(folder)
    installed = layers.installed()
    assert installed is not None
    in_force = set(installed.files)
    kept = {name for each in layers.kept.sets() for name in each.layers.files} - in_force
    there = {path.name for path in folder.iterdir()} - {"current.json", *layers.kept.NAMES}
    assert there == in_force | kept
    return in_force, kept


def test_several_deltas_become_one_and_old_files_go(hub: Hub, box: Box) -> None:
    hub.lists("a.example")
    box.take(hub.yard.served)
    for names in (["b.example"], ["b.example", "c.example"], ["d.example", "a.example"]):
        last = hub.lists(*names)
    box.take(hub.yard.served)
    hub.lists("a.example", "d.example", "e.example")
    state = box.take(hub.yard.served)
    assert state.state != last
    in_force, kept = needed(box.folder / "province" / "layers")
    assert (len(in_force), len(kept)) == (2, 1), "the base, one delta, and the delta to go back to"
    assert [box.blocked(f"{name}.example") for name in "abcde"] == [True, False, False, True, True]
    assert len(box.applied) == 3
    whole = hub.wholes[-1]
    assert Stack.open([Path(path) for path in box.applied[-1]]).layers[0].state == whole.state


def test_the_feed_names_the_lists_in_force(hub: Hub, box: Box) -> None:
    assert publisher_versions(()) == ()
    hub.lists("a.example")
    box.take(hub.yard.served)
    (first,) = publisher_versions(box.applied[-1])
    hub.lists("a.example", "b.example")
    box.take(hub.yard.served)
    (second,) = publisher_versions(box.applied[-1])
    assert (first.id, first.entries, second.entries) == (second.id, 1, 2)
    assert first.version != second.version
    assert 0 < first.changed <= second.changed
    Path(box.applied[-1][0]).write_bytes(b"rubbish")
    assert publisher_versions(box.applied[-1]) == ()


def test_what_is_in_force_is_not_fetched_again(hub: Hub, box: Box) -> None:
    hub.lists("a.example")
    box.take(hub.yard.served)
    shutil.rmtree(hub.yard.served / "targets")
    assert box.take(hub.yard.served).problems == {}
    assert len(box.applied) == 1


def test_layers_that_this_gateway_refuses_leave_the_former(hub: Hub, box: Box) -> None:
    first = hub.lists("a.example")
    box.take(hub.yard.served)
    box.refuses = True
    second = hub.lists("b.example")
    state = box.take(hub.yard.served)
    assert (state.state, state.offered) == (first, second)
    assert box.refused() == {"layers": "not-applied"}
    assert box.blocked("a.example")
    box.refuses = False
    assert box.take(hub.yard.served).state == second
    assert box.refused() == {}


def test_layers_that_are_not_what_they_are_called_are_refused(hub: Hub, box: Box) -> None:
    first = hub.lists("a.example")
    box.take(hub.yard.served)
    hub.lists("b.example", publish=False)
    name = next(reversed(hub.files))
    for content, word in (
        (zstandard.compress(bytes(300 << 20)), "ratio"),
        (zstandard.compress(hub.wholes[-1].path.read_bytes()), "wrong-content"),
        (zstandard.compress(b"another"), "damaged"),
        (b"no zstd", "damaged"),
    ):
        wrong = hub.work / f"{word}-{len(content)}"
        wrong.write_bytes(content)
        hub.files[name] = File(wrong, hub.files[name].custom)
        hub.publish()
        assert box.take(hub.yard.served).state == first
        assert box.refused() == {"layers": word}
    assert box.blocked("a.example")


@pytest.mark.parametrize(
    ("custom", "word"),
    [
        ({}, "bad-layer"),
        ({"kind": "delta", "state": "0" * 64, "follows": ""}, "bad-layer"),
        ({"kind": "base", "state": "../../x", "follows": ""}, "bad-layer"),
        ({"kind": 3, "state": ["x"], "follows": {}}, "bad-layer"),
        ({"kind": "base", "state": "0" * 64, "follows": ""}, "wrong-content"),
        ({"kind": "delta", "state": "0" * 64, "follows": "1" * 64}, "no-way"),
    ],
)
def test_a_description_that_lies_is_refused(hub: Hub, box: Box, custom: dict[str, Any], word: str) -> None:
    hub.lists("a.example", publish=False)
    ((name, file),) = hub.files.items()
    hub.files[name] = File(file.path, custom)
    hub.publish()
    box.take(hub.yard.served)
    assert box.refused() == {"layers": word}
    assert box.applied == []


def test_a_damaged_file_is_fetched_anew(hub: Hub, box: Box) -> None:
    hub.lists("a.example")
    box.take(hub.yard.served)
    (path,) = map(Path, box.layers.ready())
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    assert box.layers.ready() == ()
    box.take(hub.yard.served)
    assert box.blocked("a.example")


def test_a_damaged_delta_in_force_is_made_anew(hub: Hub, box: Box) -> None:
    for name in ("a", "b", "c"):
        hub.lists(f"{name}.example")
        box.take(hub.yard.served)
    _, path = map(Path, box.layers.ready())
    assert path.suffix == ".joined"
    path.write_bytes(path.read_bytes()[:-40])
    newest = hub.lists("d.example")
    assert box.take(hub.yard.served).state == newest
    assert [box.blocked(f"{name}.example") for name in "abcd"] == [False, False, False, True]


_CHILD = """
import asyncio, sys
from pathlib import Path
from schoolguard.intake.model import Publisher
from schoolguard.node.following import Following
from schoolguard.node.ordering import Ordering

async def apply(paths):
    pass

state = Path(sys.argv[1])
state.mkdir(exist_ok=True)
ordering = Ordering(state, 0.0, lambda message: ())
following = Following(Publisher(sys.argv[2]), state, ordering, apply)
asyncio.run(following.import_(Path(sys.argv[3])))
"""


def test_a_kill_at_any_moment_leaves_the_former_or_the_new(hub: Hub, tmp_path: Path) -> None:
    states = {hub.lists("old.example")}
    state = tmp_path / "killed"
    script = tmp_path / "child.py"
    script.write_text(_CHILD)
    command = [sys.executable, str(script), str(state), hub.root, str(hub.yard.served)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["", *sys.path])}
    subprocess.run(command, check=True, env=environment, timeout=60)
    layers = ProvinceLayers(state / "province" / "layers")
    drawn = random.Random(4)
    for round_ in range(8):
        states.add(hub.lists(f"n{round_}.example", "old.example", base=round_ == 5))
        child = subprocess.Popen(command, env=environment)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(drawn.uniform(0.3, 1.3))
        child.send_signal(signal.SIGKILL)
        child.wait()
        installed = layers.installed()
        assert installed is not None
        assert installed.state in states
        assert len(layers.ready()) >= 1
    subprocess.run(command, check=True, env=environment, timeout=60)
    found = layers.installed()
    assert found is not None
    assert found.state == hub.wholes[-1].state
    needed(state / "province" / "layers")


_FULL = """
import json, resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
state = asyncio.run(following.import_(Path(sys.argv[3])))
print(json.dumps([word for word, _ in state.problems.values()]))
"""


def test_a_disk_that_fills_in_the_middle_leaves_the_former_and_is_told(hub: Hub, tmp_path: Path) -> None:
    former = hub.lists("old.example")
    state, script = tmp_path / "full", tmp_path / "child.py"
    begin, _import = _CHILD.rstrip().rsplit("\n", 1)
    script.write_text(f"{begin}{_FULL}")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["", *sys.path])}

    def take(most: int) -> list[str]:
        words = [sys.executable, str(script), str(state), hub.root, str(hub.yard.served), str(most)]
        done = subprocess.run(words, check=True, env=environment, timeout=60, capture_output=True)
        found: list[str] = json.loads(done.stdout.splitlines()[-1])
        return found

    assert take(1 << 30) == []
    hub.lists(*(f"n{number}.example" for number in range(2_000)), "old.example")
    layers = ProvinceLayers(state / "province" / "layers")
    for most in (1_000, 12_000):
        assert "disk" in take(most), most
        installed = layers.installed()
        assert installed is not None
        assert (installed.state, len(layers.ready())) == (former, 1)
    assert take(1 << 30) == []
    assert layers.installed() != installed
    assert not list((state / "province" / "layers").glob("unpacking"))


def test_a_pointer_that_is_rubbish_is_none(hub: Hub, box: Box) -> None:
    hub.lists("a.example")
    box.take(hub.yard.served)
    pointer = box.folder / "province" / "layers" / "current.json"
    good = json.loads(pointer.read_bytes())
    for wrong in (b"", b"[]", b"{}", json.dumps({**good, "base": "../x"}).encode(), b"\xff"):
        pointer.write_bytes(wrong)
        assert box.layers.installed() is None
    box.take(hub.yard.served)
    assert box.blocked("a.example")
