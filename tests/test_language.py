"""The Vietnamese catalogue is whole, current and fit to be shown; errors speak the reader's language."""

from __future__ import annotations

import ast
import asyncio
import gettext
import json
import re
import string
import unicodedata
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message

from schoolguard.categories import BY_NAME, CATEGORIES
from schoolguard.language import LANGUAGES, N_, Said, kept, language_of, said_of, translator
from schoolguard.node.commands import CommandServer, ask_gateway
from schoolguard.node.year_words import WEEKDAYS
from schoolguard.policy.budgets import Budget
from schoolguard.policy.decide import Decision, Rank
from schoolguard.policy.reason import MAX_TEXT, ede_of
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.wording import layer_title, title, verb_title
from tests.catalogue import (
    COMPILED,
    PACKAGE,
    TEMPLATE,
    VIETNAMESE,
    compiled_bytes,
    extracted,
    template_text,
    vietnamese,
    vietnamese_text,
)

REFRESH = "type: .venv/bin/python -m tests.catalogue; translate what it names in the .po; type it again"

MESSAGES = [message for message in vietnamese() if message.id]
COLUMN = 14
"""Characters that a verdict on a watching terminal has room for."""

RANK_COLUMN = 24
"""Characters that a rank's title has room for in an explanation."""

SPEAKING = [
    PACKAGE / "language.py",
    *(
        path
        for folder in ("cli", "node", "intake", "hub")
        for path in sorted((PACKAGE / folder).rglob("*.py"))
    ),
]
"""Modules whose errors reach the terminal."""


def places(text: str) -> list[tuple[str, str | None, str | None]]:
    """Return the placeholders of a text, with conversion and format, in any order."""
    return sorted(
        (field, spec, conversion)
        for _, field, spec, conversion in string.Formatter().parse(text)
        if field is not None
    )


def test_template_is_what_the_code_says() -> None:
    assert TEMPLATE.read_text(encoding="utf-8") == template_text(), REFRESH


def test_translations_are_of_what_the_code_says() -> None:
    assert VIETNAMESE.read_text(encoding="utf-8") == vietnamese_text(), REFRESH


def test_compiled_catalogue_is_current() -> None:
    assert COMPILED.read_bytes() == compiled_bytes(), REFRESH


def test_compiled_catalogue_is_what_people_get() -> None:
    compiled = gettext.GNUTranslations(BytesIO(compiled_bytes()))
    assert compiled.charset() == "UTF-8"
    say = translator("vi")
    assert {str(m.id): say(str(m.id)) for m in MESSAGES} == {str(m.id): m.string for m in MESSAGES}


def test_every_message_is_translated() -> None:
    assert {message.id for message in extracted() if message.id} == {message.id for message in MESSAGES}
    assert [m.id for m in MESSAGES if not m.string or m.fuzzy] == [], REFRESH


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: str(message.id)[:40])
def test_translation_is_fit_to_be_shown(message: Message) -> None:
    english, text = str(message.id), str(message.string)
    assert text != english
    assert places(text) == places(english)
    assert re.findall("`[^`]*`", text) == re.findall("`[^`]*`", english), (
        "what is in backticks is typed as it is"
    )
    assert unicodedata.is_normalized("NFC", text)
    assert text == text.strip()
    assert "  " not in text
    assert not re.search(r" [,;:.!?](?: |$)", text), "no space before a punctuation mark"
    assert text.endswith(".") == english.endswith(".")
    assert english.isupper() == text.isupper() or english in WEEKDAYS, "capitals only where English has them"


def test_no_placeholder_of_a_header_is_left() -> None:
    text = VIETNAMESE.read_text(encoding="utf-8")
    assert not re.search("FULL NAME|EMAIL@ADDRESS|PROJECT|ORGANIZATION|fuzzy|LL@li|-Date", text)


def test_switch_takes_the_vietnamese_labels() -> None:
    assert translator("vi")("label_en") == "label_vi"
    assert translator("en")("label_en") == "label_en"


