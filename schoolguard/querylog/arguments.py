"""What people send with a command, read strictly. It must not know the log or who asks."""

from __future__ import annotations

import unicodedata

from schoolguard.dns.names import InvalidName, to_ascii
from schoolguard.language import N_, Said
from schoolguard.querylog.asking import Arguments
from schoolguard.querylog.model import day_number
from schoolguard.querylog.pseudonym import SIZE

_LONGEST_TEXT = 300
_ADDRESS_SIZES = (4, 6, 16)


class NotAllowed(Said):
    """Something that this user may not do, or that makes no sense; nothing was looked at or changed."""


def who_and_why(arguments: Arguments) -> tuple[str, str]:
    """Return who looks and why, which the audit log needs; raises ``NotAllowed``, as all here do."""
    return _said_text(arguments, "by"), _said_text(arguments, "reason")


def text_or_none(arguments: Arguments, name: str) -> str | None:
    """Return a text, ``None`` when it is not given."""
    value = arguments.get(name)
    if value is not None and not isinstance(value, str):
        raise NotAllowed(N_("the argument {name} must be a text"), name=name)
    return value


def number(arguments: Arguments, name: str, low: int, high: int, default: int) -> int:
    """Return a number from ``low`` to ``high``."""
    value = arguments.get(name, default)
    if type(value) is not int or not low <= value <= high:
        raise NotAllowed(
            N_("the argument {name} must be a number from {low} to {high}"), name=name, low=low, high=high
        )
    return value


def name_in(arguments: Arguments) -> str | None:
    """Return the domain name that is looked for, in text shape."""
    text = text_or_none(arguments, "name")
    try:
        return None if text is None else to_ascii(text)
    except InvalidName as error:
        msgid = N_("{text!r} is not a domain name ({reason})")
        raise NotAllowed(msgid, text=text, reason=error.reason) from error


def device_in(arguments: Arguments) -> tuple[bytes | None, bytes | None]:
    """Return the device (MAC or packed address) or else the pseudonym that is meant; both may be ``None``."""
    text = text_or_none(arguments, "device")
    if text is None:
        return None, None
    try:
        packed = bytes.fromhex(text)
    except ValueError:
        packed = b""
    if len(packed) == SIZE:
        return None, packed
    if len(packed) not in _ADDRESS_SIZES:
        msgid = N_("{text!r} is no device; accepted: a MAC, an address, a code name of the query log")
        raise NotAllowed(msgid, text=text)
    return packed, None


def day_in(arguments: Arguments) -> int | None:
    """Return the day that is looked for."""
    text = text_or_none(arguments, "day")
    try:
        return None if text is None else day_number(text)
    except ValueError as error:
        raise NotAllowed(N_("{text!r} is no day; accepted: YYYY-MM-DD"), text=text) from error


def _said_text(arguments: Arguments, name: str) -> str:
    tidy = " ".join(unicodedata.normalize("NFC", text_or_none(arguments, name) or "").split())
    if not tidy:
        raise NotAllowed(N_("{option} is empty; the audit log needs to know"), option=f"--{name}")
    if len(tidy) > _LONGEST_TEXT or not tidy.isprintable():
        msgid = N_("{option}: at most {most} characters, none of them invisible")
        raise NotAllowed(msgid, option=f"--{name}", most=_LONGEST_TEXT)
    return tidy
