"""The published description of the feed: tables of every member for FEED.md and FEED.vi.md, and the JSON
Schemas.

``python -m schoolguard.feed.reference FOLDER`` brings both files of a folder and the schemas beside this
module up to date with the code; a test fails while they differ.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from schoolguard.feed.documents import DOCUMENTS, ENVELOPE
from schoolguard.feed.kinds import (
    Exactly,
    Flag,
    Hexadecimal,
    Kind,
    ListOf,
    MapOf,
    Member,
    Members,
    Moment,
    Text,
    Whole,
)
from schoolguard.feed.schema import schema_text, schemas

SCHEMAS = Path(__file__).with_name("schema")
FILES = {"en": "FEED.md", "vi": "FEED.vi.md"}
_TABLE = re.compile(r"(<!-- members: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_HEADS = {
    "en": "| member | kind | always there | what it says |",
    "vi": "| mục | loại | luôn có | ý nghĩa |",
}
_KINDS: dict[type, tuple[str, str]] = {
    Whole: ("whole number", "số nguyên"),
    Flag: ("true or false", "true hoặc false"),
    Text: ("text", "chữ"),
    Exactly: ("this text", "đúng chữ này"),
    Moment: ("time", "thời điểm"),
    Hexadecimal: ("hexadecimal digits", "chữ số thập lục phân"),
    Members: ("members", "gồm các mục"),
}


class Line(NamedTuple):
    """One member, with the members' names down to it."""

    path: str
    member: Member


def lines(members: tuple[Member, ...], above: str = "") -> Iterator[Line]:
    """Yield every member, each before those in it; ``*`` stands for any word, ``[]`` for each of a list."""
    for member in members:
        path = above + member.name
        yield Line(path, member)
        kind: Kind = member.kind
        while isinstance(kind, ListOf | MapOf):
            path += "[]" if isinstance(kind, ListOf) else ".*"
            kind = kind.kind
        if isinstance(kind, Members):
            yield from lines(kind.members, path + ".")


def table(name: str, language: str) -> str:
    """Return the Markdown table of a document's members (``signed`` is the envelope) in ``en`` or ``vi``."""
    members = ENVELOPE if name == "signed" else DOCUMENTS[name].members
    found = [_HEADS[language], "|---|---|---|---|"]
    found += [_line(line, language) for line in lines(members)]
    return "\n".join(found) + "\n"


def filled(text: str, language: str) -> str:
    """Return a description with each table between ``<!-- members: NAME -->`` and ``<!-- end -->`` made
    anew."""
    return _TABLE.sub(lambda match: match[1] + table(match[2], language) + match[3], text)


def _line(line: Line, language: str) -> str:
    vietnamese = language == "vi"
    always = ("có" if vietnamese else "yes") if line.member.required else ("không" if vietnamese else "no")
    meaning = line.member.vi if vietnamese else line.member.en
    return f"| `{line.path}` | {_kind(line.member.kind, vietnamese)} | {always} | {meaning} |"


def _kind(kind: Kind, vietnamese: bool) -> str:
    if isinstance(kind, ListOf):
        inner = _kind(kind.kind, vietnamese)
        return f"danh sách, mỗi phần: {inner}" if vietnamese else f"list, each: {inner}"
    if isinstance(kind, MapOf):
        inner = _kind(kind.kind, vietnamese)
        return f"theo từng từ: {inner}" if vietnamese else f"by word: {inner}"
    return _KINDS[type(kind)][vietnamese]


def main(folder: Path) -> None:
    """Rewrite the tables of a folder's descriptions, and the schemas."""
    for language, name in FILES.items():
        path = folder / name
        path.write_text(filled(path.read_text(encoding="utf-8"), language), encoding="utf-8")
    for name, schema in schemas().items():
        (SCHEMAS / name).write_text(schema_text(schema), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
