"""The ``tests`` section of a file as assertions. It runs none of them."""

from __future__ import annotations

from collections.abc import Iterator

from schoolguard.config import assertion_keys as keys
from schoolguard.config.finding import At, Collector, Wrong
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.assertions import Assertion


def assertions_of(fields: Fields, school: str | None, out: Collector) -> tuple[Assertion, ...]:
    """Return the assertions of a file; ``school`` is its id, ``None`` for the province's file.

    Whether there are such groups is for the caller to check, who knows them (``asserted_groups``).
    """
    tests = fields.section(keys.TESTS)
    found: list[Assertion] = []
    for key, blocked in ((keys.MUST_BLOCK, True), (keys.MUST_ALLOW, False)):
        given = tests.given(key)
        for item in given.value if given else ():
            found += _each(item.value, school, blocked, out)
    return tuple(found)


def asserted_groups(fields: Fields) -> Iterator[At[str]]:
    """Yield every group that a file's tests name, with its place."""
    tests = fields.section(keys.TESTS)
    for key in (keys.MUST_BLOCK, keys.MUST_ALLOW):
        given = tests.given(key)
        for item in given.value if given else ():
            groups = item.value.given(keys.ASSERTED_GROUPS)
            yield from groups.value if groups else ()


def _each(fields: Fields, school: str | None, blocked: bool, out: Collector) -> Iterator[Assertion]:
    tiers, groups = fields.given(keys.ASSERTED_TIERS), fields.given(keys.ASSERTED_GROUPS)
    names, at = fields.given(keys.ASSERTED_NAMES), fields.given(keys.AT)
    if groups and school is None:
        out.error(groups.mark, Wrong(N_("groups are a school's; a test of the province is for `tiers`")))
    for name, mark in names.value if names else ():
        yield Assertion(
            school,
            frozenset(each.value for each in tiers.value) if tiers else frozenset(),
            frozenset(each.value for each in groups.value) if groups else frozenset(),
            blocked,
            name,
            at.value if at else None,
            f"{mark.path}:{mark.line}",
        )