def blocks() -> Iterator[Decision]:
    """Yield a block by every rank that blocks, and of every category."""
    rule = Rule(Layer.SCHOOL, Verb.BLOCK, frozenset({"x.vn"}), owner="Hiệu trưởng", reason="Giờ học")
    yield from (
        Decision(True, Rank.SEALED if each.sealed else Rank.CATEGORY, each.bit) for each in CATEGORIES
    )
    yield from (Decision(True, rank, name="x.vn", rule=rule) for rank in (Rank.LOCK, Rank.RULE))
    yield Decision(True, Rank.LOCK, BY_NAME["gambling"].bit, rule=rule)
    yield Decision(True, Rank.EXAM, rule=rule)
    yield Decision(True, Rank.EXAM)
    yield Decision(True, Rank.BUDGET, budget=Budget("b", "Trò chơi điện tử", 180))
    yield Decision(True, Rank.SAFE_SEARCH, engine="Cốc Cốc")


@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_fit_a_reply(language: str) -> None:
    table = {category.bit: category for category in CATEGORIES}
    for block in blocks():
        _, text = ede_of(block, table, translator(language))
        assert len(text.encode()) <= MAX_TEXT, text
        assert "…" not in text
        assert "{" not in text


def test_a_rule_without_a_reason_is_told_in_vietnamese() -> None:
    rule = Rule(Layer.SCHOOL, Verb.BLOCK, frozenset({"x.vn"}))
    _, text = ede_of(Decision(True, Rank.RULE, name="x.vn", rule=rule), {}, translator("vi"))
    assert text == translator("vi")("Closed by your school. Ask your teacher.")
    assert len(text.encode()) <= MAX_TEXT


def test_columns_hold_their_words() -> None:
    say = translator("vi")
    for verdict in ("BLOCKED", "FAILED", "allowed", "answered here", "stale answer"):
        assert len(say(verdict)) <= COLUMN
    assert [title(rank, say) for rank in Rank if len(title(rank, say)) > RANK_COLUMN] == []


