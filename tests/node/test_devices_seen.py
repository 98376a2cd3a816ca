"""Distinct devices in control's memory: a device with several addresses is one, and there is a bound."""

from __future__ import annotations

import pytest

from schoolguard.categories import Category
from schoolguard.dns.names import to_wire
from schoolguard.node import devices_seen
from schoolguard.node.devices_seen import DevicesSeen
from schoolguard.resolver.sightings import At, Blocked

SCHOOL = "thu-nghiem"
AT = At(SCHOOL, "thpt", 9)
CATEGORIES = {1: Category("gambling", 1, "Cờ bạc", "Gambling")}


def blocked(*tokens: int) -> tuple[Blocked, ...]:
    return (Blocked(AT, to_wire("bet.example"), len(tokens), tokens),)


def test_addresses_of_one_device_are_one_device() -> None:
    seen = DevicesSeen()
    seen.add([(AT, (1, 2, 3, 4, 5))], blocked(1, 2, 3, 4, 5), CATEGORIES)
    assert (seen.period(SCHOOL).count(lambda *_: True), len(seen.names(SCHOOL, 5))) == (5, 1)
    seen.know(1, 5)  # its MAC came to be known afterwards
    seen.know(2, 5)
    assert seen.period(SCHOOL).count(lambda *_: True) == 3
    assert seen.day(SCHOOL).count(lambda *_: True) == 3
    assert seen.names(SCHOOL, 4) == ()
    assert [each.devices for each in seen.names(SCHOOL, 3)] == [3]
    assert [each.devices for each in seen.services(SCHOOL, 3, lambda _: "betting")] == [3]
    assert seen.services(SCHOOL, 4, lambda _: "betting") == ()


def test_who_forges_addresses_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices_seen, "MAX_SEEN", 50)
    seen = DevicesSeen()

    def forge(turn: int) -> int:
        for each in range(100):
            seen.add([(AT, (turn * 1_000 + each,))], (), CATEGORIES)
        return seen.period(SCHOOL).count(lambda *_: True)

    assert (forge(1), seen.day(SCHOOL).count(lambda *_: True)) == (50, 50)
    seen.end_period()
    assert (forge(2), seen.day(SCHOOL).count(lambda *_: True)) == (50, 50)
    seen.end_day()
    seen.end_period()
    assert (forge(3), seen.day(SCHOOL).count(lambda *_: True)) == (50, 50)
