"""The strict reader, and that the published JSON Schemas say the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from referencing import Registry, Resource

from schoolguard.feed.day import day_document
from schoolguard.feed.refused import FeedRefused
from schoolguard.feed.rules import Rules
from schoolguard.feed.schema import check, file_name, schemas
from schoolguard.feed.standing import standing_document
from schoolguard.feed.summary import document
from tests.feed.school_day import SCHOOL, STANDING, counted, day_counted, school_day

PERIODS = list(school_day(1, 3_600, hours=(9,)))
SUMMARY = document(counted(PERIODS[0], 1), STANDING, Rules())
DAY = day_document(day_counted(PERIODS, 2), STANDING, Rules())
STANDING_DOCUMENT = standing_document(SCHOOL, STANDING)
DOCUMENTS = (SUMMARY, DAY, STANDING_DOCUMENT)
SCHEMAS = schemas()
Change = Callable[[dict[str, Any]], object]


def changed(found: dict[str, object], change: Change) -> dict[str, Any]:
    new = copy.deepcopy(found)
    change(new)
    return new


@pytest.mark.parametrize("found", DOCUMENTS, ids=lambda found: found["format"])
def test_what_is_made_is_read_and_fits_its_schema(found: dict[str, Any]) -> None:
    check(found)
    jsonschema.validate(found, SCHEMAS[file_name(found["format"])], format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


def test_a_signed_document_fits_the_envelopes_schema() -> None:
    registry = Registry().with_resources([(s["$id"], Resource.from_contents(s)) for s in SCHEMAS.values()])
    validator = jsonschema.Draft202012Validator(SCHEMAS["signed-1.json"], registry=registry)
    signed = {"document": DAY, "key": "a" * 64, "signature": "b" * 128}
    assert validator.is_valid(signed)
    assert not validator.is_valid(signed | {"document": {**DAY, "name": "Lan"}})


REFUSED: dict[str, tuple[dict[str, Any], Change, str, str]] = {
    "member too many": (SUMMARY, lambda d: d.update(pupil="Lan"), "field", "document"),
    "member missing": (SUMMARY, lambda d: d.pop("seconds"), "field", "document.seconds"),
    "newer version": (
        SUMMARY,
        lambda d: d.update(format="schoolguard-summary/2"),
        "version",
        "document.format",
    ),
    "other kind": (SUMMARY, lambda d: d.update(format="schoolguard-order/1"), "version", "document.format"),
    "no format": (SUMMARY, lambda d: d.pop("format"), "version", "document.format"),
    "format a list": (SUMMARY, lambda d: d.update(format=["x"]), "version", "document.format"),
    "true is no number": (SUMMARY, lambda d: d.update(sequence=True), "field", "document.sequence"),
    "sequence 0": (SUMMARY, lambda d: d.update(sequence=0), "field", "document.sequence"),
    "beyond JSON's numbers": (SUMMARY, lambda d: d.update(sequence=1 << 53), "field", "document.sequence"),
    "end first": (SUMMARY, lambda d: d.update(end="2020-01-01T00:00:00Z"), "field", "document.end"),
    "no such day": (SUMMARY, lambda d: d.update(end="2026-02-30T00:00:00Z"), "field", "document.end"),
    "k of 1": (SUMMARY, lambda d: d.update(k=1), "field", "document.k"),
    "a single device": (SUMMARY, lambda d: d.update(devices=1), "field", "document.devices"),
    "devices finer than k": (SUMMARY, lambda d: d.update(devices=7), "field", "document.devices"),
    "a tier finer than k": (DAY, lambda d: d["tiers"].update(thcs=7), "field", "document.tiers.thcs"),
    "passes finer than k": (DAY, lambda d: d.update(passes=6), "field", "document.passes"),
    "a name finer than k": (
        DAY,
        lambda d: d["names"][1].update(devices=8),
        "field",
        "document.names[1].devices",
    ),
    "no word": (SUMMARY, lambda d: d["queries"].update({"Lớp 6A": {}}), "field", "document.queries"),
    "too small a share": (SUMMARY, lambda d: d["latency"].pop(), "field", "document.latency"),
    "a share over 100": (SUMMARY, lambda d: d["latency"].__setitem__(2, 101), "field", "document.latency[2]"),
    "empty": (SUMMARY, lambda d: d["queries"].clear(), "field", "document.queries"),
    "control characters": (
        DAY,
        lambda d: d["names"][0].update(what="a\x1b[2J"),
        "field",
        "document.names[0].what",
    ),
    "no digits": (SUMMARY, lambda d: d.update(standing="ABCDEF01"), "field", "document.standing"),
}


@pytest.mark.parametrize(("found", "change", "code", "place"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_refused_with_its_place(
    found: dict[str, Any], change: Change, code: str, place: str
) -> None:
    with pytest.raises(FeedRefused) as caught:
        check(changed(found, change))
    assert (caught.value.code, caught.value.place) == (code, place)
    assert place in str(caught.value)


@pytest.mark.parametrize("odd", [None, [], 1, "x"])
def test_what_is_no_object_is_refused(odd: object) -> None:
    with pytest.raises(FeedRefused) as caught:
        check(odd)
    assert caught.value.code == "form"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value of a document."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield from places(each, (*path, name))


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 1 << 54),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=300),
    st.lists(st.integers(0, 3), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(0, 3), max_size=2),
)


@given(st.sampled_from(DOCUMENTS), ODD, st.data())
@settings(max_examples=80)
def test_what_the_schema_refuses_the_reader_refuses(
    found: dict[str, Any], odd: object, data: st.DataObject
) -> None:
    *way, last = data.draw(st.sampled_from(list(places(found))))
    new = json.loads(json.dumps(found))
    inner = new
    for name in way:
        inner = inner[name]
    inner[last] = odd
    fits = jsonschema.Draft202012Validator(SCHEMAS[file_name(found["format"])]).is_valid(new)
    try:
        check(new)
    except FeedRefused:
        return  # the reader also holds numbers and times against each other
    assert fits
