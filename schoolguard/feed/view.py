"""A document as people read it: every member with what it says in the reader's language, nothing left out.

What is shown is what is signed, byte for byte of its numbers. It must not round, merge or hide anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schoolguard.feed.documents import DOCUMENTS, LATENCY_MILLISECONDS
from schoolguard.feed.kinds import Kind, ListOf, MapOf, Members

_INDENT = "  "


def lines(document: Mapping[str, Any], *, vietnamese: bool) -> Iterator[str]:
    """Yield the lines of a document; members that this version does not know stand under their own name."""
    members = DOCUMENTS.get(str(document.get("format")), Members(()))
    yield from _members(document, members, "", vietnamese)


def _members(value: Mapping[str, Any], kind: Members, indent: str, vietnamese: bool) -> Iterator[str]:
    known = {member.name: member for member in kind.members}
    ordered = [name for name in known if name in value] + [name for name in value if name not in known]
    for name in ordered:
        member = known.get(name)
        said = _plain(name) if member is None else f"{member.vi if vietnamese else member.en} ({name})"
        yield from _value(said, value[name], None if member is None else member.kind, indent, vietnamese)


def _value(said: str, value: Any, kind: Kind | None, indent: str, vietnamese: bool) -> Iterator[str]:
    deeper = indent + _INDENT
    within = None if kind is None else _inner(kind)
    if isinstance(value, Mapping):
        yield f"{indent}{said}"
        if kind is within and isinstance(within, Members):
            yield from _members(value, within, deeper, vietnamese)
            return
        for word, each in value.items():
            yield from _value(_plain(word), each, within, deeper, vietnamese)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield f"{indent}{said}"
        yield from _list(value, within, deeper, vietnamese)
    else:
        yield f"{indent}{said}: {_plain(value)}"


def _list(value: Sequence[Any], kind: Kind | None, indent: str, vietnamese: bool) -> Iterator[str]:
    if len(value) == len(LATENCY_MILLISECONDS) and all(isinstance(each, int) for each in value):
        yield indent + ", ".join(
            f"{bound:g} ms: {share}%" for bound, share in zip(LATENCY_MILLISECONDS, value, strict=True)
        )
        return
    for number, each in enumerate(value, 1):
        if isinstance(each, Mapping) and isinstance(kind, Members):
            yield f"{indent}{number}."
            yield from _members(each, kind, indent + _INDENT, vietnamese)
        else:
            yield f"{indent}{number}. {_plain(each)}"


def _inner(kind: Kind) -> Kind:
    """Return what a list's or a map's values are, down to the first other kind."""
    return _inner(kind.kind) if isinstance(kind, ListOf | MapOf) else kind


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if text.isprintable() else ascii(text)
