"""What a run found, as a table with the aims beside it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

LINE, SECONDS, TIMES = 600 * 1024, 60.0, 3.0
"""The aims: bytes over the line, seconds until it is enforced, the 99th percentile over the quiet one."""


@dataclass
class Found:
    """Everything that is printed; times in seconds, ``p99`` of replies, sizes in bytes."""

    names: int = 0
    changes: int = 0
    rate: int = 0
    first: float = 0.0
    first_bytes: int = 0
    made: float = 0.0
    enforced: float = 0.0
    delta: int = 0
    line: int = 0
    sent: int = 0
    lost: int = 0
    quiet: float = 0.0
    installing: float = 0.0
    complete: bool = False

    @property
    def good(self) -> bool:
        """Whether the aims are met."""
        return self.complete and all(met for *_, met in _rows(self) if met is not None)


def printed(found: Found) -> str:
    """Return the table."""
    lines = [
        f"{platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, the gateway on one of them",
        f"{found.changes:,} changes on {found.names:,} names, {found.rate:,} queries a second meanwhile",
        "",
        "| figure | value | aim | met |",
        "|---|--:|--:|---|",
    ]
    for name, value, aim, met in _rows(found):
        lines.append(f"| {name} | {value} | {aim} | {'' if met is None else 'yes' if met else '**no**'} |")
    return "\n".join(lines)


def _rows(found: Found) -> list[tuple[str, str, str, bool | None]]:
    times = found.installing / found.quiet if found.quiet else 0.0
    return [
        ("all lists, from the gateway's start until enforced",
         f"{found.first:.1f} s, {found.first_bytes / 1e6:.1f} MB", "", None),
        ("delta: from `partner push` until published", f"{found.made:.1f} s", "", None),
        ("delta: published until enforced", f"{found.enforced:.1f} s", f"{SECONDS:.0f} s",
         found.enforced <= SECONDS),
        ("delta: the file", f"{found.delta / 1024:.0f} KiB", "", None),
        ("delta: over the line, both ways, with all headers", f"{found.line / 1024:.0f} KiB",
         f"{LINE // 1024} KiB", found.line <= LINE),
        ("queries lost", f"{found.lost} of {found.sent:,}", "none", found.lost == 0),
        ("p99 quiet", f"{1000 * found.quiet:.2f} ms", "", None),
        ("p99 from published until 2 s after enforced",
         f"{1000 * found.installing:.2f} ms, {times:.1f} times", f"{TIMES:.0f} times", times <= TIMES),
    ]  # fmt: skip
