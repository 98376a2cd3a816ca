"""``hub.yaml``: what it says becomes settings; every error is told at once, with its line."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.config.finding import ConfigError
from schoolguard.hub.service.enrolled import Enrolled
from schoolguard.hub.service.known import CannotKnow, read_known
from schoolguard.hub.service.reading import FILE, read_hub
from schoolguard.hub.service.settings import HubSettings


def read(folder: Path, text: str) -> HubSettings:
    (folder / FILE).write_text(text)
    return read_hub(folder)


def test_all_keys(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "listen: 0.0.0.0@8443\ncertificate: tls.pem\ncertificate-key: tls.key\nproxies: [10.0.0.1]\n"
        "safety-net: [a.txt, /b.txt]\npopular: top.txt\ngateways: gw.txt\npush-size: 64 MiB\nagreements: 2\n"
        "limits: {held-growth: off, max-growth: 300%, few: 5}\n"
        "layers: {base-every: 2d, deltas: 3, kept: 5}\n",
    )
    assert (found.listening.host, found.listening.port) == ("0.0.0.0", 8443)
    assert found.listening.certificate == tmp_path / "tls.pem"
    assert found.listening.proxies == {"10.0.0.1"}
    assert found.safety_net == (tmp_path / "a.txt", Path("/b.txt"))
    assert (found.limits.held_growth, found.limits.max_growth, found.limits.few) == (None, 3.0, 5)
    assert (found.layers.base_every, found.layers.deltas, found.layers.kept) == (172_800.0, 3, 5)
    assert (found.push_size, found.agreements) == (64 << 20, 2)


def test_a_short_file_has_the_defaults(tmp_path: Path) -> None:
    found = read(tmp_path, "safety-net: [a.txt]\n")
    assert found == HubSettings(found.listening, (tmp_path / "a.txt",))
    assert (found.listening.host, found.listening.port) == ("127.0.0.1", 8480)


def test_every_error_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, "lisen: x\ncertificate: a\npush-size: 1\nlayers: {deltas: 9, kept: 3}\n")
    lines = {finding.line for finding in refused.value.findings}
    assert lines == {1, 2, 3, 4}
    assert "did you mean `listen`?" in str(refused.value)
    assert "`safety-net` is missing" in str(refused.value)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_settings_or_errors(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_bytes(content)
        try:
            found: tuple[object, ...] = read_hub(Path(folder)).safety_net
        except ConfigError as error:
            found = error.findings
    assert found, "either something to judge by, or why not"


def test_without_its_safety_net_nothing_is_judged(tmp_path: Path) -> None:
    with pytest.raises(CannotKnow, match=r"a\.txt"):
        read_known(read(tmp_path, "safety-net: [a.txt]\n"))


def test_gateways_are_enrolled_by_a_file_and_stay_when_it_is_gone(tmp_path: Path) -> None:
    path, key = tmp_path / "gateways.txt", "ab" * 32
    path.write_text(f"gw-1 {key}  # school\nwrong line\n\ngw.2\t{key}\n")
    enrolled = Enrolled(path)
    assert sorted(enrolled.names()) == ["gw-1", "gw.2"]
    assert enrolled.key_of("gw-1") == bytes.fromhex(key)
    assert enrolled.key_of("gw-3") is None
    path.unlink()
    assert sorted(enrolled.names()) == ["gw-1", "gw.2"]
    assert not Enrolled(None).names()
