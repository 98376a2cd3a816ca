"""Takes names out of a list file, in the file's own format, so that every other line keeps its number.

A line with no other name becomes empty; of one with several, the others are written again.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from schoolguard.lists.formats import read
from schoolguard.lists.formats.lines import batches
from schoolguard.lists.model import Flag, ListSource, Report

_BEFORE, _BETWEEN, _AFTER = 0, 1, 2
_SEVERAL = {"hosts": ("0.0.0.0 ", " ", ""), "dnsmasq": ("address=/", "/", "/")}
"""Formats with several names on a line; plain and wildcard files may hold such lines of hosts as well."""


def leave_out(source: ListSource, names: Collection[str]) -> None:
    """Rewrite the file of a list without the entries of ``names``; raises ``ListRefused``, ``OSError``.

    Exceptions stay: what they lift is less.
    """
    path = Path(source.path)
    partial = path.with_name(f"{path.name}.left")
    lines = _lines_without(source, names)
    number = 0
    try:
        with partial.open("wb") as out:
            for batch in batches(source.path):
                for line in batch:
                    number += 1
                    out.write(lines.get(number, line).encode("latin-1") + b"\n")
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _lines_without(source: ListSource, names: Collection[str]) -> dict[int, str]:
    """Return what becomes of each line that has one of the names."""
    report = Report(source.id, source.format)
    struck = {
        entry.line
        for entry in read(source, report)
        if entry.name in names and not entry.pattern and not entry.flags & Flag.EXCEPTION
    }
    others: dict[int, list[str]] = {line: [] for line in struck}
    for entry in read(source, report):
        if entry.line in struck and entry.name not in names:
            others[entry.line].append(entry.name)
    form = _SEVERAL.get(report.format, _SEVERAL["hosts"])
    return {line: _written(form, left) for line, left in others.items()}


def _written(form: tuple[str, str, str], names: list[str]) -> str:
    return form[_BEFORE] + form[_BETWEEN].join(names) + form[_AFTER] if names else ""
