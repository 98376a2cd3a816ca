"""Keys as files: encrypted, for their owner only, and opened by other programs too."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.hub.tuf.keys import KeyRefused, name_of, new_key, read_public, read_signer, read_signers
from schoolguard.hub.tuf.passphrases import NoPassphrase, read_passphrase
from tests.hub.tuf.yard import pair

PASSPHRASE = "bốn từ ngẫu nhiên".encode()


def test_a_key_signs_and_its_public_part_verifies(tmp_path: Path) -> None:
    made = new_key(tmp_path, "root-1", PASSPHRASE)
    signer, public = (
        read_signer(tmp_path / "root-1.key", PASSPHRASE),
        read_public(tmp_path / "root-1.pub.json"),
    )
    public.key.verify_signature(signer.sign(b"content"), b"content")
    assert made.keyid == public.keyid == signer.public_key.keyid
    assert name_of(public.key) == "root-1"
    assert [each.public_key.keyid for each in read_signers(tmp_path, PASSPHRASE)] == [made.keyid]


def test_the_private_key_is_for_its_owner_only(tmp_path: Path) -> None:
    new_key(tmp_path, "k", PASSPHRASE)
    path = tmp_path / "k.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(KeyRefused, match="chmod 600"):
        read_signer(path, PASSPHRASE)


def test_openssl_opens_the_key_with_the_passphrase_and_not_without(tmp_path: Path) -> None:
    new_key(tmp_path, "k", PASSPHRASE)
    path = tmp_path / "k.key"
    shown = subprocess.run(
        ["openssl", "asn1parse", "-in", path], capture_output=True, text=True, check=True
    ).stdout
    assert "scrypt" in shown
    assert "aes-256-cbc" in shown
    opened = ["openssl", "pkey", "-in", str(path), "-noout", "-text", "-passin", "stdin"]
    right = subprocess.run(opened, input=PASSPHRASE, capture_output=True, check=True).stdout.decode()
    assert "ED25519" in right
    value = read_public(tmp_path / "k.pub.json").key.keyval["public"]
    digits = "".join(right.split("pub:")[1].split()).replace(":", "")
    assert digits == value
    assert subprocess.run(opened, input=b"another one", capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("passphrase", [b"", b"another passphrase", PASSPHRASE + b" "])
def test_a_wrong_passphrase_opens_nothing(tmp_path: Path, passphrase: bytes) -> None:
    new_key(tmp_path, "k", PASSPHRASE)
    with pytest.raises(KeyRefused, match="not opened"):
        read_signer(tmp_path / "k.key", passphrase)


def test_a_key_without_a_passphrase_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "k.key"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True, capture_output=True
    )
    path.chmod(0o600)
    with pytest.raises(KeyRefused, match="not opened"):
        read_signer(path, PASSPHRASE)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    new_key(tmp_path, "k", PASSPHRASE)
    before = (tmp_path / "k.key").read_bytes()
    with pytest.raises(KeyRefused, match="never overwritten"):
        new_key(tmp_path, "k", PASSPHRASE)
    (tmp_path / "k.pub.json").unlink()
    with pytest.raises(KeyRefused, match="never overwritten"):
        new_key(tmp_path, "k", PASSPHRASE)
    assert (tmp_path / "k.key").read_bytes() == before


@pytest.mark.parametrize("name", ["", "../k", "a/b", "K", ".k", "k" * 65])
def test_a_key_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyRefused, match="no name"):
        new_key(tmp_path, name, PASSPHRASE)
    assert list(tmp_path.iterdir()) == []


def test_a_new_passphrase_is_long_enough(tmp_path: Path) -> None:
    with pytest.raises(NoPassphrase, match="at least 12"):
        new_key(tmp_path, "k", b"mat khau")


def test_a_public_key_with_the_id_of_another_is_refused(tmp_path: Path) -> None:
    new_key(tmp_path, "k", PASSPHRASE)
    path = tmp_path / "k.pub.json"
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "keyid": pair("other").public.keyid}))
    with pytest.raises(KeyRefused, match="does not belong"):
        read_public(path)


@settings(max_examples=60, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=8),
            lambda inner: st.dictionaries(
                st.sampled_from(["format", "name", "keyid", "keyval", "public"]), inner
            ),
            max_leaves=6,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_no_public_key_is_read_out_of_anything(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("k") / "k.pub.json"
    path.write_bytes(content)
    with pytest.raises(KeyRefused):
        read_public(path)


def test_where_a_passphrase_comes_from() -> None:
    def never() -> str:
        raise AssertionError("nobody is to be asked")

    assert read_passphrase("prompt", {}, lambda: "typed") == b"typed"
    assert read_passphrase("env:SECRET", {"SECRET": "kept"}, never) == b"kept"
    reading, writing = os.pipe()
    os.write(writing, b"handed over\n")
    os.close(writing)
    assert read_passphrase(f"fd:{reading}", {}, never) == b"handed over"
    os.close(reading)


@pytest.mark.parametrize(
    "source", ["", "env:", "env:NOT_SET", "fd:", "fd:x", "fd:-1", "fd:99999", "secret", "pass:x"]
)
def test_a_passphrase_is_nowhere_else(source: str) -> None:
    with pytest.raises(NoPassphrase):
        read_passphrase(source, {}, lambda: "never")
