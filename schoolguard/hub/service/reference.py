"""The reference and the JSON Schema of ``hub.yaml``. Both are made of the tables of keys.

``python -m schoolguard.hub.service.reference FOLDER`` brings ``hub/README.md`` and ``schema/hub.schema.json``
of a configuration folder up to date with the code and the example ``hub/hub.yaml``; a test fails while they
differ. It must not read a publisher's own file.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from schoolguard.config.files import FileKind, Row, rows
from schoolguard.config.reference import default_of
from schoolguard.config.schema import schema_of
from schoolguard.config.types import Section
from schoolguard.hub.service.keys import HUB
from schoolguard.hub.service.reading import FILE

KIND = FileKind(FILE, "hub.schema.json", "The publisher", HUB)

_TABLE = re.compile(r"(<!-- keys: hub\.yaml -->\n).*?(<!-- end -->)", re.DOTALL)


def schema_text() -> str:
    """Return the JSON Schema as it is kept in ``config/schema``."""
    return json.dumps(schema_of(KIND), indent=2, ensure_ascii=False) + "\n"


def table(example: object) -> str:
    """Return the Markdown table of the keys; ``example`` is what the example file holds, as YAML reads it."""
    lines = ["| key | type | default | example | meaning |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(_line(row, example) for row in rows(HUB))]) + "\n"


def filled(readme: str, example: object) -> str:
    """Return a README with the table between ``<!-- keys: hub.yaml -->`` and ``<!-- end -->`` made anew."""
    return _TABLE.sub(lambda match: match[1] + table(example) + match[2], readme)


def found_at(path: Sequence[str], tree: object) -> list[object]:
    """Return every value at the names of ``path`` (``subscriptions[]``, ``id``) in what YAML read."""
    if not path:
        return [tree]
    name, inner = path[0].removesuffix("[]"), path[1:]
    if not isinstance(tree, dict) or name not in tree:
        return []
    value = tree[name]
    items = value if path[0].endswith("[]") else [value]
    return [found for item in items for found in found_at(inner, item)]


def _line(row: Row, example: object) -> str:
    key, default = row.key, default_of(row.key)
    shown = f"`{_example(row, example)}`" if _has_example(row) else ""
    return f"| `{row.path}` | {key.type.label} | {default} | {shown} | {key.meaning} |"


def _has_example(row: Row) -> bool:
    """Return whether a value says more than the default: sections are told key by key."""
    inner = getattr(row.key.type, "item", row.key.type)
    return row.key.default is None and not isinstance(inner, Section)


def _example(row: Row, example: object) -> str:
    """Return the first value in the example as one writes it in YAML; raises ``LookupError`` without one."""
    found = found_at(row.path.split("."), example)
    if not found:
        raise LookupError(f"the example has no {row.path}")
    text = yaml.safe_dump(found[0], default_flow_style=True, allow_unicode=True, width=1_000)
    return text.removesuffix("...\n").strip()


def main(folder: Path) -> None:
    """Rewrite the table and the schema of a configuration folder."""
    example = yaml.safe_load((folder / "hub" / FILE).read_text(encoding="utf-8"))
    readme = folder / "hub" / "README.md"
    readme.write_text(filled(readme.read_text(encoding="utf-8"), example), encoding="utf-8")
    (folder / "schema" / KIND.schema).write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
