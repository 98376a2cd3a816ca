"""What is wrong in a configuration: where, what was found, what is accepted. Reads no file, knows no key."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from schoolguard.language import N_, Translate

T = TypeVar("T")

MAX_FINDINGS = 500
"""A file of rubbish must not fill the screen or the memory; what comes after these is counted."""

_SHOWN, _LONG = 80, 300


class Mark(NamedTuple):
    """A place: a path relative to the configuration folder, a line from 1 (0 is the whole file)."""

    path: str
    line: int


class At(NamedTuple, Generic[T]):
    """A value and the place it was read from."""

    value: T
    mark: Mark


class Severity(StrEnum):
    """An error stops the start or reload; a warning is shown and the configuration is used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say of one line; ``text`` is all of it but the place, in the language asked for."""

    severity: Severity
    path: str
    line: int
    message: str
    found: str | None = None
    accepted: str | None = None
    suggestion: str | None = None
    text: str = field(default="", repr=False)

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.text or self.message}"


class ConfigError(Exception):
    """A configuration that cannot be used; ``findings`` holds every error of every file."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


class Wrong(Exception):
    """One value that is not accepted; whoever walks the file knows the place and records it."""

    def __init__(
        self,
        msgid: str,
        *,
        found: str | None = None,
        accepted: str | Sequence[str] | None = None,
        suggestion: str | None = None,
        **values: object,
    ) -> None:
        super().__init__(msgid)
        self.msgid = msgid
        self.found = found
        self.accepted = accepted
        self.suggestion = suggestion
        self.values = values


class Collector:
    """Gathers findings from all files in one language; ``translate`` turns an English message into it."""

    def __init__(self, translate: Translate = str) -> None:
        self._translate = translate
        self._findings: list[Finding] = []
        self._count = dict.fromkeys(Severity, 0)

    def error(self, mark: Mark, wrong: Wrong) -> None:
        """Record an error."""
        self._record(Severity.ERROR, mark, wrong)

    def warning(self, mark: Mark, wrong: Wrong) -> None:
        """Record a warning."""
        self._record(Severity.WARNING, mark, wrong)

    @property
    def vietnamese(self) -> bool:
        """Whether what is recorded is said in Vietnamese; for texts that files have in two languages."""
        return self._translate("label_en") == "label_vi"

    @property
    def failures(self) -> int:
        """How many errors were recorded."""
        return self._count[Severity.ERROR]

    def all(self) -> tuple[Finding, ...]:
        """Return the findings by file and line; a last one tells how many more there were."""
        findings = sorted(self._findings, key=lambda f: (f.path.count("/"), f.path, f.line))
        for severity, count in self._count.items():
            if (more := count - MAX_FINDINGS) > 0:
                message = self._translate(N_("{count} more findings are not shown")).format(count=more)
                findings.append(Finding(severity, ".", 0, message, text=message))
        return tuple(findings)

    def errors(self) -> tuple[Finding, ...]:
        """Return only the errors."""
        return tuple(f for f in self.all() if f.severity is Severity.ERROR)

    def warnings(self) -> tuple[Finding, ...]:
        """Return only the warnings."""
        return tuple(f for f in self.all() if f.severity is Severity.WARNING)

    def _record(self, severity: Severity, mark: Mark, wrong: Wrong) -> None:
        self._count[severity] += 1
        if self._count[severity] > MAX_FINDINGS:
            return
        found = None if wrong.found is None else shown(wrong.found)
        accepted, suggestion = wrong.accepted, wrong.suggestion
        if accepted is not None and not isinstance(accepted, str):
            suggestion = suggestion or (nearest(wrong.found, accepted) if wrong.found else None)
            accepted = ", ".join(accepted)
        suggestion = None if suggestion is None else shown(suggestion)
        values = {
            key: shown(value, _LONG) if isinstance(value, str) else value
            for key, value in wrong.values.items()
        }
        message = self._translate(wrong.msgid).format(**values)
        text = self._text(severity, message, found, accepted, suggestion)
        self._findings.append(
            Finding(severity, shown(mark.path, _LONG), mark.line, message, found, accepted, suggestion, text)
        )

    def _text(
        self,
        severity: Severity,
        message: str,
        found: str | None,
        accepted: str | None,
        suggestion: str | None,
    ) -> str:
        _ = self._translate
        parts = [message]
        if found is not None:
            parts.append(_(N_("found `{found}`")).format(found=found))
        if accepted is not None:
            parts.append(_(N_("accepted: {accepted}")).format(accepted=accepted))
        if suggestion is not None:
            parts.append(_(N_("did you mean `{suggestion}`?")).format(suggestion=suggestion))
        text = "; ".join(parts)
        return _(N_("warning: {text}")).format(text=text) if severity is Severity.WARNING else text


def shown(text: str, most: int = _SHOWN) -> str:
    """Return a text from a file as it may stand in a message: one line, escaped, not too long."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def nearest(found: str, options: Sequence[str]) -> str | None:
    """Return the option that was probably meant: accents, case, spaces and underscores aside."""
    by_folded = {_folded(option): option for option in reversed(options)}
    close = difflib.get_close_matches(_folded(found[:_SHOWN]), by_folded, n=1)
    return by_folded[close[0]] if close else None


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    folded = "".join(c for c in plain if not unicodedata.combining(c)).strip()
    return folded.replace(" ", "-").replace("_", "-")
