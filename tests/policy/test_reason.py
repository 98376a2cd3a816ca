"""The Extended DNS Error of every block: its code, and a text that fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.categories import BY_NAME, CATEGORIES, Category
from schoolguard.language import LOCALE, translator
from schoolguard.policy.decide import Decision, Rule
from schoolguard.policy.reason import MAX_TEXT, Translate, ede_of, label

TABLE = {c.bit: c for c in CATEGORIES}

VIETNAMESE = {
    "label_en": "label_vi",
    "Illegal material, blocked by law. For help call 111.": (
        "Vi phạm pháp luật nên bị chặn. Cần giúp đỡ gọi 111."
    ),
    "Blocked by order of the authorities.": "Bị chặn theo yêu cầu của cơ quan chức năng.",
    "Closed by your school. Ask your teacher.": "Nhà trường không mở trang này. Hỏi thầy cô.",
    "{category}: closed at school. Ask your teacher; for help call 111.": (
        "{category}: bị chặn. Hỏi thầy cô; cần giúp đỡ gọi 111."
    ),
    "{category}: closed at school. Ask your teacher.": "{category}: không mở ở trường. Hỏi thầy cô.",
}
"""A catalogue by hand, so that the longest language is measured wherever catalogues are not compiled."""

LANGUAGES: dict[str, Translate] = {"en": str, "vi": VIETNAMESE.__getitem__}


def block_of(category: Category) -> Decision:
    return Decision(True, Rule.SEALED if category.sealed else Rule.CATEGORY, category.bit)


@pytest.mark.parametrize(
    ("decision", "code", "text"),
    [
        (Decision(True, Rule.SEALED, 0), 16, "Illegal material, blocked by law. For help call 111."),
        (Decision(True, Rule.SEALED, 1), 16, "Blocked by order of the authorities."),
        (Decision(True, Rule.DENY, name="x.vn"), 15, "Closed by your school. Ask your teacher."),
        (Decision(True, Rule.CATEGORY, 10), 17, "Games: closed at school. Ask your teacher."),
        (
            Decision(True, Rule.CATEGORY, 6),
            17,
            "Self-harm: closed at school. Ask your teacher; for help call 111.",
        ),
    ],
)
def test_code_and_text(decision: Decision, code: int, text: str) -> None:
    assert ede_of(decision, TABLE, str) == (code, text)


def test_vietnamese_text_takes_the_vietnamese_label() -> None:
    games = Decision(True, Rule.CATEGORY, BY_NAME["games"].bit)
    assert ede_of(games, TABLE, VIETNAMESE.__getitem__)[1] == "Trò chơi: không mở ở trường. Hỏi thầy cô."


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.name)
def test_every_category_fits_uncut(category: Category, language: str) -> None:
    _, text = ede_of(block_of(category), TABLE, LANGUAGES[language])
    assert len(text.encode()) <= MAX_TEXT
    assert "…" not in text
    assert "{" not in text


def test_installed_catalogue_fits_uncut() -> None:
    if not (LOCALE / "vi").is_dir():
        pytest.skip(f"the Vietnamese catalogue is not compiled in {LOCALE}")
    vietnamese = translator("vi")
    for category in CATEGORIES:
        english, text = (ede_of(block_of(category), TABLE, t)[1] for t in (str, vietnamese))
        assert label(category, vietnamese) == category.label_vi
        assert text != english
        assert "…" not in text


@pytest.mark.parametrize("rule", [Rule.SAFETY_NET, Rule.ALLOW, Rule.DEFAULT])
def test_an_allowed_name_has_no_reason(rule: Rule) -> None:
    with pytest.raises(ValueError, match=f"rule {rule.name} allowed the name"):
        ede_of(Decision(False, rule), TABLE, str)


def test_a_bit_without_category_is_an_error() -> None:
    with pytest.raises(KeyError):
        ede_of(Decision(True, Rule.CATEGORY, 45), TABLE, str)


@given(st.text(min_size=1, max_size=200), st.sampled_from(sorted(LANGUAGES)))
def test_own_category_loses_its_end_never_the_sentence(text: str, language: str) -> None:
    own = Category("own", 45, text, text)
    _, shown = ede_of(Decision(True, Rule.CATEGORY, 45), {45: own}, LANGUAGES[language])
    ending = (
        ": closed at school. Ask your teacher." if language == "en" else ": không mở ở trường. Hỏi thầy cô."
    )
    assert len(shown.encode()) <= MAX_TEXT
    assert shown.endswith(ending)
    kept = shown.removesuffix(ending)
    assert kept == text or (kept.endswith("…") and text.startswith(kept.removesuffix("…")))


def test_a_long_translation_is_cut_between_characters() -> None:
    _, shown = ede_of(Decision(True, Rule.DENY, name="x.vn"), TABLE, lambda _: "ab" + "ở" * 60)
    assert shown == "ab" + "ở" * 31 + "…"
