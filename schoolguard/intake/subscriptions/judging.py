"""New copies of fetched lists before the guardrails: what is asked of the judging process, what it answers.

A list of millions of names is read for half a minute, so that is done in a process of its own
(``judge_child``), which gives way to the one that asked. It must not put anything in force.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.guardrails.verdict import Action, Code, Reason, Verdict
from schoolguard.intake.subscriptions.model import FetchRefused, Subscription
from schoolguard.language import N_
from schoolguard.lists.model import Exceptions, Kind, ListSource

_REFUSED = N_("the guardrails refuse it: {why}")
_HELD = N_("the guardrails hold it until a person agrees: {why}")
_NO_LIST = N_("it is no list: {why}")
_BROKEN = N_("it could not be judged: {why}")
_PATIENCE = 6 * 3_600.0
"""Seconds after which a list that was refused is fetched again: its maker may have noticed."""


@dataclass(frozen=True, slots=True)
class Case:
    """One new copy, and what it is held against.

    ``source`` is the list with the path of the new copy, ``category`` the name of its category. ``protected``
    are the lists of the safety net, ``popular`` is one of well-known names, most popular first. ``in_force``
    are the snapshot files, lowest first, that may have a former copy.
    """

    source: ListSource
    category: str = ""
    sealed: bool = False
    limits: Limits = Limits()  # noqa: RUF009 - a value
    protected: tuple[ListSource, ...] = ()
    popular: ListSource | None = None
    in_force: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A copy that may be enforced: how many names were left out of it, and every reason there was.

    ``added`` and ``removed`` count names against the copy in force.
    """

    left_out: int = 0
    reasons: tuple[Reason, ...] = ()
    added: int = 0
    removed: int = 0


Judge = Callable[[Subscription, Path, bool], Awaitable[Judged]]
"""Judges the new copy of a list at a path, and leaves out of the file what must be left out.

The flag says that a person agreed to what the guardrails hold. Raises ``FetchRefused``, ``OSError``.
"""


def limits_of(source: ListSource) -> Limits:
    """Return the guardrails' limits for a list as lists.yaml has it; ``off`` there holds for holding too."""
    limits = Limits(
        max_entries=source.max_entries, max_shrink=source.max_shrink, max_growth=source.max_growth
    )
    if source.max_shrink is None:
        limits = replace(limits, held_shrink=None)
    if source.max_growth is None:
        limits = replace(limits, held_growth=None)
    if source.max_shrink is None and source.max_growth is None:
        limits = replace(limits, held_churn=None, max_churn=None)
    return limits


async def judged(case: Case, *, agreed: bool) -> Judged:
    """Return what the guardrails say of a copy that may be enforced; raises ``FetchRefused``."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schoolguard.intake.subscriptions.judge_child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await child.communicate(case_to_json(case).encode())
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        why = errors.decode(errors="replace").strip() or child.returncode
        raise FetchRefused("not-judged", _BROKEN, why=why)
    answer = json.loads(output)
    if "refused" in answer:
        reason, why = answer["refused"]
        raise FetchRefused(reason, _NO_LIST, wait=_PATIENCE, why=why)
    reasons = tuple(_reason(each) for each in answer["reasons"])
    found = Judged(answer["dropped"], reasons, answer["added"], answer["removed"])
    _check(found, agreed=agreed)
    return found


def _check(found: Judged, *, agreed: bool) -> None:
    refused = tuple(reason for reason in found.reasons if reason.action is Action.REFUSE)
    if refused:
        why = tuple(reason.said for reason in refused)
        raise FetchRefused(refused[0].code.value, _REFUSED, wait=_PATIENCE, why=why)
    held = tuple(reason.said for reason in found.reasons if reason.action is Action.HOLD)
    if held and not agreed:
        raise FetchRefused("held", _HELD, wait=_PATIENCE, why=held)


def verdict_to_json(verdict: Verdict) -> str:
    """Return the child's answer."""
    return json.dumps(verdict.to_json())


def _reason(members: Mapping[str, Any]) -> Reason:
    code, action = Code(members["code"]), Action[members["action"].upper()]
    return Reason(code, action, members["found"], members["limit"], tuple(members["names"]))


def case_to_json(case: Case) -> str:
    """Return what the child is asked."""
    members = asdict(case)
    members["limits"]["suffixes"] = sorted(case.limits.suffixes)
    return json.dumps(members)


def case_from_json(text: str) -> Case:
    """Return what is asked; raises ``ValueError``."""
    try:
        members = json.loads(text)
        limits = members["limits"]
        actions = {name: Action(limits[name]) for name in _ACTIONS}
        return Case(
            source_of(members["source"]),
            str(members["category"]),
            bool(members["sealed"]),
            Limits(**{**limits, **actions, "suffixes": frozenset(limits["suffixes"])}),
            tuple(source_of(each) for each in members["protected"]),
            None if members["popular"] is None else source_of(members["popular"]),
            tuple(members["in_force"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a list to judge: {error!r}") from error


_ACTIONS = ("other_suffix", "private_suffix", "protected", "protected_below", "popular")


def source_of(members: Mapping[str, Any]) -> ListSource:
    """Return a list as ``asdict`` wrote it."""
    kind, exceptions = Kind(members["kind"]), Exceptions(members["exceptions"])
    return ListSource(**{**members, "kind": kind, "exceptions": exceptions})
