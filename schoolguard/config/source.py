"""The bytes of one configuration file as text. It must not know YAML; every fault becomes a finding."""

from __future__ import annotations

import re
from pathlib import Path

from schoolguard.config.finding import Collector, Mark, Wrong
from schoolguard.language import N_

MAX_BYTES = 1 << 20

_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")
# The characters YAML 1.1 (5.1) allows in a file.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_text(path: Path, name: str, out: Collector) -> str | None:
    """Return the text of ``path``, or ``None`` after recording why not; findings call the file ``name``."""
    whole = Mark(name, 0)
    try:
        if path.exists() and not path.is_file():
            out.error(whole, Wrong(N_("this is no file")))
            return None
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        out.error(whole, Wrong(N_("the file is missing")))
        return None
    except OSError as error:
        out.error(
            whole, Wrong(N_("the file cannot be read: {problem}"), problem=error.strerror or str(error))
        )
        return None
    return _decoded(raw, name, out)


def _decoded(raw: bytes, name: str, out: Collector) -> str | None:
    first = Mark(name, 1)
    if len(raw) > MAX_BYTES:
        out.error(Mark(name, 0), Wrong(N_("the file is larger than {size} bytes"), size=MAX_BYTES))
        return None
    if raw.startswith(_WIDE_BOMS):
        out.error(first, Wrong(N_("the file is UTF-16; save it as UTF-8")))
        return None
    if raw.startswith(_BOM):
        out.warning(
            first, Wrong(N_("the file starts with a byte order mark, which is skipped; save it without"))
        )
        raw = raw.removeprefix(_BOM)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        out.error(
            Mark(name, line),
            Wrong(N_("the file is not UTF-8; save it as UTF-8"), found=repr(raw[error.start : error.end])),
        )
        return None
    if bad := _FORBIDDEN.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        out.error(Mark(name, line), Wrong(N_("a control character stands in this line"), found=bad.group()))
        return None
    return text
