"""The gateway's key while it runs: a new one is taken up, an unusable one leaves the former."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolguard.intake.orders.key import KeptKey, gateway_key


def test_a_new_key_is_taken_up_and_rubbish_is_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "gateway.key"
    kept = KeptKey(path)
    first = kept.now().private_bytes_raw()
    assert first == gateway_key(path).private_bytes_raw()
    following = tmp_path / "gateway.key.next"
    second = gateway_key(following).private_bytes_raw()
    following.replace(path)
    assert kept.now().private_bytes_raw() == second != first
    path.write_text("no key")
    assert kept.now().private_bytes_raw() == second
    assert "stays the one of before" in caplog.text
    path.unlink()
    assert kept.now().private_bytes_raw() == second
    assert not path.exists(), "who takes it away is not given another one by looking"
