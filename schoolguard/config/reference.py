"""The reference of every key, as the tables in ``config/README.md``. It is made of the tables of keys.

``python -m schoolguard.config.reference FOLDER`` brings the README and the schemas of a configuration folder
up to date with the code; a test fails while they differ.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from schoolguard.config import schema
from schoolguard.config.files import FILES, LISTS_FILES, FileKind, Row, rows
from schoolguard.config.types import Key

_TABLE = re.compile(r"(<!-- keys: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(kind: FileKind) -> str:
    """Return the Markdown table of one kind of file's keys."""
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    lines += [_line(row) for row in rows(kind.section)]
    return "\n".join(lines) + "\n"


def filled(readme: str) -> str:
    """Return a README with each table between ``<!-- keys: FILE -->`` and ``<!-- end -->`` made anew."""
    tables = {kind.pattern: table(kind) for kind in (*FILES, *LISTS_FILES)}
    return _TABLE.sub(lambda match: match[1] + tables[match[2]] + match[3], readme)


def default_of(key: Key[Any]) -> str:
    """Return what the reference says holds without a key."""
    if key.default is not None:
        return f"`{key.type.show(key.default)}`"
    return key.otherwise or "**required**"


def _line(row: Row) -> str:
    return f"| `{row.path}` | {row.key.type.label} | {default_of(row.key)} | {row.key.meaning} |"


def main(folder: Path) -> None:
    """Rewrite the tables and schemas of a configuration folder."""
    readme = folder / "README.md"
    readme.write_text(filled(readme.read_text(encoding="utf-8")), encoding="utf-8")
    schema.write(folder / "schema")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
