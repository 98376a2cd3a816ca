"""Tables of decision cases, and the rules and masks that their words stand for."""

from __future__ import annotations

import re
from pathlib import Path

from schoolguard.categories import ALLOWED, BY_NAME, NEVER_BLOCK, Category
from schoolguard.policy.decide import Decision
from schoolguard.policy.rule import Layer, Rule, Verb

OWN = Category("hoc-lieu", 40, "Học liệu", "Learning material")
CATEGORY = {**BY_NAME, OWN.name: OWN}
_FOLDER = Path(__file__).parent


def rows_of(file: str) -> list[list[str]]:
    """Return the cells of each row below the heading; two spaces part them, ``#`` begins a comment."""
    lines = (_FOLDER / file).read_text(encoding="utf-8").splitlines()
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines if line.strip() and line[0] != "#"]
    heading, *rest = rows
    assert [row for row in rest if len(row) != len(heading)] == []
    return rest


def ids_of(rows: list[list[str]]) -> list[str]:
    """Return what to call each row when it fails."""
    return [" | ".join(row).encode("ascii", "replace").decode() for row in rows]


def mask_from(words: str) -> int:
    """Return the mask that the lists give: categories, ``never`` (safety net), ``lifted`` (allow list)."""
    own = {"never": NEVER_BLOCK, "lifted": ALLOWED, "-": 0}
    mask = 0
    for word in words.split(","):
        mask |= own[word] if word in own else CATEGORY[word].mask
    return mask


def rule_from(layer: Layer, verb: Verb, targets: list[str], shadow: bool = False, **written: object) -> Rule:
    """Return the rule for targets as the configuration has them: names, ``category:games``."""
    categories = [target.removeprefix("category:") for target in targets if target.startswith("category:")]
    names = frozenset(target for target in targets if ":" not in target)
    mask = mask_from(",".join(categories)) if categories else 0
    return Rule(layer, verb, names, mask, shadow=shadow, **written)  # type: ignore[arg-type]


def cause_of(decision: Decision) -> str:
    """Return what a table has under ``cause``: the layer, category, budget or engine that decided.

    A sealed or listed category stands by its name; where an answer comes from a safe name, ``as`` that name.
    """
    cause = ""
    if decision.rule is not None:
        cause = decision.rule.layer.name.lower()
    elif decision.bit >= 0:
        cause = next(each.name for each in CATEGORY.values() if each.bit == decision.bit)
    elif decision.budget is not None:
        cause = decision.budget.label
    elif decision.engine:
        cause = decision.engine
    parts = [cause, f"as {decision.redirect}" if decision.redirect else ""]
    return ", ".join(filter(None, parts)) or "-"


def verdict_of(decision: Decision, shadow: Decision | None) -> str:
    """Return ``block`` or ``allow``, with ``~`` when what is on trial would turn it."""
    turned = shadow is not None and shadow.blocked != decision.blocked
    return ("block" if decision.blocked else "allow") + ("~" if turned else "")
