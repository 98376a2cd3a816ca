"""The first trust: by a pinned file or a typed fingerprint, never by what a server offers; and strange
bytes."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.intake.trust.errors import Fault, SourceFailed, Untrusted
from schoolguard.intake.trust.first import BadFingerprint, fingerprint, first_root, read_fingerprint
from schoolguard.intake.trust.names import is_partner_id, is_role_name, is_target_name
from tests.hub.tuf.yard import NOW, founded
from tests.intake.trust.conftest import FILE, Scene
from tests.intake.trust.gate import Gate


def test_the_typed_fingerprint_brings_the_root(scene: Scene) -> None:
    shown = fingerprint(scene.yard.root())
    gate = Gate(scene.gate.folder, scene.gate.place, None)
    typed = shown.upper().replace("-", " ")
    gate.store.pin(gate.ask(lambda source: first_root(source, typed, NOW)))
    assert FILE in gate.refresh(NOW).added


def test_without_a_first_root_nothing_is_believed(scene: Scene) -> None:
    gate = Gate(scene.gate.folder, scene.gate.place, None)
    with pytest.raises(Untrusted) as caught:
        gate.refresh(NOW)
    assert (caught.value.fault, caught.value.role) == (Fault.ABSENT, "root")


def test_the_root_of_somebody_else_is_not_taken(scene: Scene) -> None:
    shown = fingerprint(scene.yard.root())
    other = founded(scene.yard.folder.parent / "other", NOW + 1)
    shutil.copy(other.served / "metadata" / "1.root.json", scene.yard.served / "metadata")
    with pytest.raises(Untrusted) as caught:
        scene.gate.ask(lambda source: first_root(source, shown, NOW))
    assert caught.value.fault is Fault.CONTENT
    assert scene.gate.store.pinned() is None


def test_a_root_without_its_signatures_is_not_taken(scene: Scene) -> None:
    shown = fingerprint(scene.yard.root())
    path = scene.yard.served / "metadata" / "1.root.json"
    path.write_bytes(path.read_bytes().replace(b'"sig":"', b'"sig":"00'))
    with pytest.raises(Untrusted) as caught:
        scene.gate.ask(lambda source: first_root(source, shown, NOW))
    assert caught.value.fault is Fault.SIGNATURES


@pytest.mark.parametrize(
    "typed", ["", "1", "1:", "1:0a1b", "0:" + "a" * 32, "1:" + "g" * 32, "1:" + "a" * 33, "x"]
)
def test_what_is_no_fingerprint_is_said_at_once(typed: str) -> None:
    with pytest.raises(BadFingerprint):
        read_fingerprint(typed)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_changed_bytes_anywhere_are_refused_or_change_nothing(scene: Scene, draw: st.DataObject) -> None:
    served = scene.yard.served / "metadata"
    honest = {path: path.read_bytes() for path in served.iterdir()}
    path = draw.draw(st.sampled_from(sorted(served.iterdir())))
    content = bytearray(honest[path])
    if draw.draw(st.booleans()):
        content[draw.draw(st.integers(0, len(content) - 1))] ^= draw.draw(st.integers(1, 255))
    else:
        content = bytearray(draw.draw(st.binary(max_size=100)) + b'{"a":' * draw.draw(st.integers(0, 2000)))
    path.write_bytes(content)
    shutil.rmtree(scene.gate.folder, ignore_errors=True)
    gate = Gate(
        scene.gate.folder, scene.yard.served, scene.yard.root() if "root" not in path.name else honest[path]
    )
    try:
        news = gate.refresh(NOW)
        known = {target.path: target.sha256 for target in gate.targets().values()}
        assert news.refused or set(known) == {FILE, "lists/vnpt/bad.sgl.zst"}
    except (Untrusted, SourceFailed):
        assert gate.targets() == {}
    finally:
        path.write_bytes(honest[path])


@given(st.text(max_size=40))
def test_a_name_that_passes_means_nothing_to_a_file_system(name: str) -> None:
    if is_target_name(name):
        assert not name.startswith("/")
        assert all(part and part[0] not in ".-" and ".." not in part for part in name.split("/"))
        assert name.isascii()
    if is_partner_id(name):
        assert is_target_name(f"lists/{name}/x")
        assert is_role_name(f"partner-{name}")


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("lists/viettel/bad.sgl.zst", True),
        ("orders/viettel/2026-11-24.json", True),
        ("a" * 190, True),
        ("a" * 191, False),
        ("a/b/c/d/e/f", True),
        ("a/b/c/d/e/f/g", False),
        ("a//b", False),
        ("a/", False),
        ("", False),
        ("a\n", False),
        ("a\0", False),
        ("Ä", False),
        ("a..b", False),
    ],
)
def test_names_of_files(name: str, good: bool) -> None:
    assert is_target_name(name) is good
