"""What is no plain name in an adblock rule: wildcards inside a name and regular expressions, as RE2.

Expressions are to be *searched* in the text shape of a name. They are compiled here by google-re2 only (it
does not backtrack), bounded in length, and refused when they would match names picked at random.
"""

from __future__ import annotations

import re

import re2

from schoolguard.lists.formats.names import is_address
from schoolguard.lists.formats.refused import refuse

MAX_PATTERNS = 2_000
"""Expressions of one list; AdGuard's DNS filter has some 300. Each costs memory and time in every worker."""

MAX_PATTERN = 1_024
"""Characters of one expression as written."""

MAX_MEMORY = 1 << 20
"""Bytes that google-re2 may spend on one expression; what would need more is refused."""

MIN_LITERAL = 3
"""Letters and digits that a wildcard rule must hold, as in urlfilter."""

BYSTANDERS = (
    "q7xk9w.com",
    "www.q7xk9w.vn",
    "h3.q7xk9w.edu.vn",
    "q7xk9w.com.vn",
    "mail.q7xk9w.org",
    "q7xk9w.net",
)
"""Names nobody lists: an expression that matches one of them names nothing in particular."""

_WILD = re.compile(r"[a-z0-9_.*-]+\Z")
_ADDRESS_LIKE = re.compile(r"[\d*]{1,3}(?:\.[\d*]{1,3}){2,3}(?:\.\D*)?\.?\Z|[\d.*]+\Z")
_ADDRESS_EXPRESSION = re.compile(r"\^?\(?\d{1,3}\\?\.\(?\d{1,3}\\?\.\(?[\d\[]")
_GROUP_START = re.compile(r"\(\?[a-zA-Z<>!=-]*:?")


def from_wildcard(body: str, start: str, end: bool) -> str:
    """Return the expression of a rule's body; raises ``LineRefused``.

    ``start`` is ``||`` (start of a label), ``|`` (start of the name) or empty (anywhere); ``end`` whether
    the rule ends with ``^`` or ``|``. Reasons: ``path``, ``address``, ``port``, ``bad-label``, ``too-broad``,
    ``too-long``.
    """
    text = body.lower()
    if len(text) > MAX_PATTERN:
        refuse("too-long")
    if "/" in text or "?" in text or "=" in text or "&" in text:
        refuse("path")
    if len(re.sub(r"[.*_-]", "", text)) < MIN_LITERAL:
        refuse("too-broad")
    if _ADDRESS_LIKE.match(text) or is_address(text):
        refuse("address")
    if ":" in text:
        refuse("port")
    if not _WILD.match(text):
        refuse("bad-label")
    inner = ".*".join(re.escape(part) for part in re.split(r"\*+", text))
    left = {"||": r"(?:^|\.)", "|": "^", "": ""}[start]
    return _checked(left + inner + ("$" if end else ""))


def from_regular(body: str) -> str:
    """Return the expression of ``/body/``, case folded; raises ``LineRefused``.

    Reasons: ``too-long``, ``url`` (it wants a scheme, a path or a port: no name has one), ``address``,
    ``bad-expression`` (google-re2 does not take it), ``too-broad``.
    """
    if len(body) > MAX_PATTERN:
        refuse("too-long")
    if _ADDRESS_EXPRESSION.match(body):
        refuse("address")
    outside = _GROUP_START.sub("", body)
    if "/" in outside or ":" in outside or "#" in outside:
        refuse("url")
    return _checked("(?i)" + body)


def _checked(expression: str) -> str:
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    try:
        compiled = re2.compile(expression, options=options)
    except re2.error:
        refuse("bad-expression")
    if any(compiled.search(name) for name in BYSTANDERS):
        refuse("too-broad")
    return expression
