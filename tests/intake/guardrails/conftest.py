"""Stacks compiled of small lists, and what is well known in the tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from schoolguard.categories import BY_NAME
from schoolguard.intake.guardrails.alike import Originals
from schoolguard.intake.guardrails.entries import WellKnown
from schoolguard.intake.guardrails.suffixes import Suffixes
from schoolguard.intake.guardrails.well_known import Protected, Ranking
from schoolguard.lists.compile import compile_lists
from schoolguard.lists.model import Exceptions, Kind, ListSource
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

PROTECTED = ("edu.vn", "gov.vn", "laichau.gov.vn", "olm.vn", "emis.misa.vn", "wikipedia.org")
POPULAR = ("google.com", "www.google.com", "facebook.com", "vnexpress.net", "zalo.me", "apple.com")

Compiled = Callable[..., Stack]


@pytest.fixture(scope="session")
def known() -> WellKnown:
    """Suffixes of the library; few protected and popular names."""
    return WellKnown(Suffixes(), Protected(PROTECTED), Ranking(POPULAR), Originals((*PROTECTED, *POPULAR)))


@pytest.fixture
def compiled(tmp_path: Path) -> Compiled:
    """Return a function that compiles adblock lists, ``category=lines``, with a safety net."""

    def build(net: Sequence[str] = PROTECTED, **lists: Sequence[str]) -> Stack:
        sources = [_source(tmp_path, "net", net, Kind.NEVER_BLOCK)]
        sources += [_source(tmp_path, list_id, lines, Kind.BLOCK) for list_id, lines in lists.items()]
        return Stack([Snapshot.open(compile_lists(sources, tmp_path / "compiled").path)])

    return build


def _source(folder: Path, list_id: str, lines: Sequence[str], kind: Kind) -> ListSource:
    path = folder / list_id
    path.write_text("".join(f"{line if kind is Kind.BLOCK else f'||{line}^'}\n" for line in lines))
    category = BY_NAME.get(list_id, BY_NAME["ads"])
    source = ListSource(list_id, str(path), category.bit, kind, "adblock", Exceptions.OWN)
    return replace(source, max_shrink=None, max_growth=None)
