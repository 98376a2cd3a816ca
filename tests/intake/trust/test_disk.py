"""What happens on the gateway's own disk: kills at every step, a disk that fills, damage, a carried copy."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schoolguard.hub.tuf.rotation import renew_root
from schoolguard.intake.trust.client import Client
from schoolguard.intake.trust.errors import Fault, SourceFailed, StoreFailed, Untrusted
from schoolguard.intake.trust.export import export
from schoolguard.intake.trust.folder import FolderSource
from schoolguard.intake.trust.limits import STICK_AGE
from schoolguard.intake.trust.names import TIMESTAMP
from schoolguard.intake.trust.store import Store
from tests.hub.tuf.killed import every_step
from tests.hub.tuf.yard import DAY, NOW
from tests.intake.trust.conftest import FILE, OTHER, Scene
from tests.intake.trust.gate import Gate


def take(store: Path, served: Path, root: bytes, now: float) -> None:
    """Refresh and fetch everything, as a gateway does."""

    async def run() -> None:
        client = Client(Store(store), FolderSource(served, carried=False), root)
        await client.refresh(now)
        for target in client.targets().values():
            await client.fetch(target)

    asyncio.run(run())


def test_a_kill_at_any_step_of_a_refresh_leaves_the_old_state_or_the_new(
    scene: Scene, tmp_path: Path
) -> None:
    root, served = scene.yard.root(), scene.yard.served
    knows, trial = tmp_path / "knows", tmp_path / "trial"
    take(knows, served, root, NOW)
    scene.yard.partner("fpt", "f1", now=NOW + 60)
    scene.push(b"viettel 2", NOW + 60)
    old = Gate(knows, served, root).targets()

    def before() -> None:
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(knows, trial)

    seen = []
    for _ in every_step(lambda: take(trial, served, root, NOW + 60), before):
        gate = Gate(trial, served, root)
        seen.append(gate.targets() == old)
        assert not gate.store.saved().damaged
        take(trial, served, root, NOW + 60)
        assert gate.fetch(gate.targets()[FILE]).read_bytes() == b"viettel 2"
        assert gate.fetch(gate.targets()[OTHER]).read_bytes() == b"vnpt 1"
    assert True in seen
    assert False in seen
    assert seen == sorted(seen, reverse=True), "once it is new it stays new"


def test_a_disk_that_fills_in_the_middle_leaves_the_last_good_state(scene: Scene, tmp_path: Path) -> None:
    disk, old, root = tmp_path / "disk", scene.save(), tmp_path / "root.json"
    disk.mkdir()
    root.write_bytes(scene.yard.root())
    scene.push(os.urandom(100_000), NOW + 60)
    mount = 'mount -t tmpfs -o size=256k disk "$1" && shift && exec "$@"'
    filled = [sys.executable, "-m", "tests.intake.trust.filled_disk"]
    places = [str(path) for path in (disk, old, scene.yard.served, root)]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount, "sh", str(disk), *filled, *places, str(NOW)],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    assert lines.count("full") >= 3
    assert "recovered" in lines


def test_damaged_metadata_is_fetched_again_and_told(scene: Scene) -> None:
    scene.gate.refresh(NOW)
    for path in (scene.gate.folder / "metadata").iterdir():
        path.write_bytes(b"{}")
    assert scene.gate.refresh(NOW).damaged
    assert not scene.gate.refresh(NOW).damaged
    assert scene.content() == b"viettel 1"


def test_a_damaged_record_is_made_anew_and_told(scene: Scene) -> None:
    scene.gate.refresh(NOW)
    (scene.gate.folder / "trusted.json").write_bytes(b"\0" * 100)
    assert scene.gate.refresh(NOW).damaged
    assert scene.content() == b"viettel 1"


def test_a_damaged_file_is_fetched_again(scene: Scene) -> None:
    scene.gate.refresh(NOW)
    path = scene.gate.fetch(scene.gate.targets()[FILE])
    path.write_bytes(b"viettel !")
    assert scene.content() == b"viettel 1"


def test_a_damaged_root_is_fetched_again(scene: Scene) -> None:
    renew_root(scene.yard.repository, NOW)
    scene.yard.sign()
    scene.yard.publish(NOW)
    assert scene.gate.refresh(NOW).root == 2
    (scene.gate.folder / "roots" / "2.root.json").write_bytes(b"")
    assert scene.gate.refresh(NOW).root == 2


def test_without_a_network_the_last_good_state_is_there(scene: Scene) -> None:
    scene.gate.refresh(NOW)
    scene.content()
    scene.gate.place = "http://127.0.0.1:9/"
    with pytest.raises(SourceFailed):
        scene.gate.refresh(NOW + 100 * DAY)
    assert scene.content() == b"viettel 1"


def test_two_refreshes_do_not_run_at_once(scene: Scene) -> None:
    with scene.gate.store.locked(), pytest.raises(StoreFailed, match="another"):
        scene.gate.refresh(NOW)


def test_files_that_nobody_wants_are_deleted(scene: Scene) -> None:
    scene.gate.refresh(NOW)
    kept, dropped = (scene.gate.fetch(scene.gate.targets()[path]) for path in (FILE, OTHER))
    scene.gate.store.prune([kept.name])
    assert kept.is_file()
    assert not dropped.exists()


def on_stick(scene: Scene, tmp_path: Path) -> Gate:
    stick = tmp_path / "stick"
    shutil.copytree(scene.yard.repository.served, stick)
    return Gate(scene.gate.folder, stick, scene.gate.root, carried=True)


def test_a_stick_is_as_good_as_the_network(scene: Scene, tmp_path: Path) -> None:
    gate = on_stick(scene, tmp_path)
    assert gate.refresh(NOW + 60).added == (FILE, OTHER)
    assert gate.fetch(gate.targets()[FILE]).read_bytes() == b"viettel 1"


def test_a_stick_may_travel_for_two_weeks_and_no_longer(scene: Scene, tmp_path: Path) -> None:
    gate = on_stick(scene, tmp_path)
    assert gate.refresh(NOW + STICK_AGE + DAY - 60).added
    with pytest.raises(Untrusted) as caught:
        gate.refresh(NOW + STICK_AGE + DAY + 60)
    assert (caught.value.fault, caught.value.role) == (Fault.EXPIRED, TIMESTAMP)


def test_a_stick_does_not_bring_back_what_is_older(scene: Scene, tmp_path: Path) -> None:
    gate = on_stick(scene, tmp_path)
    scene.push(b"viettel 2", NOW + 60)
    scene.gate.refresh(NOW + 60)
    with pytest.raises(Untrusted) as caught:
        gate.refresh(NOW + 60)
    assert caught.value.fault is Fault.OLDER
    assert scene.content() == b"viettel 2"


def test_a_partners_word_on_a_stick_expires_as_ever(scene: Scene, tmp_path: Path) -> None:
    later = NOW + 30 * DAY
    scene.yard.publish(later)
    gate = on_stick(scene, tmp_path)
    news = gate.refresh(later + 2 * DAY)
    assert {error.fault for error in news.refused} == {Fault.EXPIRED}


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_only_files_are_read_from_a_stick(scene: Scene, tmp_path: Path, kind: str) -> None:
    gate = on_stick(scene, tmp_path)
    path = tmp_path / "stick" / "metadata" / "timestamp.json"
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "link":
            path.symlink_to("/dev/zero")
        case _:
            path.mkdir()
    with pytest.raises(SourceFailed):
        gate.refresh(NOW)


def test_a_gateway_helps_its_neighbour_without_being_believed(scene: Scene, tmp_path: Path) -> None:
    renew_root(scene.yard.repository, NOW)
    scene.yard.sign()
    scene.yard.publish(NOW)
    scene.gate.refresh(NOW)
    scene.content()
    scene.content(OTHER)
    stick, first = tmp_path / "stick", scene.yard.root()
    export(scene.gate.store, first, stick)
    neighbour = Gate(tmp_path / "neighbour", stick, first, carried=True)
    news = neighbour.refresh(NOW + DAY)
    assert (news.root, news.added, news.refused) == (2, (FILE, OTHER), ())
    assert neighbour.fetch(neighbour.targets()[FILE]).read_bytes() == b"viettel 1"
    [path] = (stick / "targets" / "lists" / "vnpt").iterdir()
    path.write_bytes(b"vnpt !")
    with pytest.raises(Untrusted):
        neighbour.fetch(neighbour.targets()[OTHER])


def test_what_was_never_fetched_is_not_exported(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="nothing was fetched"):
        export(scene.gate.store, scene.yard.root(), tmp_path / "stick")
