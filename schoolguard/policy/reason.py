"""The reason of a block as an Extended DNS Error: a code for machines, one short sentence for people.

It must not name the site, the list or the pupil, and it must not decide. The sentences come from the
catalogue that the translator reads, the categories' labels from the table passed in; what a rule's author
wrote is shown as written, without what a terminal or a log would act on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schoolguard.categories import BY_NAME, Category
from schoolguard.policy.decide import Decision, Rank

BLOCKED, CENSORED, FILTERED = 15, 16, 17
"""RFC 8914 4.16 to 4.18: who wanted the block: the operator, an outside authority, the client."""

MAX_TEXT = 99
"""Bytes of UTF-8 that a text may take, so that the reply stays small beside a signed question."""

Translate = Callable[[str], str]
_ILLEGAL = BY_NAME["illegal"].bit
_CARE = frozenset(BY_NAME[name].bit for name in ("drugs", "violence", "self-harm"))
"""Categories that a child in trouble searches: their text names the child-protection line, 111, as well."""

_OF_RULE = "{reason} ({owner})"
_LEAST = 40
"""Bytes of a rule's reason that a long owner leaves it."""


def ede_of(decision: Decision, categories: Mapping[int, Category], translate: Translate) -> tuple[int, str]:
    """Return the code and the text (at most ``MAX_TEXT`` bytes of UTF-8) for a decision that blocks.

    A sealed category is an outside demand, the law as much as an order, whoever carries it out: 16
    (Censored). A rule, an exam and a budget are the operator's policy: 15 (Blocked), a rule with the reason
    and the owner that it was given. A category, and safe search, is what the school, as the client, asked to
    have filtered: 17 (Filtered). ``categories`` maps bits to categories, own ones included. Raises
    ``ValueError`` for a decision that allows, ``KeyError`` for a bit without a category.
    """
    _ = translate
    if not decision.blocked:
        raise ValueError(f"rank {decision.rank.name} allowed the name; only a block has a reason")
    match decision.rank:
        case Rank.SEALED:
            return CENSORED, _of_sealed(decision, translate)
        case Rank.EXAM:
            return BLOCKED, _of_mode(decision, translate)
        case Rank.BUDGET if decision.budget is not None:
            budget = decision.budget.label
            return BLOCKED, _fit(_("{budget}: today's time is used up."), budget=budget)
        case Rank.CATEGORY:
            return FILTERED, _of_category(decision, categories, translate)
        case Rank.SAFE_SEARCH:
            return FILTERED, _fit(_("This search engine has no safe search. Use another one."))
        case _:
            return BLOCKED, _of_rule(decision, categories, translate)


def label(category: Category, translate: Translate) -> str:
    """Return a category's label in the translator's language.

    The table holds the labels, because a school's own categories are in no catalogue; a catalogue only says
    which of the two it takes.
    """
    _ = translate
    # Translators: this is not for people. Write label_vi in the Vietnamese catalogue.
    return category.label_vi if _("label_en") == "label_vi" else category.label_en


def one_line(text: str) -> str:
    """Return ``text`` with a space for each run of spaces and of characters that print nothing.

    Line breaks, terminal sequences and marks that turn the direction of reading are such characters.
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _of_sealed(decision: Decision, translate: Translate) -> str:
    _ = translate
    if decision.bit == _ILLEGAL:
        return _fit(_("Illegal material, blocked by law. For help call 111."))
    return _fit(_("Blocked by order of the authorities."))


def _of_category(decision: Decision, categories: Mapping[int, Category], translate: Translate) -> str:
    _ = translate
    text = _("{category}: closed at school. Ask your teacher.")
    if decision.bit in _CARE:
        text = _("{category}: closed at school. Ask your teacher; for help call 111.")
    return _fit(text, category=label(categories[decision.bit], translate))


def _of_rule(decision: Decision, categories: Mapping[int, Category], translate: Translate) -> str:
    """Return what the rule's author wrote, behind the label of the category it closed, if that fits uncut."""
    _ = translate
    reason, owner = (
        (one_line(decision.rule.reason), one_line(decision.rule.owner)) if decision.rule else ("", "")
    )
    if not reason:
        return _fit(_("Closed by your school. Ask your teacher."))
    template = _OF_RULE if owner else "{reason}"
    if decision.bit >= 0:
        category = one_line(label(categories[decision.bit], translate))
        text = f"{category}: " + template.format(reason=reason, owner=owner)
        if len(text.encode()) <= MAX_TEXT:
            return text
    return _fit(template, reason=reason, owner=owner)


def _of_mode(decision: Decision, translate: Translate) -> str:
    """Return that only a list is open now, and why: an exam, or a boarding school's night."""
    _ = translate
    reason = one_line(decision.rule.reason) if decision.rule else ""
    return _fit(_("Only some sites are open now: {reason}"), reason=reason or _("ask your teacher"))


def _fit(template: str, **values: str) -> str:
    """Return the text; long values lose their ends, the first one first, never the sentence round them."""
    values = {name: one_line(value) for name, value in values.items()}
    for name in values:
        excess = len(template.format(**values).encode()) - MAX_TEXT
        if excess > 0:
            least = _LEAST if name == "reason" else 0
            size = len(values[name].encode())
            values[name] = _cut(values[name], max(min(size, least), size - excess))
    return _cut(template.format(**values), MAX_TEXT)


def _cut(text: str, size: int) -> str:
    """Return ``text``, or its longest beginning that takes at most ``size`` bytes with an ellipsis."""
    ellipsis = "…"
    if len(text.encode()) <= size:
        return text
    kept = text.encode()[: max(0, size - len(ellipsis.encode()))]
    return kept.decode(errors="ignore").rstrip() + ellipsis
