"""One update of one list judged as a whole: entries in, verdict out. It must not put anything in force.

The entries are read once, as a stream. What was in force of the list is asked of the old stack name by name,
so memory does not grow with the list.
"""

from __future__ import annotations

from collections.abc import Iterable

from schoolguard.dns.names import search_key
from schoolguard.intake.guardrails.change import change_reasons
from schoolguard.intake.guardrails.entries import Findings, Subject, WellKnown
from schoolguard.intake.guardrails.limits import Limits
from schoolguard.intake.guardrails.verdict import Counts, Reason, Verdict
from schoolguard.lists.delta_listed import Listed
from schoolguard.lists.model import Entry
from schoolguard.lists.stack import Stack


def judge_list(
    entries: Iterable[Entry], subject: Subject, old: Stack, known: WellKnown, limits: Limits
) -> Verdict:
    """Judge the new copy of a whole list against what ``old`` has of it.

    Only entries that the list did not have, flags and all, are looked at one by one: what is in force was
    judged before, or accepted by a person. Reading stops after ``max_entries``. Errors of ``entries`` pass.
    """
    listed, findings = Listed(old, subject.list_id), Findings(subject, known, limits)
    after = added = 0
    for entry in entries:
        after += 1
        if after > limits.max_entries:
            break
        if not listed.has(entry):
            added += 1
            findings.see(entry)
    before = 0 if listed.row is None else listed.row.entries
    counts = Counts(before, after, added, max(0, before - (after - added)))
    return _verdict(subject, counts, findings, limits)


def judge_change(
    added: Iterable[Entry],
    removed: Iterable[str],
    subject: Subject,
    old: Stack,
    known: WellKnown,
    limits: Limits,
) -> Verdict:
    """Judge a change of a list: entries that come in, and names (text shape) that go, against ``old``.

    What the list has already, and what is taken away without being there, is not counted.
    """
    listed, findings = Listed(old, subject.list_id), Findings(subject, known, limits)
    coming = going = 0
    for entry in added:
        if not listed.has(entry):
            coming += 1
            findings.see(entry)
            if coming > limits.max_entries:
                break
    for name in removed:
        going += search_key(name) in listed
    before = 0 if listed.row is None else listed.row.entries
    counts = Counts(before, max(0, before + coming - going), coming, going)
    return _verdict(subject, counts, findings, limits)


def with_reasons(verdict: Verdict, more: Iterable[Reason]) -> Verdict:
    """Return a verdict with more reasons, gravest first."""
    reasons = sorted((*verdict.reasons, *more), key=lambda reason: (-reason.action, reason.code))
    return Verdict(verdict.list_id, verdict.counts, tuple(reasons), verdict.dropped)


def _verdict(subject: Subject, counts: Counts, findings: Findings, limits: Limits) -> Verdict:
    found = (*change_reasons(counts, limits), *findings.reasons())
    return with_reasons(Verdict(subject.list_id, counts, (), frozenset(findings.dropped)), found)
