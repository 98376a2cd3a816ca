"""Devices told by a worker: each once in a period, and no more than memory is set aside for."""

from __future__ import annotations

import pytest

from schoolguard.resolver import sightings
from schoolguard.resolver.sightings import At, Sightings, token_of

AT = At("thu-nghiem", "thpt", 0)
KEY = bytes(32)


def test_a_device_is_told_once_in_a_period() -> None:
    seen = Sightings()
    seen.saw(AT, b"a")
    assert seen.take() == ((), ()), "without a key nothing is told"
    seen.begin(KEY, 1, names=False)
    for device in (b"a", b"b", b"a"):
        seen.saw(AT, device)
    assert seen.take()[0] == ((AT, (token_of(b"a", KEY), token_of(b"b", KEY))),)
    seen.saw(AT, b"a")
    assert seen.take() == ((), ())
    seen.begin(KEY, 2, names=False)
    seen.saw(AT, b"a")
    assert seen.take()[0] == ((AT, (token_of(b"a", KEY),)),)


def test_who_forges_addresses_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sightings, "MAX_TOLD", 3)
    seen = Sightings()
    for period in (1, 2):
        seen.begin(KEY, period, names=False)
        for device in range(100):
            seen.saw(AT, device.to_bytes(16))
        ((_, tokens),) = seen.take()[0]
        assert len(tokens) == 3
