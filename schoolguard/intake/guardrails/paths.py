"""Paths of what travels: only shapes that this program itself would write. Pure; it touches no file."""

from __future__ import annotations

import re

from schoolguard.intake.guardrails.verdict import Action, Code, PushRefused, Reason

_WORD = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
_LIST = re.compile(rf"lists/({_WORD})/({_WORD})\.sgl\.zst")
_ORDER = re.compile(rf"orders/({_WORD})/({_WORD})\.json")
_LAYER = re.compile(r"layers/([0-9a-f]{64})\.layer\.zst")


def check_path(path: str, partner: str | None) -> str:
    """Return the name that a path ends in: a list's id, an order's, a layer's hash.

    ``partner`` is whose role signed for it, ``None`` for the publisher's layers. Raises ``PushRefused`` for
    any other shape: upper case, dots, slashes, percent signs, control characters, another partner's folder.
    """
    if partner is None:
        layer = _LAYER.fullmatch(path)
        if layer:
            return layer[1]
    else:
        found = _LIST.fullmatch(path) or _ORDER.fullmatch(path)
        if found and found[1] == partner:
            return found[2]
    raise PushRefused(Reason(Code.PATH, Action.REFUSE, 1, 0, (repr(path[:100]),)))
