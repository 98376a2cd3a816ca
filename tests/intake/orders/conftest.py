"""A book in a folder of its own, closed after the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "orders.journal")
    yield opened
    opened.close()


@pytest.fixture
def book(journal: Journal) -> OrderBook:
    return OrderBook(journal)
