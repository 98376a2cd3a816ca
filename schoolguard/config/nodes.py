"""One YAML file as nodes with line numbers. It must not build Python objects nor know any key.

Nodes are made from parser events, not by recursion, so that depth is bounded before it costs anything.
Tags, anchors and aliases are refused: each line of a configuration says what it says, and a few lines of
aliases could otherwise grow to gigabytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from schoolguard.config.finding import Collector, Mark, Wrong
from schoolguard.language import N_

MAX_DEPTH = 12
"""The deepest configuration we define has 6 levels."""

# libyaml, where it is built in, is twenty times faster than the parser in Python.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(NamedTuple):
    """Text; ``plain`` when it stood without quotes, so that YAML might read it as no text."""

    text: str
    plain: bool
    mark: Mark


class Sequence(NamedTuple):
    """A list."""

    items: list[Node]
    mark: Mark


class Mapping(NamedTuple):
    """Keys and values in the order of the file, each key once."""

    entries: list[tuple[Scalar, Node]]
    mark: Mark


Node = Scalar | Sequence | Mapping


def read_nodes(text: str, name: str, out: Collector) -> Node | None:
    """Return the one document in a text, or ``None`` when it has none; every fault becomes a finding."""
    builder = _Builder(name, out)
    try:
        return builder.build(text)
    except _Stop as stop:
        out.error(stop.mark, stop.wrong)
    except yaml.MarkedYAMLError as error:
        out.error(*_syntax(name, text, error, builder.long_quote))
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # ValueError: bad escapes without libyaml
        out.error(Mark(name, 0), Wrong(N_("YAML cannot read this file: {problem}"), problem=str(error)))
    return None


class _Stop(Exception):
    """Something after which the rest of the file cannot be read."""

    def __init__(self, mark: Mark, wrong: Wrong) -> None:
        super().__init__(wrong.msgid)
        self.mark = mark
        self.wrong = wrong


def _syntax(name: str, text: str, error: yaml.MarkedYAMLError, quote: Mark | None) -> tuple[Mark, Wrong]:
    if error.context == "while scanning a quoted scalar" and error.context_mark:
        quote = Mark(name, error.context_mark.line + 1)
    if quote is not None:
        return quote, Wrong(N_("a quote that opens in this line is not closed in it"))
    place = error.problem_mark or error.context_mark
    mark = Mark(name, place.line + 1 if place else 0)
    lines = text.splitlines()
    bad = lines[mark.line - 1] if 0 < mark.line <= len(lines) else ""
    problem = error.problem or str(error)
    if "\t" in bad[: len(bad) - len(bad.lstrip())]:
        return mark, Wrong(N_("a tab indents this line; YAML takes only spaces"))
    if error.context in ("while scanning an alias", "while scanning an anchor"):
        return mark, Wrong(N_("a text that begins with * or & must stand in quotes"), found=bad.strip())
    if "nesting depth" in problem:
        return mark, _too_deep()
    return mark, Wrong(
        N_("this is no valid YAML: {problem} (is a quote, colon, bracket or space missing or too much?)"),
        problem=problem,
        found=bad.strip() or None,
    )


def _too_deep() -> Wrong:
    return Wrong(N_("lists and sections are nested more than {depth} deep"), depth=MAX_DEPTH)


class _Builder:
    """Turns the events of one file into nodes."""

    def __init__(self, name: str, out: Collector) -> None:
        self._name = name
        self._out = out
        self._open: list[Sequence | Mapping] = []
        self._keys: list[Scalar | None] = []
        self._seen: list[dict[str, int]] = []
        self._root: Node | None = None
        self.long_quote: Mark | None = None
        """Where a quoted text begins that ends in a later line: the likely cause of what makes no sense."""

    def build(self, text: str) -> Node | None:
        documents = 0
        for event in yaml.parse(text, Loader=_LOADER):
            mark = Mark(self._name, event.start_mark.line + 1 if event.start_mark else 0)
            if isinstance(event, yaml.NodeEvent):
                self._node(event, mark)
            elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                self._close()
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Stop(mark, Wrong(N_("a second document starts here (---); one file holds one")))
        if self._root is None:
            self._out.error(Mark(self._name, 0), Wrong(N_("the file is empty")))
        return self._root

    def _node(self, event: yaml.NodeEvent, mark: Mark) -> None:
        if event.anchor is not None:
            raise _Stop(mark, Wrong(N_("anchors and aliases (& and *) are not accepted; write it out")))
        if isinstance(event, yaml.ScalarEvent):
            if event.tag is not None and event.tag != "!":
                raise _Stop(mark, Wrong(N_("tags (!) are not accepted"), found=event.tag))
            if event.style in ("'", '"') and event.end_mark and event.end_mark.line >= mark.line:
                self.long_quote = mark
            self._place(Scalar(event.value, bool(event.implicit[0]), mark))
        elif isinstance(event, yaml.CollectionStartEvent):
            if event.tag is not None:
                raise _Stop(mark, Wrong(N_("tags (!) are not accepted"), found=event.tag))
            is_list = isinstance(event, yaml.SequenceStartEvent)
            self._start(Sequence([], mark) if is_list else Mapping([], mark))

    def _start(self, node: Sequence | Mapping) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise _Stop(node.mark, _too_deep())
        self._place(node)
        self._open.append(node)
        self._keys.append(None)
        self._seen.append({})

    def _close(self) -> None:
        self._open.pop()
        self._keys.pop()
        self._seen.pop()

    def _place(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif (key := self._keys[-1]) is None:
            if not isinstance(node, Scalar):
                raise _Stop(node.mark, Wrong(N_("a list or section stands where a key belongs")))
            self._keys[-1] = node
        else:
            self._keys[-1] = None
            self._enter(parent, key, node)

    def _enter(self, parent: Mapping, key: Scalar, node: Node) -> None:
        seen = self._seen[-1]
        if (first := seen.get(key.text)) is not None:
            wrong = Wrong(N_("this key stands twice, first in line {first}"), found=key.text, first=first)
            self._out.error(key.mark, wrong)
        else:
            seen[key.text] = key.mark.line
            parent.entries.append((key, node))
