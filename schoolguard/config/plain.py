"""What YAML would read an unquoted text as. It must not convert anything.

YAML 1.1 takes ``no``, ``off`` or ``12:30`` for a truth value or a number ("the Norway problem"); such a text
is refused where a text belongs, with the advice to quote it.
"""

from __future__ import annotations

import re

from schoolguard.config.finding import Wrong
from schoolguard.config.nodes import Node, Scalar
from schoolguard.language import N_

# YAML 1.1 types null, bool, int, float (https://yaml.org/type/), as PyYAML resolves them.
_NULL = re.compile(r"~|null|Null|NULL|\Z")
TRUE = frozenset({"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
FALSE = frozenset({"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_NUMBER = re.compile(
    r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?")


def scalar_of(node: Node) -> Scalar:
    """Return a node that must be a single value; raises ``Wrong``."""
    if isinstance(node, Scalar):
        if node.plain and _NULL.fullmatch(node.text):
            raise Wrong(N_("there is no value here"), found=node.text or None)
        return node
    raise Wrong(N_("a single value belongs here, not a list or section (quote a text that has : or [ in it)"))


def text_of(node: Node) -> str:
    """Return the text of a node; raises ``Wrong`` for what YAML takes for no text."""
    scalar = scalar_of(node)
    if not scalar.plain:
        return scalar.text
    if scalar.text in TRUE or scalar.text in FALSE:
        msgid = N_("YAML takes this word for true or false; write it in quotes if you mean the word")
        raise Wrong(msgid, found=scalar.text, suggestion=f'"{scalar.text}"')
    if _NUMBER.fullmatch(scalar.text) or _DATE.fullmatch(scalar.text):
        msgid = N_("YAML takes this for a number or a date; write it in quotes if you mean a text")
        raise Wrong(msgid, found=scalar.text, suggestion=f'"{scalar.text}"')
    return scalar.text