def test_no_two_ranks_layers_or_verbs_have_one_word() -> None:
    say = translator("vi")
    for words in (
        [title(rank, say) for rank in Rank],
        [layer_title(layer, say) for layer in Layer],
        [verb_title(verb, say) for verb in Verb],
    ):
        assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "vi"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "vi_VN"}, "vi"),
        ({"LANG": "C.UTF-8"}, "vi"),
        ({"LANG": "fr_FR.UTF-8"}, "vi"),
        ({"LANG": "vi_VN", "LC_MESSAGES": "en_US"}, "en"),
        ({"LC_MESSAGES": "en_US", "LC_ALL": "vi_VN"}, "vi"),
        ({"LC_ALL": "", "LANG": "en_US"}, "en"),
        ({"LC_ALL": "en_US", "SCHOOLGUARD_LANGUAGE": "vi"}, "vi"),
        ({"LC_ALL": "vi_VN", "SCHOOLGUARD_LANGUAGE": "EN"}, "en"),
        ({"LC_ALL": "en_US", "SCHOOLGUARD_LANGUAGE": "de"}, "en"),
    ],
)
def test_language_of_the_environment(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language


def test_an_error_is_english_for_the_log_and_vietnamese_for_the_reader() -> None:
    inner = Said(N_("this machine has no IPv6; remove the address from `listen`"))
    error = Said(
        N_("cannot listen on {address} ({transport}): {advice}"),
        address="::1@53",
        transport="udp",
        advice=inner,
    )
    assert str(error) == (
        "cannot listen on ::1@53 (udp): this machine has no IPv6; remove the address from `listen`"
    )
    assert error.say(translator("en")) == str(error)
    assert error.say(translator("vi")) == (
        "không nghe được ở ::1@53 (udp): máy này không có IPv6; hãy bỏ địa chỉ này khỏi `listen`"
    )


def test_several_errors_are_said_one_after_the_other() -> None:
    reasons = (Said(N_("worker {number} is not running"), number=1), ValueError("{odd}"))
    error = Said("{reasons}", reasons=reasons)
    assert str(error) == "worker 1 is not running; {odd}"
    assert error.say(translator("vi")) == "tiến trình 1 không chạy; {odd}"


def said_classes(trees: list[ast.Module]) -> set[str]:
    """Return the names of ``Said`` and of the classes made of it."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {"Said"} | {
        node.name for node in classes if any(isinstance(b, ast.Name) and b.id == "Said" for b in node.bases)
    }


def is_marked(call: ast.Call) -> bool:
    """Return whether the text, the last argument without a name, is marked or only a placeholder.

    Before it there may be codes for programs.
    """
    *codes, text = call.args or [ast.Constant("")]
    if any(isinstance(code, ast.Constant) and " " in str(code.value) for code in codes):
        return False
    match text:
        case ast.Call(func=ast.Name(id="N_")) | ast.Name() | ast.Attribute() | ast.Subscript():
            return True
        case ast.Constant(value=str(words)):
            return re.fullmatch(r"\{[a-z]+\}", words) is not None
    return False


def unmarked(tree: ast.Module, names: set[str]) -> list[int]:
    """Return the lines where an error is made of a text that nobody could translate."""
    return [
        call.lineno
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names
        if not is_marked(call)
    ]


def test_what_is_said_can_be_translated() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SPEAKING}
    names = said_classes(list(trees.values()))
    assert {"CannotListen", "CannotStart", "NoGateway", "CompileFailed", "NotServed", "PassRefused"} <= names
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path, tree in trees.items()
        for line in unmarked(tree, names)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("Said(N_('a'))", 0),
        ("Said(msgid, a=1)", 0),
        ("Said('{reason}', reason=1)", 0),
        ("Said('a')", 1),
        ("Said(f'{a} b')", 1),
        ("Said('{a} b', a=1)", 1),
    ],
)
def test_texts_without_a_mark_are_found(code: str, count: int) -> None:
    assert len(unmarked(ast.parse(code), {"Said"})) == count


def test_the_catalogue_is_shipped() -> None:
    assert Path(gettext.find("schoolguard", PACKAGE / "locale", ["vi"]) or "") == COMPILED


def test_a_command_is_refused_in_the_asker_s_language(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"

    async def refuse() -> dict[str, Any]:
        return {"ok": False, "errors": [Said(N_("worker {number} is not running"), number=0), "đã dịch"]}

    async def ask() -> list[list[str]]:
        server = CommandServer(path, {"reload": refuse})
        await server.start()
        languages = (*LANGUAGES, "fr")
        answers = [await asyncio.to_thread(ask_gateway, path, "reload", each) for each in languages]
        await server.close()
        return [answer["errors"] for answer in answers]

    english = ["worker 0 is not running", "đã dịch"]
    assert asyncio.run(ask()) == [["tiến trình 0 không chạy", "đã dịch"], english, english]


def test_what_was_said_is_said_again_elsewhere() -> None:
    inner = Said("{path}: {why}", path="/x", why=3)
    said = Said("{name!r} and {reasons}", name="a", reasons=(inner, "b"))
    again = said_of(json.loads(json.dumps(kept(said))))
    assert str(again) == str(said) == "'a' and /x: 3; b"
    assert again.say(lambda text: text.replace(" and ", " và ")) == "'a' và /x: 3; b"


@pytest.mark.parametrize(
    "found",
    [
        *(None, [], {"msgid": 3, "values": {}}, {"msgid": "a", "values": []}),
        *(
            {"msgid": msgid, "values": {"a": 1}}
            for msgid in ("{a.__class__}", "{a[0]}", "{b}", "{a:9999999}")
        ),
        *({"msgid": msgid, "values": {"a": 1}} for msgid in ("{", "{0}", "{}")),
    ],
)
def test_a_message_from_elsewhere_may_only_place_its_values(found: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        said_of(found)
