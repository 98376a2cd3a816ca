"""An explanation as one screen of lines, in the reader's language. What it leaves out it counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from schoolguard.policy.decide import Decision, Rank
from schoolguard.policy.evidence import Cited, Evidence
from schoolguard.policy.explain import Explanation, Step
from schoolguard.policy.reason import Translate, label
from schoolguard.policy.wording import (
    budget_text,
    layer_title,
    more,
    printable,
    rule_text,
    sources_text,
    title,
)

MOST_LINES = 24
_MOST_TEXTS = 4
"""Shown under one rank, so that no rank fills the screen."""

_TITLE_WIDTH = 24


class _Section(NamedTuple):
    heading: str
    texts: list[str]


def lines(explanation: Explanation, translate: Translate) -> list[str]:
    """Return the explanation for people: the verdict, then every rank, ``>`` before the one that decided."""
    _ = translate
    rank = explanation.decision.rank
    verdict = _("BLOCKED") if explanation.decision.blocked else _("ALLOWED")
    head = f"{printable(explanation.name)}: {verdict} {_by(rank, translate)}"
    sections = [_section(explanation, step, translate) for step in explanation.steps]
    if explanation.open:
        texts = [_evidence(each, translate) for each in explanation.open]
        sections.append(_Section("    " + _("On lists, but open here:"), texts))
    tail = [*_exceptions(explanation, translate), *_on_trial(explanation.shadow, translate)]
    room = MOST_LINES - 1 - len(sections) - len(tail)
    shares = _shares([len(section.texts) for section in sections], rank - 1, room)
    out = [head]
    for section, share in zip(sections, shares, strict=True):
        out.append(section.heading)
        out += _shown(section.texts, share)
    return out + tail


def _section(explanation: Explanation, step: Step, translate: Translate) -> _Section:
    _ = translate
    mark = ">" if step.rank is explanation.decision.rank else " "
    name = title(step.rank, translate).ljust(_TITLE_WIDTH)
    heading = f" {mark} {int(step.rank):>2} {name} {_outcome(explanation, step, translate)}"
    texts = [_evidence(each, translate) for each in step.evidence]
    texts += [rule_text(each, translate) for each in step.rules]
    texts += [budget_text(each, translate) for each in step.budgets]
    if step.decision is not None and step.decision.engine:
        texts.append(_("{engine} has no safe search").format(engine=printable(step.decision.engine)))
    return _Section(heading, texts)


def _by(rank: Rank, translate: Translate) -> str:
    _ = translate
    return _("by rank {number}").format(number=int(rank)) + f": {title(rank, translate)}"


def _outcome(explanation: Explanation, step: Step, translate: Translate) -> str:
    _ = translate
    redirect = explanation.decision.redirect
    if step.rank is Rank.SAFE_SEARCH and redirect:
        return _("answered as {name}").format(name=redirect)
    if step.decision is None:
        if not step.lifted_by and (step.rank is not Rank.CATEGORY or not step.evidence):
            return _("does not apply")
        sources = sources_text(step.lifted_by) or _("no list says so any more")
        return _("would block, lifted by {sources}").format(sources=sources)
    blocks = step.decision.blocked
    if step.rank is explanation.decision.rank:
        return _("blocks") if blocks else _("allows")
    if step.rank is Rank.DEFAULT:
        return _("not reached")
    if step in explanation.beaten:
        return _("would block, but is beaten") if blocks else _("would allow, but is beaten")
    return _("would block as well") if blocks else _("would allow as well")


def _evidence(evidence: Evidence, translate: Translate) -> str:
    _ = translate
    sources = sources_text(evidence.sources) or _("no list says so any more")
    if evidence.category is None:
        return sources
    text = f"{printable(label(evidence.category, translate))}: {sources}"
    if evidence.by is None:
        return text
    by = _("closed by: {layer}") if evidence.by.verb.blocks else _("opened by: {layer}")
    return f"{text}, {by.format(layer=layer_title(evidence.by.layer, translate))}"


def _exceptions(explanation: Explanation, translate: Translate) -> list[str]:
    _ = translate
    if not explanation.exceptions:
        return []
    text = _("Exceptions on lists: {exceptions}; entries they lift: {lifted}")
    lifted = sources_text(explanation.lifted) or _("none")
    return ["    " + text.format(exceptions=sources_text(explanation.exceptions), lifted=lifted)]


def _on_trial(shadow: Decision | None, translate: Translate) -> list[str]:
    _ = translate
    if shadow is None:
        return []
    text = (
        _("On trial, not enforced: would be blocked") if shadow.blocked else _("On trial: would be allowed")
    )
    rule = f": {rule_text(Cited(shadow.rule, shadow.name), translate)}" if shadow.rule else ""
    return [f"    {text} {_by(shadow.rank, translate)}{rule}"]


def _shares(wanted: Sequence[int], first: int, room: int) -> list[int]:
    """Return how many lines each section gets: one each, the deciding one's next, then from the top."""
    shares = [min(1, each) for each in wanted]
    for place in (first, *range(len(wanted))):
        more_of_it = min(wanted[place], _MOST_TEXTS) - shares[place]
        shares[place] += min(more_of_it, room - sum(shares))
    return shares


def _shown(texts: Sequence[str], share: int) -> list[str]:
    shown = list(texts[:share])
    if shown:
        shown[-1] = " ".join([shown[-1], *more(len(texts) - share)])
    return [f"        {text}" for text in shown]
