"""Parcels and answers: what goes in comes out, and no bytes from outside do anything but be refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.feed.carrying import ANSWER, PARCEL, CannotCarry, read_carried, write_parcels
from schoolguard.feed.delivery import Judged, Verdict, read_delivered
from schoolguard.feed.message import MessageRefused
from schoolguard.feed.parcel import Parcel, opened, pack
from schoolguard.feed.refused import FeedRefused
from schoolguard.hub.feed.importing import import_all
from schoolguard.hub.feed.key import receiver_key
from schoolguard.store.kept import Waiting
from tests.hub.feed.school import BEGAN, PACKING, SCHOOL, connected, key, parcel, standing, summary

GATEWAY = key(1)
PUBLIC = GATEWAY.public_key().public_bytes_raw()
SIGNED = (standing(SCHOOL, GATEWAY), summary(SCHOOL, 1, GATEWAY), summary(SCHOOL, 2, GATEWAY))


@settings(max_examples=30)
@given(st.integers(0, 2**53 - 1), st.tuples(*[st.integers(0, 2**53 - 1)] * 3))
def test_a_parcel_comes_out_as_it_went_in(time: int, numbers: tuple[int, int, int]) -> None:
    made = Parcel(SIGNED, numbers, time)
    assert opened(pack(made, PACKING)).unpack(PACKING, PUBLIC) == made


@settings(max_examples=150)
@given(st.binary(max_size=60), st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_parcel_is_refused(noise: bytes, place: int, byte: int) -> None:
    whole = parcel(SIGNED, (7, 0, 0))
    at = place % len(whole)
    for content in (noise, whole[:at], whole[:at] + bytes([byte]) + whole[at + 1 :] + noise[:1]):
        try:
            found = opened(content).unpack(PACKING, PUBLIC)
        except FeedRefused:
            continue
        assert len(found.documents) == len(found.sequences), "signatures tell the rest"


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_an_answer_from_outside_is_refused(content: bytes) -> None:
    with pytest.raises(MessageRefused):
        read_delivered(content, PUBLIC)


def test_parcels_are_carried_taken_once_and_answered(tmp_path: Path) -> None:
    hub, stick = tmp_path / "hub", tmp_path / "stick"
    hub.mkdir()
    stick.mkdir()
    receiver = receiver_key(hub).public_key().public_bytes_raw()
    with connected(hub) as admission:
        admission._connection.executescript(
            f"INSERT INTO gateways VALUES ('gw', 1.0, 'test', NULL);"
            f"INSERT INTO keys VALUES (x'{PUBLIC.hex()}', 'gw', 1.0, NULL, NULL);"
            f"INSERT INTO streams (gateway, school, added) VALUES ('gw', '{SCHOOL}', 1.0);"
        )
    waiting = [Waiting(SCHOOL, n, 0, 0, 0, summary(SCHOOL, n, GATEWAY)) for n in range(1, 300)]
    written = write_parcels(stick, "gw", waiting, BEGAN, PACKING)
    assert len(written) == 2, "at most 255 documents in each"
    first = list(import_all(hub, stick, BEGAN + 9.0))
    assert [sum(each.counts.values()) for each in first] == [255, 44]
    assert all(each.counts["accepted"] for each in first)
    again = list(import_all(hub, stick, BEGAN + 99.0))
    assert [each.counts["duplicate"] for each in again] == [255, 44]
    judged: dict[str, Judged] = {}
    for _, answer in read_carried(stick, PARCEL + ANSWER, 1 << 20):
        judged |= read_delivered(answer, receiver).judged
    assert len(judged) == 299
    assert {each.verdict for each in judged.values()} == {Verdict.DUPLICATE}


def test_what_does_not_fit_into_a_file_is_said(tmp_path: Path) -> None:
    waiting = [Waiting(SCHOOL, n, 0, 0, 0, SIGNED[1]) for n in range(256)]
    with pytest.raises(CannotCarry, match="name a folder"):
        write_parcels(tmp_path / "one.feed", "gw", waiting, BEGAN, PACKING)
    with pytest.raises(CannotCarry):
        write_parcels(tmp_path / "no" / "folder.feed", "gw", waiting[:1], BEGAN, PACKING)


def test_a_parcel_of_a_gateway_that_is_not_enrolled_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.feed").write_bytes(parcel(SIGNED, (7, 0, 0)))
    (tmp_path / "b.feed").write_bytes(b"no parcel")
    found = list(import_all(tmp_path, tmp_path, 1.0))
    assert [each.problem is not None for each in found] == [True, True]
    assert not list(tmp_path.glob(f"*{ANSWER}"))
