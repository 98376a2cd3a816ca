"""Brings the message catalogues up to date: ``python -m tests.catalogue``, after a change to a message.

The template is extracted from the code, the .po gets what is new and loses what is gone, the .mo is compiled.
The same code gives the same bytes on any day: sorted by message, no places in the code, no dates.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import schoolguard

PACKAGE = Path(schoolguard.__file__).parent
TEMPLATE = PACKAGE / "locale" / "schoolguard.pot"
VIETNAMESE = PACKAGE / "locale" / "vi" / "LC_MESSAGES" / "schoolguard.po"
COMPILED = VIETNAMESE.with_suffix(".mo")

_HEAD = """\
Project-Id-Version: SchoolGuard
Language: {language}
Language-Team: SchoolGuard
Plural-Forms: nplurals=1; plural=0;
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
"""
_TEMPLATE_COMMENT = (
    "# The messages of SchoolGuard as the code has them; python -m tests.catalogue writes this file.\n"
)


class _Dateless(Catalog):
    """A catalogue whose header is ours: the library's would hold the day and the library's version."""

    def __iter__(self) -> Iterator[Message]:
        messages = iter(super().__iter__())
        next(messages)
        yield Message("", _HEAD.format(language="vi"))
        yield from messages


def extracted() -> Catalog:
    """Return the messages that the code has today, untranslated."""
    catalog = Catalog()
    for _, _, message, comments, context in extract_from_dir(PACKAGE, comment_tags=("Translators:",)):
        catalog.add(message, auto_comments=comments, context=context)
    return catalog


def vietnamese() -> Catalog:
    """Return the Vietnamese catalogue as it stands in the .po."""
    with VIETNAMESE.open("rb") as file:
        return read_po(file, locale="vi")


def template_text() -> str:
    """Return what the template must be."""
    return _TEMPLATE_COMMENT + _file("", extracted())


def vietnamese_text() -> str:
    """Return what the .po must be: its comment at the top, then today's messages with their translations."""
    lines = VIETNAMESE.read_text(encoding="utf-8").splitlines(keepends=True)
    comment = "".join(lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))])
    former, catalog = vietnamese(), extracted()
    for message in catalog:
        known = former.get(message.id, message.context) if message.id else None
        if known is not None:
            message.string = known.string
            message.user_comments = known.user_comments
    return comment + _file("vi", catalog)


def compiled_bytes() -> bytes:
    """Return what the .mo must be."""
    catalog = _Dateless(locale="vi")
    for message in vietnamese():
        if message.id:
            catalog.add(message.id, message.string, context=message.context)
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def _file(language: str, catalog: Catalog) -> str:
    head = "".join(f'"{line}\\n"\n' for line in _HEAD.format(language=language).splitlines())
    file = BytesIO()
    write_po(file, catalog, width=0, no_location=True, omit_header=True, sort_output=True)
    return f'msgid ""\nmsgstr ""\n{head}\n{file.getvalue().decode().rstrip()}\n'


def main() -> int:
    """Write the three files; return 1 while a message has no translation."""
    TEMPLATE.write_text(template_text(), encoding="utf-8")
    VIETNAMESE.write_text(vietnamese_text(), encoding="utf-8")
    COMPILED.write_bytes(compiled_bytes())
    missing = [str(message.id) for message in vietnamese() if message.id and not message.string]
    for msgid in missing:
        print(f"{VIETNAMESE}: no translation of {msgid!r}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
