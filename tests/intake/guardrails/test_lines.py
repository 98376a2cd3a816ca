"""Junk, and bytes for an entry: numbers about a file in, reasons out."""

from __future__ import annotations

import pytest

from schoolguard.intake.guardrails.limits import MEBIBYTE, LineLimits
from schoolguard.intake.guardrails.lines import line_reasons
from schoolguard.intake.guardrails.verdict import Code


@pytest.mark.parametrize(
    ("entries", "junk", "size", "codes"),
    [
        (1000, 10, 20_000, []),
        (1000, 1_500, 40_000, [Code.JUNK]),
        (10_000, 0, 20_000, [Code.DENSITY]),
        (100, 0, 2 * MEBIBYTE, [Code.DENSITY]),
        (1, 0, 9_000, []),
        (0, 0, 500, []),
        (0, 10_000_000, 20_000_000, [Code.JUNK]),
    ],
)
def test_lines_and_bytes_fit_together(entries: int, junk: int, size: int, codes: list[Code]) -> None:
    assert [reason.code for reason in line_reasons(entries, junk, size, LineLimits())] == codes
