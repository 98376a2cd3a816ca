"""Layers to go back to, and the pin: found by what was typed, safe from a kill, refused with the reason."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from schoolguard.language import Said
from schoolguard.node.province_kept import Installed, KeptLayers, Pin
from tests.hub.tuf.killed import every_step

STATES = [digit * 64 for digit in "abcd"]


def layers(folder: Path, state: str) -> Installed:
    """Return a set whose files are there."""
    installed = Installed(f"{state}.layer", f"{state}-{state}.joined", state)
    for name in installed.files:
        (folder / name).write_bytes(b"layer")
    return installed


def states(kept: KeptLayers) -> list[str]:
    return [each.layers.state for each in kept.sets()]


def test_the_last_sets_are_kept_newest_first(tmp_path: Path) -> None:
    kept, all_ = KeptLayers(tmp_path, 2), [layers(tmp_path, state) for state in STATES]
    for now, (former, by) in enumerate(pairwise(all_)):
        kept.replaced(former, by, float(now))
    assert states(kept) == [STATES[2], STATES[1]]
    assert states(KeptLayers(tmp_path, 2)) == states(kept)
    kept.replaced(all_[3], all_[2], 9.0)
    assert states(kept) == [STATES[3], STATES[1]], "what is in force again is not kept beside"
    (tmp_path / all_[3].base).unlink()
    assert states(kept) == [STATES[1]], "nothing is promised whose files are gone"


def test_a_set_is_found_by_how_its_state_begins(tmp_path: Path) -> None:
    kept = KeptLayers(tmp_path, 3)
    with pytest.raises(Said, match="no layers are kept"):
        kept.find("")
    first, second = (Installed(f"{n}.layer", "", f"ab{n}" + "0" * 61) for n in (1, 2))
    for each in (first, second):
        (tmp_path / each.base).write_bytes(b"layer")
        kept.replaced(each, Installed("x.layer", "", "x"), 1.0)
    assert kept.find("ab1").layers == first
    assert kept.find("").layers == second, "the newest, when nothing was typed"
    for typed in ("ab", "abc"):
        with pytest.raises(Said, match="is no kept state; kept are: ab2"):
            kept.find(typed)


def test_a_pin_holds_until_its_release_whatever_step_a_kill_comes_at(tmp_path: Path) -> None:
    kept = KeptLayers(tmp_path, 2)
    assert kept.pinned() is None
    for _ in every_step(lambda: kept.pin(STATES[1], 2.0), lambda: kept.pin(STATES[0], 1.0)):
        assert kept.pinned() in (Pin(STATES[0], 1.0), Pin(STATES[1], 2.0))
    kept.pin(STATES[1], 2.0)
    for _ in every_step(kept.release, lambda: kept.pin(STATES[1], 2.0)):
        assert kept.pinned() in (Pin(STATES[1], 2.0), None)
    kept.release()
    kept.release()
    assert kept.pinned() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format":"schoolguard-kept-layers/1"}'])
def test_a_damaged_file_keeps_nothing(tmp_path: Path, content: bytes) -> None:
    for name in KeptLayers.NAMES:
        (tmp_path / name).write_bytes(content)
    assert (KeptLayers(tmp_path, 2).sets(), KeptLayers(tmp_path, 2).pinned()) == ((), None)


def test_a_name_leads_nowhere_else(tmp_path: Path) -> None:
    kept, secret = KeptLayers(tmp_path / "layers", 2), tmp_path / "secret.layer"
    (tmp_path / "layers").mkdir()
    secret.write_bytes(b"secret")
    kept.replaced(Installed("../secret.layer", "", "a"), Installed("b.layer", "", "b"), 1.0)
    assert kept.sets() == ()
