"""Today's usage as bytes: what is kept of it over a restart, and how a damaged or foreign file is told.

It holds device keys and minutes per budget, of one day, and no domain name. It must not touch the disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schoolguard.policy.counting import Table, Used
from schoolguard.policy.meter import MAX_DEVICES

FORMAT = "schoolguard usage 1"
MAX_BYTES = 64 << 20
MAX_BUDGETS = 20_000
"""Of one device; more than a gateway's configuration can give it."""

_MAX_KEY, _MAX_ID = 32, 1000
_MAX_DAY, _MAX_MINUTES = 10_000_000, 100_000


class UsageBroken(ValueError):
    """Bytes that are no usage; the message says what is wrong, in English, for the log."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a file holds: the local ``day``, the Unix seconds ``at`` which it was written, and the usage.

    ``last`` of each ``Used`` is a minute on a steady clock that stood at 0 when the file was written.
    """

    day: int
    at: float
    table: Table


def to_bytes(day: int, at: float, minute: int, used: Iterable[tuple[bytes, str, Used]]) -> bytes:
    """Return the file's bytes; ``minute`` is the present one on the steady clock."""
    devices: dict[str, dict[str, list[int]]] = {}
    for device, budget, each in used:
        entry = [each.minutes, each.last - minute, int(each.lone)]
        devices.setdefault(device.hex(), {})[budget] = entry
    whole = {"format": FORMAT, "day": day, "at": int(at), "devices": devices}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def from_bytes(content: bytes) -> Saved:
    """Return what a file holds; raises ``UsageBroken`` for anything that ``to_bytes`` has not made."""
    if len(content) > MAX_BYTES:
        raise UsageBroken(f"it has {len(content)} bytes; at most {MAX_BYTES}")
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageBroken(f"it is not JSON: {error}") from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise UsageBroken(f"it does not say that its format is {FORMAT!r}")
    day = _number(whole.get("day"), 0, _MAX_DAY, "day")
    at = _number(whole.get("at"), 0, _MAX_DAY * 86_400, "at")
    devices = whole.get("devices")
    if not isinstance(devices, dict) or len(devices) > MAX_DEVICES:
        raise UsageBroken(f"devices is not a mapping of at most {MAX_DEVICES}")
    return Saved(day, float(at), {_key(text): _budgets(entry) for text, entry in devices.items()})


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError as error:
        raise UsageBroken("a device's key is not hexadecimal") from error
    if not 0 < len(key) <= _MAX_KEY:
        raise UsageBroken(f"a device's key has {len(key)} bytes")
    return key


def _budgets(entry: Any) -> dict[str, Used]:
    if not isinstance(entry, dict) or not 0 < len(entry) <= MAX_BUDGETS:
        raise UsageBroken(f"a device's budgets are not a mapping of 1 to {MAX_BUDGETS}")
    return {_id(budget): _used(numbers) for budget, numbers in entry.items()}


def _id(budget: str) -> str:
    if not 0 < len(budget) <= _MAX_ID or not budget.isprintable():
        raise UsageBroken("a budget's id is not a short text on one line")
    return budget


def _used(numbers: Any) -> Used:
    if not isinstance(numbers, list) or len(numbers) != 3:
        raise UsageBroken("a budget's usage is not a list of three numbers")
    minutes = _number(numbers[0], 0, _MAX_MINUTES, "minutes")
    last = _number(numbers[1], -_MAX_DAY, 0, "last mark")
    return Used(minutes, last, bool(_number(numbers[2], 0, 1, "lone")))


def _number(value: Any, low: int, high: int, what: str) -> int:
    if type(value) is not int or not low <= value <= high:
        raise UsageBroken(f"{what} is not a whole number from {low} to {high}")
    return value
