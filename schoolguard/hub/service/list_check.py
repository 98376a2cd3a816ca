"""Judges one pushed list: its header against what is published, its entries against the guardrails.

It must not publish. The whole list is kept on the way, for the next delta and the compile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schoolguard.categories import BY_NAME
from schoolguard.hub.push.bundle import BundleHeader, Sign
from schoolguard.hub.push.reasons import BundleRefused, Reason
from schoolguard.hub.service.wholes import Wholes, entries_of, header_of
from schoolguard.intake.guardrails.entries import Subject, WellKnown
from schoolguard.intake.guardrails.judge import judge_change, judge_list
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.guardrails.verdict import Action, Verdict
from schoolguard.intake.trust.contents import Target
from schoolguard.language import N_, Said
from schoolguard.lists.delta_listed import Listed
from schoolguard.lists.model import Kind
from schoolguard.lists.stack import Stack

_CATEGORY = N_("there is no category {category!r}")
_SEQUENCE = N_("sequence {found} is not newer than {known}")
_HELD = N_("{why}; it waits until the publisher's staff agrees")

Judged = tuple[tuple[Reason, ...], dict[str, Any]]


def list_id(partner: str, name: str) -> str:
    """Return the id that a partner's list has in compiled layers."""
    return f"{partner}.{name}"


@dataclass(frozen=True, slots=True)
class ListCheck:
    """What lists are held against.

    ``stack`` gives the layers that all schools enforce, ``in_force`` the content of a list in them.
    """

    wholes: Wholes
    known: WellKnown
    limits: Limits
    stack: Callable[[], Stack]
    in_force: Callable[[str], str]

    def judge(self, target: Target, file: Path, before: Target | None) -> Judged:
        """Return the reasons against a list, and what else to tell of it; raises ``OSError``."""
        try:
            header = header_of(file)
            reasons = tuple(self._header(target, header, before))
            if reasons:
                return reasons, {}
            self.wholes.take(target.sha256, file, None if before is None else before.sha256)
        except BundleRefused as error:
            where = f"{target.path}:{error.line}" if error.line else target.path
            return (Reason(error.code, Said(error.msgid, **error.values), where),), {}
        current = before is not None and before.sha256 == self.in_force(target.path)
        verdict = self._entries(target, file, header, current)
        earlier = self.wholes.dropped(before.sha256) if before and header.base else frozenset()
        self.wholes.drop(target.sha256, earlier | verdict.dropped)
        told = _told(verdict)
        self.wholes.note(target.sha256, told)
        return tuple(_reasons(verdict, target.path)), told

    def _header(self, target: Target, header: BundleHeader, before: Target | None) -> Iterator[Reason]:
        if header.category not in BY_NAME:
            yield Reason("unknown-category", Said(_CATEGORY, category=header.category), target.path)
        known = None if before is None else self.wholes.path(before.sha256)
        if known is not None and known.is_file() and header.sequence <= header_of(known).sequence:
            said = Said(_SEQUENCE, found=header.sequence, known=header_of(known).sequence)
            yield Reason("sequence-not-newer", said, target.path)

    def _entries(self, target: Target, file: Path, header: BundleHeader, current: bool) -> Verdict:
        category, old = BY_NAME[header.category], self.stack()
        id = list_id(header.partner, header.list)
        subject = Subject(id, Kind(header.kind), category.name, category.sealed)
        if header.base is not None and current and Listed(old, id).row is not None:
            gone = (entry.name for entry in entries_of(file, Sign.REMOVE))
            return judge_change(entries_of(file), gone, subject, old, self.known, self.limits)
        # What a change is to is not what is in force: it waits, is on its way, or was taken back. So that
        # nothing comes in behind it unjudged, all of the list is.
        whole = self.wholes.path(target.sha256)
        return judge_list(entries_of(whole), subject, old, self.known, self.limits)


def _reasons(verdict: Verdict, path: str) -> Iterator[Reason]:
    for reason in verdict.reasons:
        if reason.action is Action.REFUSE:
            yield Reason(reason.code.value, reason.said, path)
        elif reason.action is Action.HOLD:
            yield Reason(reason.code.value, Said(_HELD, why=reason.said), path, refuses=False)


def _told(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict with whole numbers, which every program writes in one way."""
    told = verdict.to_json() | {"held": verdict.action is Action.HOLD}
    for reason in told["reasons"]:
        reason["found"], reason["limit"] = round(reason["found"]), round(reason["limit"])
    return told
