"""Whole lists at the publisher, and what the guardrails said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolguard.hub.service.wholes import Wholes


@pytest.mark.parametrize("held", [True, False])
def test_a_content_is_held_as_the_guardrails_said(tmp_path: Path, held: bool) -> None:
    wholes = Wholes(tmp_path)
    wholes.note("a" * 64, {"held": held})
    assert wholes.held("a" * 64) is held


def test_a_content_of_which_nothing_is_known_waits_for_people(tmp_path: Path) -> None:
    """What was said of it is lost: a list that was taken out of hub.yaml for days and came back."""
    wholes = Wholes(tmp_path)
    assert wholes.held("a" * 64)
    wholes.note("b" * 64, {"added": 3})
    assert wholes.held("b" * 64)
    assert not wholes.held(""), "no list at all"
