"""An explanation in words, one screen long, in the reader's language. What it leaves out it counts."""

from __future__ import annotations

from collections.abc import Sequence

from schoolguard.policy.decide import Rule
from schoolguard.policy.evidence import Evidence, Source
from schoolguard.policy.explain import Explanation, Step
from schoolguard.policy.reason import Translate, label

_MOST_NAMES = 2
_MOST_LISTS = 3
_MOST_CATEGORIES = 3
"""With at most this many shown, and the rest counted, an explanation has 22 lines or fewer."""

_TITLE_WIDTH = 24


def lines(explanation: Explanation, translate: Translate) -> list[str]:
    """Return the explanation for people: the verdict, then every rule, ``>`` before the one that decided."""
    _ = translate
    rule = explanation.decision.rule
    verdict = _("BLOCKED") if explanation.decision.blocked else _("ALLOWED")
    by = _("by rule {number}").format(number=int(rule))
    out = [f"{explanation.name}: {verdict} {by}: {title(rule, translate)}"]
    for step in explanation.steps:
        mark = ">" if step.rule is rule else " "
        name = title(step.rule, translate).ljust(_TITLE_WIDTH)
        out.append(f" {mark} {int(step.rule)} {name} {_outcome(explanation, step, translate)}")
        out += [f"       {text}" for text in _listing(step.evidence, translate)]
    if explanation.open:
        out.append("   " + _("On lists, but open here:"))
        out += [f"       {text}" for text in _listing(explanation.open, translate)]
    if explanation.exceptions:
        text = _("Exceptions on lists: {exceptions}; entries they lift: {lifted}")
        lifted = _sources(explanation.lifted) or _("none")
        out.append("   " + text.format(exceptions=_sources(explanation.exceptions), lifted=lifted))
    return out


def title(rule: Rule, translate: Translate) -> str:
    """Return what people call a rule."""
    _ = translate
    match rule:
        case Rule.SEALED:
            return _("the law and orders")
        case Rule.SAFETY_NET:
            return _("safety net")
        case Rule.DENY:
            return _("denied by the school")
        case Rule.ALLOW:
            return _("allowed by the school")
        case Rule.CATEGORY:
            return _("categories of the group")
        case Rule.DEFAULT:
            return _("everything else")


def _outcome(explanation: Explanation, step: Step, translate: Translate) -> str:
    _ = translate
    if step.decision is None:
        if not step.evidence:
            return _("does not apply")
        sources = _sources(step.lifted_by) or _("no list says so any more")
        return _("would block, lifted by {sources}").format(sources=sources)
    blocks = step.decision.blocked
    if step.rule is explanation.decision.rule:
        return _("blocks") if blocks else _("allows")
    if step.rule is Rule.DEFAULT:
        return _("not reached")
    if step in explanation.beaten:
        return _("would block, but is beaten") if blocks else _("would allow, but is beaten")
    return _("would block as well") if blocks else _("would allow as well")


def _listing(evidence: Sequence[Evidence], translate: Translate) -> list[str]:
    shown = [_evidence(one, translate) for one in evidence[:_MOST_CATEGORIES]]
    return shown + _more(len(evidence) - _MOST_CATEGORIES)


def _evidence(evidence: Evidence, translate: Translate) -> str:
    _ = translate
    sources = _sources(evidence.sources) or _("no list says so any more")
    return f"{label(evidence.category, translate)}: {sources}" if evidence.category else sources


def _sources(sources: Sequence[Source]) -> str:
    """Return ``x.vn [list, list +2], y.vn [list] +1``."""
    lists: dict[str, list[str]] = {}
    for source in sources:
        lists.setdefault(_printable(source.name), []).append(source.list_id)
    shown = [_name(name, ids) for name, ids in list(lists.items())[:_MOST_NAMES]]
    return " ".join([", ".join(shown), *_more(len(lists) - _MOST_NAMES)])


def _name(name: str, list_ids: Sequence[str]) -> str:
    ids = [list_id for list_id in list_ids if list_id]
    shown = " ".join([", ".join(ids[:_MOST_LISTS]), *_more(len(ids) - _MOST_LISTS)])
    return f"{name} [{shown}]" if shown else name


def _printable(name: str) -> str:
    """Return ``name`` safe for a terminal: a list's expression may hold anything."""
    return "".join(c if c.isprintable() else f"\\x{{{ord(c):x}}}" for c in name)


def _more(count: int) -> list[str]:
    return [f"+{count}"] if count > 0 else []
