"""The lists that a publisher fetches in words: how they stand, what a round brought, their report cards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from schoolguard.language import Translate
from schoolguard.node.fetch_commands import fetched_lines
from schoolguard.node.subscribed_cards import table_lines, unknown_requests
from schoolguard.node.subscribed_screen import age_words


def subscription_lines(found: Sequence[dict[str, Any]], translate: Translate) -> Iterator[str]:
    """Yield one line for each fetched list: its age, and what was wrong with the last round."""
    _ = translate
    for each in found:
        line = _("{id}: fetched, {age}").format(id=each["list"], age=_age(each, translate))
        if each["failures"]:
            failed = _("{count} rounds failed, the last: {why}")
            line += "; " + failed.format(count=each["failures"], why=each["problem"])
        yield line


def round_lines(found: Sequence[dict[str, Any]], translate: Translate) -> Iterator[str]:
    """Yield what became of each list that was fetched now, and whether it waits for people."""
    _ = translate
    for each in found:
        yield from fetched_lines([{**each, "in_force": None}], translate)
        if each["changed"]:
            text = _("{id}: {added} names came, {removed} went")
            yield text.format(**each)
        if each["held"]:
            text = _("{id}: held by the guardrails ({codes}); see: schoolguard hub preview {list}")
            yield text.format(id=each["id"], codes=", ".join(each["held"]), list=each["list"])


def card_lines(found: Sequence[dict[str, Any]], translate: Translate) -> Iterator[str]:
    """Yield the report cards as a table, and what is not known here."""
    _ = translate
    heads = (_("list"), _("entries"), _("only here"), _("shares most with"), _("age"))
    yield from table_lines([heads, *(_cells(each, translate) for each in found)])
    yield _("hits are counted in each gateway: schoolguard lists cards")
    yield unknown_requests(translate)


def _cells(found: dict[str, Any], translate: Translate) -> tuple[str, ...]:
    age = "-" if found["licence"] is None else _age(found, translate)
    if found["refused"]:
        return found["list"], found["refused"], "-", "-", age
    shares = ", ".join(f"{other} {count}" for other, count in found["overlaps"].items()) or "-"
    share = found["unique"] / found["entries"] if found["entries"] else 0.0
    return found["list"], str(found["entries"]), f"{found['unique']} ({share:.0%})", shares, age


def _age(found: dict[str, Any], translate: Translate) -> str:
    _ = translate
    if found["age"] is None:
        return _("never came").upper() if found["too-old"] else _("never came")
    shown = _("confirmed {age} ago").format(age=age_words(found["age"], translate))
    return _("{age}, TOO OLD").format(age=shown) if found["too-old"] else shown
