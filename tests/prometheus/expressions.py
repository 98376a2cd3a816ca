"""What a PromQL expression asks for: its series with the labels it matches, and the labels it groups by.

Enough of the language for the rules and dashboards here: no comments, no quoted ``}``, no offset names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CONFIG = Path(__file__).resolve().parents[2] / "config"
_SELECTOR = re.compile(
    r"(?<![\w:$])((?:[a-z_]+:)?schoolguard_[a-z0-9_:]+|up|ALERTS|scrape_[a-z_]+)\b(?:\{([^}]*)\})?"
)
_MATCHER = re.compile(r"([a-zA-Z_]+)\s*(?:=~|!~|!=|=)\s*\"[^\"]*\"")
_GROUPING = re.compile(r"\b(?:by|on|ignoring|without|group_left|group_right)\s*\(([^)]*)\)")
_VALUES = re.compile(r"label_values\((\w+), (\w+)\)")


@dataclass(frozen=True)
class Asked:
    """One expression: where it stands, its series with the labels matched, the labels grouped by."""

    place: str
    text: str
    series: tuple[tuple[str, frozenset[str]], ...]
    grouped: frozenset[str]


def read(place: str, text: str) -> Asked:
    """Return what an expression asks for."""
    series = tuple(
        (name, frozenset(_MATCHER.findall(matchers))) for name, matchers in _SELECTOR.findall(text)
    )
    words = (word.strip() for group in _GROUPING.findall(text) for word in group.split(","))
    return Asked(place, text, series, frozenset(word for word in words if word))


def rule_files() -> list[Path]:
    """Return every file of rules."""
    return [*sorted((CONFIG / "prometheus").glob("rules/*.yml")), CONFIG / "prometheus/province/rules.yml"]


def rules(path: Path) -> list[dict[str, Any]]:
    """Return the rules of a file."""
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [rule for group in tree["groups"] for rule in group["rules"]]


def dashboards() -> list[Path]:
    """Return every dashboard."""
    return sorted((CONFIG / "grafana").glob("*.json"))


def of_rules() -> Iterator[Asked]:
    """Yield the expressions of all rules."""
    for path in rule_files():
        for rule in rules(path):
            yield read(f"{path.name}: {rule.get('alert') or rule['record']}", rule["expr"])


def of_dashboards() -> Iterator[Asked]:
    """Yield the expressions of all panels and variables."""
    for path in dashboards():
        board = json.loads(path.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield read(f"{path.name}: {panel['title']}", target["expr"])
        for variable in board["templating"]["list"]:
            for name, label in _VALUES.findall(str(variable.get("definition", ""))):
                yield Asked(path.name, name, ((name, frozenset({label})),), frozenset())


def remote_write() -> dict[str, Any]:
    """Return the part of README.md that a site takes to send to its province."""
    text = (CONFIG / "prometheus/README.md").read_text(encoding="utf-8")
    (written,) = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])["remote_write"]
    return dict(written)
