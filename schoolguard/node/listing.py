"""What ``schoolguard lists`` prints: the report on each list, and the lines that name a name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from schoolguard.language import N_, Translate
from schoolguard.lists.archive import Archive
from schoolguard.lists.find import find_lines, in_force
from schoolguard.lists.rows import SourceRow, State, note_to_json, report_to_json
from schoolguard.node.compiling import Compiler, Layers
from schoolguard.settings import Settings

_REASONS_SHOWN = 4

_STATES = {
    State.FRESH: N_("fresh"),
    State.LAST_GOOD: N_("last-good"),
    State.REFUSED: N_("refused"),
    State.AWAITED: N_("never came"),
}
_WHY = {
    "missing": N_("its file is missing"),
    "unreadable": N_("its file cannot be read"),
    "damaged": N_("its archive is damaged"),
    "empty": N_("there is no entry in it"),
    "html": N_("it is a web page, not a list"),
    "json": N_("it is JSON, not a list"),
    "not-text": N_("it is no text"),
    "unknown-format": N_("its format is not known"),
    "too-large": N_("it is too large"),
    "too-many-entries": N_("it has too many entries"),
    "too-many-badfilters": N_("it cancels too many rules"),
    "shrank": N_("it shrank too much"),
    "grew": N_("it grew too much"),
}


def report_dicts(layers: Layers) -> list[dict[str, Any]]:
    """Return one dict a list for JSON: its report and what is in force of it."""
    return [
        {**report_to_json(row.report), "kind": row.kind.value, "digest": row.digest, **note_to_json(row.note)}
        for row in layers.rows
    ]


def report_lines(layers: Layers, translate: Translate, list_id: str | None = None) -> Iterator[str]:
    """Yield the report as a table; for one list also its first refused lines."""
    _ = translate
    heads = (_("list"), _("format"), _("entries"), _("skipped"), _("refused"), _("state"))
    rows = [_cells(row, translate) for row in layers.rows if list_id in (None, row.id)]
    widths = [max(len(line[i]) for line in (heads, *rows)) for i in range(len(heads))]
    for line in (heads, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
    if list_id is not None:
        row = next(row for row in layers.rows if row.id == list_id)
        for refusal in row.report.first:
            yield f"  {refusal.line}: {refusal.reason}: {_shown(refusal.text)}"
    for row in layers.troubled:
        yield f"{row.id}: {why(row.note.reason, row.note.message, translate)}"
    made = datetime.fromtimestamp(layers.compiled, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    yield _("{names} names, {size} KiB, compiled {made}").format(
        names=layers.names, size=layers.size // 1024, made=made
    )


def _cells(row: SourceRow, translate: Translate) -> tuple[str, ...]:
    reasons = sorted(row.report.refused.items(), key=lambda item: -item[1])
    refused = ", ".join(f"{reason} {count}" for reason, count in reasons[:_REASONS_SHOWN])
    if len(reasons) > _REASONS_SHOWN:
        refused += f" +{len(reasons) - _REASONS_SHOWN}"
    state = state_words(row.note.state, translate)
    if row.note.state is not State.FRESH:
        state = state.upper()
    return row.id, row.report.format, str(row.entries), str(row.report.skipped), refused or "-", state


def state_words(state: State, translate: Translate) -> str:
    """Return what of a list is in force, in words."""
    return translate(_STATES[state])


def why(reason: str, message: str, translate: Translate) -> str:
    """Return why the list itself is not in force: the reason in words, then the exact message of the log."""
    return f"{translate(_WHY[reason])} ({message})" if reason in _WHY else message


def lookup_dicts(settings: Settings, name: str, refused: list[str]) -> Iterator[dict[str, Any]]:
    """Yield one dict for each list and line, as in force, that names ``name`` or a parent of it.

    ``refused`` is filled with what to say of the lists that could not be read to their end.
    """
    archive = Archive(Compiler(settings.paths.state).archive)
    sources = in_force(settings.lists, archive)
    for found in find_lines(sources, name, lambda source, error: refused.append(f"{source.id}: {error}")):
        yield {"list": found.list_id, "line": found.line, "covers": found.covers.value, "text": found.text}


def _shown(text: str) -> str:
    return "".join("?" if unicodedata.category(c).startswith("C") else c for c in text)
