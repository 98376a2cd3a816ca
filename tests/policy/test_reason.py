"""The Extended DNS Error of every block: its code, and a text that fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.categories import BY_NAME, CATEGORIES, Category
from schoolguard.policy.budgets import Budget
from schoolguard.policy.decide import Decision, Rank
from schoolguard.policy.reason import MAX_TEXT, Translate, ede_of, one_line
from schoolguard.policy.rule import Layer, Rule, Verb

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
    "Only some sites are open now: {reason}": "Lúc này chỉ mở một số trang: {reason}",
    "ask your teacher": "hỏi thầy cô",
    "{budget}: today's time is used up.": "{budget}: đã dùng hết thời gian của hôm nay.",
    "This search engine has no safe search. Use another one.": (
        "Công cụ tìm kiếm này không có chế độ an toàn. Hãy dùng trang khác."
    ),
}
"""A catalogue by hand, so that the longest language is measured wherever catalogues are not compiled."""

LANGUAGES: dict[str, Translate] = {"en": str, "vi": VIETNAMESE.__getitem__}
RULE = Rule(Layer.SCHOOL, Verb.BLOCK, frozenset({"x.vn"}), owner="Hiệu trưởng", reason="Giờ học")
GAMES = BY_NAME["games"]


def block_of(category: Category) -> Decision:
    return Decision(True, Rank.SEALED if category.sealed else Rank.CATEGORY, category.bit)


def text_of(reason: str, owner: str, rank: Rank = Rank.RULE, bit: int = -1) -> str:
    rule = Rule(Layer.SCHOOL, Verb.BLOCK, frozenset({"x.vn"}), owner=owner, reason=reason)
    return ede_of(Decision(True, rank, bit, rule=rule), TABLE, str)[1]


OTHERS = [
    (Decision(True, Rank.RULE, name="x.vn", rule=RULE), 15, "Giờ học (Hiệu trưởng)"),
    (Decision(True, Rank.LOCK, name="x.vn", rule=RULE), 15, "Giờ học (Hiệu trưởng)"),
    (Decision(True, Rank.PASS, name="x.vn", rule=RULE), 15, "Giờ học (Hiệu trưởng)"),
    (Decision(True, Rank.LOCK, GAMES.bit, rule=RULE), 15, "Games: Giờ học (Hiệu trưởng)"),
    (Decision(True, Rank.EXAM, rule=RULE), 15, "Only some sites are open now: Giờ học"),
    (
        Decision(True, Rank.BUDGET, budget=Budget("g", "Trò chơi", 60)),
        15,
        "Trò chơi: today's time is used up.",
    ),
    (
        Decision(True, Rank.SAFE_SEARCH, engine="Cốc Cốc"),
        17,
        "This search engine has no safe search. Use another one.",
    ),
]


@pytest.mark.parametrize(
    ("decision", "code", "text"),
    [
        (Decision(True, Rank.SEALED, 0), 16, "Illegal material, blocked by law. For help call 111."),
        (Decision(True, Rank.SEALED, 1), 16, "Blocked by order of the authorities."),
        (Decision(True, Rank.CATEGORY, 10), 17, "Games: closed at school. Ask your teacher."),
        (
            Decision(True, Rank.CATEGORY, 6),
            17,
            "Self-harm: closed at school. Ask your teacher; for help call 111.",
        ),
        *OTHERS,
    ],
)
def test_code_and_text(decision: Decision, code: int, text: str) -> None:
    assert ede_of(decision, TABLE, str) == (code, text)


def test_vietnamese_text_takes_the_vietnamese_label() -> None:
    vietnamese = VIETNAMESE.__getitem__
    assert ede_of(block_of(GAMES), TABLE, vietnamese)[1] == "Trò chơi: không mở ở trường. Hỏi thầy cô."
    locked = Decision(True, Rank.LOCK, GAMES.bit, rule=RULE)
    assert ede_of(locked, TABLE, vietnamese)[1] == "Trò chơi: Giờ học (Hiệu trưởng)"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_ours_fits_uncut(language: str) -> None:
    for decision in [*map(block_of, CATEGORIES), *(decision for decision, _, _ in OTHERS)]:
        _, text = ede_of(decision, TABLE, LANGUAGES[language])
        assert len(text.encode()) <= MAX_TEXT
        assert "…" not in text
        assert "{" not in text


@pytest.mark.parametrize("rank", [Rank.SAFETY_NET, Rank.LOCK, Rank.PASS, Rank.RULE, Rank.DEFAULT])
def test_an_allowed_name_has_no_reason(rank: Rank) -> None:
    with pytest.raises(ValueError, match=f"rank {rank.name} allowed the name"):
        ede_of(Decision(False, rank), TABLE, str)


def test_a_bit_without_category_is_an_error() -> None:
    with pytest.raises(KeyError):
        ede_of(Decision(True, Rank.CATEGORY, 45), TABLE, str)


@pytest.mark.parametrize("reason", ["", " ", "\n\x1b", "\u202e"])
def test_a_rule_without_a_reason_is_the_school_s(reason: str) -> None:
    assert text_of(reason, "Hiệu trưởng") == "Closed by your school. Ask your teacher."


def test_a_rule_without_an_owner_gives_its_reason_alone() -> None:
    assert text_of("Giờ học", "") == "Giờ học"


def test_a_long_reason_loses_its_end_and_keeps_the_owner() -> None:
    text = text_of("Học " * 40, "Phòng Văn hóa – Xã hội")
    assert text.endswith("… (Phòng Văn hóa – Xã hội)")
    assert MAX_TEXT - 4 <= len(text.encode()) <= MAX_TEXT


def test_a_long_owner_leaves_the_reason_room() -> None:
    text = text_of("Giờ học không chơi trò", "Ủy ban nhân dân " * 9)
    assert text.startswith("Giờ học không chơi trò (Ủy ban nhân dân ")
    assert text.endswith("…)")
    assert len(text.encode()) <= MAX_TEXT


def test_a_category_is_named_only_where_the_reason_stays_whole() -> None:
    reason = "a" * (MAX_TEXT - len("Games:  (B)"))
    assert text_of(reason, "B", Rank.LOCK, GAMES.bit) == f"Games: {reason} (B)"
    assert text_of(reason + "a", "B", Rank.LOCK, GAMES.bit) == f"{reason}a (B)"


def test_nothing_that_a_terminal_acts_on_leaves() -> None:
    text = text_of("a\r\nb\x1b[2Jc\x00\u202ed\u2028e\ud800 ", "x\ty {reason}")
    assert text == "a b [2Jc d e (x y {reason})"


@given(st.text(max_size=150), st.text(max_size=150), st.sampled_from([-1, GAMES.bit]))
def test_any_reason_and_owner_make_one_line_that_fits(reason: str, owner: str, bit: int) -> None:
    text = text_of(reason, owner, Rank.LOCK, bit)
    assert 0 < len(text.encode()) <= MAX_TEXT
    assert text.isprintable()
    if one_line(reason) and one_line(owner):
        assert text.endswith(")")
        assert " (" in text


@given(st.text(min_size=1, max_size=200).filter(one_line), st.sampled_from(sorted(LANGUAGES)))
def test_own_category_and_budget_lose_their_end_never_the_sentence(text: str, language: str) -> None:
    shown, say = one_line(text), LANGUAGES[language]
    decisions = {
        "{category}: closed at school. Ask your teacher.": Decision(True, Rank.CATEGORY, 45),
        "{budget}: today's time is used up.": Decision(True, Rank.BUDGET, budget=Budget("b", text, 1)),
    }
    for msgid, decision in decisions.items():
        _, found = ede_of(decision, {45: Category("own", 45, text, text)}, say)
        ending = say(msgid).partition("}")[2]
        assert len(found.encode()) <= MAX_TEXT
        assert found.endswith(ending)
        kept = found.removesuffix(ending)
        assert kept == shown or (kept.endswith("…") and shown.startswith(kept.removesuffix("…")))


def test_a_long_translation_is_cut_between_characters() -> None:
    decision = Decision(True, Rank.EXAM)
    _, shown = ede_of(decision, TABLE, lambda _: "ab" + "ở" * 60)
    assert shown == "ab" + "ở" * 31 + "…"
