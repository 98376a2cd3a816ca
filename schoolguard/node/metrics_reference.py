"""The tables of METRICS.md, made of the declarations; run as a module it prints them.

It must not describe anything by itself.
"""

from __future__ import annotations

import sys

from schoolguard.node.metrics import ALL
from schoolguard.node.metrics_series import Series

_HEAD = "| series | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n"


def reference() -> str:
    """Return one table for each part, in Markdown."""
    tables = (f"### {title}\n\n{_HEAD}" + "".join(map(_row, series)) for title, series in ALL.items())
    return "\n".join(tables)


def _row(series: Series) -> str:
    labels = ", ".join(f"`{label}`" for label in series.labels)
    return f"| `{series.name}` | {series.kind} | {series.unit} | {labels} | {series.text} |\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
