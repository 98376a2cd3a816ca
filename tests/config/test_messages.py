"""Every message can be extracted for translation, and filled in."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import schoolguard.config

SOURCES = sorted(Path(schoolguard.config.__file__).parent.glob("*.py"))


def _marked() -> list[ast.Call]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "N_"]


def test_each_marked_message_is_one_literal_with_named_places() -> None:
    messages = [ast.literal_eval(call.args[0]) for call in _marked()]
    assert len(messages) > 60
    for message in messages:
        places = [field for _, field, _, _ in string.Formatter().parse(message) if field is not None]
        assert all(place.isidentifier() for place in places), message


def test_no_finding_has_a_message_that_is_not_marked() -> None:
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Wrong":
                first = node.args[0]
                assert not isinstance(first, ast.Constant), f"{path.name}:{node.lineno}"
