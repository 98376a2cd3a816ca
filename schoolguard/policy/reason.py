"""The reason of a block as an Extended DNS Error: a code for machines, one short sentence for people.

It must not name the site, the list or the pupil, and it must not decide; the texts come from the catalogue
that the translator reads, the categories' labels from the table passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schoolguard.categories import BY_NAME, Category
from schoolguard.policy.decide import Decision, Rule

BLOCKED, CENSORED, FILTERED = 15, 16, 17
"""RFC 8914 4.16 to 4.18: who wanted the block: the operator, an outside authority, the client."""

MAX_TEXT = 99
"""Bytes of UTF-8 that a text may take, so that the reply stays small beside a signed question."""

Translate = Callable[[str], str]
_ILLEGAL = BY_NAME["illegal"].bit
_CARE = frozenset(BY_NAME[name].bit for name in ("drugs", "violence", "self-harm"))
"""Categories that a child in trouble searches: their text names the child-protection line, 111, as well."""


def ede_of(decision: Decision, categories: Mapping[int, Category], translate: Translate) -> tuple[int, str]:
    """Return the code and the text (at most ``MAX_TEXT`` bytes of UTF-8) for a decision that blocks.

    A sealed category is an outside demand, the law as much as an order, whoever carries it out: 16
    (Censored). The school's own name is the operator's policy: 15 (Blocked). A category is what the school,
    as the client, asked to have filtered: 17 (Filtered). ``categories`` maps bits to categories, own ones
    included. Raises ``ValueError`` for a decision that allows, ``KeyError`` for a bit without a category.
    """
    _ = translate
    if not decision.blocked:
        raise ValueError(f"rule {decision.rule.name} allowed the name; only a block has a reason")
    if decision.rule is Rule.SEALED:
        if decision.bit == _ILLEGAL:
            return CENSORED, _fit(_("Illegal material, blocked by law. For help call 111."))
        return CENSORED, _fit(_("Blocked by order of the authorities."))
    if decision.rule is Rule.DENY:
        return BLOCKED, _fit(_("Closed by your school. Ask your teacher."))
    category = label(categories[decision.bit], translate)
    if decision.bit in _CARE:
        return FILTERED, _fit(
            _("{category}: closed at school. Ask your teacher; for help call 111."), category
        )
    return FILTERED, _fit(_("{category}: closed at school. Ask your teacher."), category)


def label(category: Category, translate: Translate) -> str:
    """Return a category's label in the translator's language.

    The table holds the labels, because a school's own categories are in no catalogue; a catalogue only says
    which of the two it takes.
    """
    _ = translate
    # Translators: this is not for people. Write label_vi in the Vietnamese catalogue.
    return category.label_vi if _("label_en") == "label_vi" else category.label_en


def _fit(template: str, category: str = "") -> str:
    """Return the text; a long label of an own category loses its end, never the sentence after it."""
    text = template.replace("{category}", category)
    excess = len(text.encode()) - MAX_TEXT
    if excess <= 0:
        return text
    if not category:
        return _cut(text, MAX_TEXT)
    room = len(category.encode()) - excess
    return template.replace("{category}", _cut(category, room))


def _cut(text: str, size: int) -> str:
    """Return the longest beginning of ``text`` that, with an ellipsis, takes at most ``size`` bytes."""
    ellipsis = "…"
    kept = text.encode()[: max(0, size - len(ellipsis.encode()))]
    return kept.decode(errors="ignore").rstrip() + ellipsis
