"""JSON Schemas of the configuration files, for editors. They are made of the tables of keys, never by hand.

A schema cannot say everything that the loader checks (subnets against each other, categories of one's own);
whatever the loader accepts, the schema must accept.
"""

from __future__ import annotations

import json
from pathlib import Path

from schoolguard.config.files import FILES, LISTS_FILES, FileKind
from schoolguard.config.types import Schema


def schema_of(kind: FileKind) -> Schema:
    """Return the JSON Schema (draft 2020-12) of one kind of file."""
    head: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.title,
        "description": f"SchoolGuard: {kind.pattern}",
    }
    return head | kind.section.schema()


def texts() -> dict[str, str]:
    """Return the schema files by file name, as they are kept in ``config/schema``."""
    kinds = (*FILES, *LISTS_FILES)
    return {kind.schema: json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n" for kind in kinds}


def write(folder: Path) -> None:
    """Write the schema files into ``folder``."""
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
