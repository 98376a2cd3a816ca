"""A digest of settings: the same settings, the same digest, on every gateway and at every start. Pure.

It must not be given secrets: a short one could be guessed from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import sha256
from typing import Any

DIGITS = 32


def digest_of(*values: object) -> str:
    """Return 32 hexadecimal digits of the SHA-256 of frozen values.

    What takes no part in a value's equality, such as where a rule was written, takes none in its digest.
    """
    told = json.dumps([_plain(value) for value in values], ensure_ascii=True, separators=(",", ":"))
    return sha256(told.encode()).hexdigest()[:DIGITS]


def _plain(value: object) -> Any:
    """Return a value as JSON has it, in one order."""
    if value is None or isinstance(value, bool | int | float | str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Enum):
        return [type(value).__name__, value.name]
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value):
        told = [[field.name, _plain(getattr(value, field.name))] for field in fields(value) if field.compare]
        return [type(value).__name__, told]
    if isinstance(value, Mapping):
        return sorted(([_plain(key), _plain(each)] for key, each in value.items()), key=_order)
    if isinstance(value, frozenset | set):
        return sorted(map(_plain, value), key=_order)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return str(value)  # networks and days, whose text is their value


def _order(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=True)
