"""Passes as entries of the audit log, and back.

The names of a service and the bits of categories are written out: what was opened does not change when the
catalogue does. A device stands beside names here, and nowhere else: this is what an adult allowed it, not
what it asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schoolguard.language import N_, Said
from schoolguard.node.audit_chain import broken
from schoolguard.node.audit_entry import Entry
from schoolguard.node.pass_model import Pass
from schoolguard.node.typed import device, device_text

GRANT = "pass-grant"
REVOKE = "pass-revoke"

_UNREADABLE = N_("a pass that this version cannot read")


def fields_of(granted: Pass) -> dict[str, Any]:
    """Return the fields of the entry that grants a pass; who granted it is the entry's ``by``."""
    return {
        "school": granted.school,
        "group": granted.group,
        "device": None if granted.device is None else device_text(granted.device),
        "allow": list(granted.targets),
        "names": sorted(granted.names),
        "services": list(granted.services),
        "category-bits": [bit for bit in range(64) if granted.categories >> bit & 1],
        "from": granted.start,
        "until": int(granted.until),
        "reason": granted.reason,
    }


def pass_of(entry: Entry, id: str, log: Path) -> Pass:
    """Return the pass that an entry grants; raises ``ChainBroken`` for one that nobody could have written."""
    fields = entry.fields
    try:
        return Pass(
            id,
            _text(fields["school"]),
            None if fields["group"] is None else _text(fields["group"]),
            None if fields["device"] is None else device(_text(fields["device"])),
            tuple(map(_text, fields["allow"])),
            frozenset(map(_text, fields["names"])),
            tuple(map(_text, fields["services"])),
            sum(1 << _whole(bit, 64) for bit in set(fields["category-bits"])),
            _whole(fields["from"]),
            _whole(fields["until"]),
            entry.by,
            _text(fields["reason"]),
        )
    except (KeyError, TypeError, ValueError, Said) as error:
        raise broken(log, entry.number, Said(_UNREADABLE)) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _whole(value: object, below: int = 1 << 40) -> int:
    if type(value) is not int or not 0 <= value < below:
        raise TypeError(f"{value!r} is no whole number")
    return value
