"""One new copy of a fetched list held against the guardrails. It reads files, and changes none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from schoolguard.intake.guardrails.alike import Originals
from schoolguard.intake.guardrails.entries import Subject, WellKnown
from schoolguard.intake.guardrails.judge import judge_list, with_reasons
from schoolguard.intake.guardrails.limits import LineLimits
from schoolguard.intake.guardrails.lines import line_reasons
from schoolguard.intake.guardrails.suffixes import Suffixes
from schoolguard.intake.guardrails.verdict import Verdict
from schoolguard.intake.guardrails.well_known import Protected, Ranking
from schoolguard.intake.subscriptions.judging import Case
from schoolguard.language import N_, Said
from schoolguard.lists.formats import ListRefused, read
from schoolguard.lists.model import Flag, ListSource, Report
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack

_UNREADABLE = N_("{path} cannot be read as a list: {why}")


class CannotJudge(Said):
    """A file that lists are held against cannot be read; without it nothing may be accepted."""


def judge_copy(case: Case) -> Verdict:
    """Return the verdict.

    Raises ``ListRefused`` (the copy is no list), ``CannotJudge``, ``SnapshotBroken``, ``OSError``.
    """
    source = case.source
    old = Stack([Snapshot.open(Path(path)) for path in case.in_force])
    subject = Subject(source.id, source.kind, case.category, case.sealed)
    report = Report(source.id, source.format)
    verdict = judge_list(read(source, report), subject, old, _known(case), case.limits)
    junk, size = sum(report.refused.values()), Path(source.path).stat().st_size
    return with_reasons(verdict, line_reasons(report.entries, junk, size, LineLimits()))


def _known(case: Case) -> WellKnown:
    protected = [name for source in case.protected for name in _names(source)]
    popular = [] if case.popular is None else list(_names(case.popular))
    return WellKnown(Suffixes(), Protected(protected), Ranking(popular), Originals((*protected, *popular)))


def _names(source: ListSource) -> Iterator[str]:
    try:
        for entry in read(source, Report(source.id, source.format)):
            if not entry.pattern and not entry.flags & Flag.EXCEPTION:
                yield entry.name
    except ListRefused as error:
        raise CannotJudge(_UNREADABLE, path=source.path, why=str(error)) from error
