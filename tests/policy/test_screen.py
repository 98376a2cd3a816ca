"""What people read, golden: the shape of the screen is part of the product."""

from __future__ import annotations

from itertools import pairwise
from textwrap import dedent
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolguard.categories import ALLOWED, BY_NAME, NEVER_BLOCK, mask_of
from schoolguard.dns.names import search_key
from schoolguard.policy.budgets import Budget
from schoolguard.policy.decide import Rank
from schoolguard.policy.evidence import Cited
from schoolguard.policy.explain import Explanation, explain
from schoolguard.policy.model import Group, Tier
from schoolguard.policy.plans import Plan, plan_of
from schoolguard.policy.rule import Layer, Rule, Verb
from schoolguard.policy.safe_search import Engines, SafeSearch
from schoolguard.policy.screen import MOST_LINES, lines
from schoolguard.policy.wording import layer_title, moment, rule_text, title, verb_title
from tests.policy.world import instant


class Listed(NamedTuple):
    """What the lists hand over."""

    name: str
    list_id: str
    mask: int
    flags: int = 0
    lifted: bool = False


ADULT, GAMES, SOCIAL = mask_of(["adult"]), mask_of(["games"]), mask_of(["social"])
CLOSED = ["adult", "games", "violence", "weapons", "dating", "hate"]
TIER = Tier("thcs", "THCS", "Lower secondary", mask_of(CLOSED))
ENGINES = Engines({search_key("www.google.com"): "safe.example"}, zones={search_key("coccoc.com"): "Cốc Cốc"})
LOCK = Rule(
    Layer.PROVINCE,
    Verb.LOCKED_BLOCK,
    frozenset(),
    GAMES,
    owner="Sở GD&ĐT",
    reason="Giờ học",
    during=frozenset({"gio-hoc"}),
    until=instant("Tue 2027-06-01 00:00"),
    place="province.yaml:7",
)
ZING = Rule(
    Layer.SCHOOL,
    Verb.BLOCK,
    frozenset({"zing.vn", "garena.vn"}),
    services=("zing",),
    owner="Hiệu trưởng",
    reason="Nhạc và trò chơi",
    place="schools/a.yaml:12",
)
OPEN = Rule(Layer.GROUP, Verb.ALLOW, frozenset({"hoc.zing.vn"}), owner="Lớp 6A", reason="Môn Nhạc")
PASS = Rule(
    Layer.PASS,
    Verb.ALLOW,
    frozenset({"zing.vn"}),
    owner="Cô Hà",
    reason="Bài hát lớp 6",
    until=instant("Mon 2027-03-01 09:45"),
)


def plan(*rules: Rule, spent: tuple[str, ...] = (), budgets: tuple[Budget, ...] = ()) -> Plan:
    passes = [rule for rule in rules if rule.layer is Layer.PASS]
    others = tuple(rule for rule in rules if rule not in passes)
    group = Group("th-a", "6A", TIER, rules=others, budgets=budgets, safe_search=SafeSearch(True))
    return plan_of(group, ENGINES, 0.0, frozenset({"gio-hoc"}), passes, frozenset(spent))


def shown(of: Plan, name: str, mask: int = 0, *hits: Listed) -> str:
    return screen(explain(of, search_key(name), mask, hits))


def screen(explanation: Explanation) -> str:
    return "\n".join(lines(explanation, str))


def test_a_lock_beats_a_pass() -> None:
    budget = Budget("games", "Trò chơi", 60, categories=GAMES, owner="Hiệu trưởng")
    of = plan(LOCK, ZING, OPEN, PASS, budgets=(budget,), spent=("games",))
    hits = [Listed("zing.vn", "games", GAMES), Listed("zing.vn", "social", SOCIAL)]
    assert shown(of, "hoc.zing.vn", GAMES | SOCIAL, *hits) == dedent("""\
        hoc.zing.vn: BLOCKED by rank 3: locks, highest first
            1 the law and orders       does not apply
            2 safety net               does not apply
         >  3 locks, highest first     blocks
                province: locked block Games: Giờ học (Sở GD&ĐT), in gio-hoc, to 2027-05-31 [province.yaml:7]
            4 passes                   would allow, but is beaten
                pass: allow zing.vn: Bài hát lớp 6 (Cô Hà), to 2027-03-01 09:45
            5 exam mode                does not apply
            6 time budgets             would block as well
                Trò chơi: 60 minutes a day, used up (Hiệu trưởng)
            7 rules, nearest first     would allow, but is beaten
                group: allow hoc.zing.vn: Môn Nhạc (Lớp 6A)
                school: block zing.vn [service:zing]: Nhạc và trò chơi (Hiệu trưởng) [schools/a.yaml:12]
            8 categories of the group  would block as well
                Games: zing.vn [games], closed by: province
            9 safe search              does not apply
           10 everything else          not reached
            On lists, but open here:
                Social networks: zing.vn [social]""")


def test_safety_net_beats_a_category() -> None:
    hits = [Listed("vio.edu.vn", f"list-{i}", ADULT) for i in range(5)]
    hits += [Listed("edu.vn", "never-block", NEVER_BLOCK), Listed("vio.edu.vn", "social", SOCIAL)]
    text = shown(plan(), "vio.edu.vn", ADULT | SOCIAL | NEVER_BLOCK, *hits)
    assert text == dedent("""\
        vio.edu.vn: ALLOWED by rank 2: safety net
            1 the law and orders       does not apply
         >  2 safety net               allows
                edu.vn [never-block]
            3 locks, highest first     does not apply
            4 passes                   does not apply
            5 exam mode                does not apply
            6 time budgets             does not apply
            7 rules, nearest first     does not apply
            8 categories of the group  would block, but is beaten
                Adult: vio.edu.vn [list-0, list-1, list-2 +2]
            9 safe search              does not apply
           10 everything else          not reached
            On lists, but open here:
                Social networks: vio.edu.vn [social]""")


def test_an_exam_a_budget_and_what_is_on_trial() -> None:
    exam = Rule(
        Layer.SCHOOL, Verb.ALLOW_ONLY, frozenset({"thi.vn"}), owner="Hiệu trưởng", reason="Thi học kỳ"
    )
    tried = Rule(Layer.COMMUNE, Verb.LOCKED_ALLOW, frozenset({"x.vn"}), owner="Xã", reason="Thử", shadow=True)
    text = shown(plan(exam, tried, budgets=(Budget("x", "Nhạc", 30, frozenset({"x.vn"})),)), "x.vn")
    assert (
        " >  5 exam mode                blocks\n        school: allow only: Thi học kỳ (Hiệu trưởng)" in text
    )
    assert "6 time budgets             does not apply\n        Nhạc: 30 minutes a day, time is left" in text
    assert text.endswith(
        "    On trial: would be allowed by rank 3: locks, highest first: commune: locked allow x.vn: Thử (Xã)"
    )
    closing = Rule(Layer.COMMUNE, Verb.BLOCK, frozenset({"x.vn"}), reason="Thử", shadow=True)
    last = shown(plan(closing), "x.vn").splitlines()[-1]
    assert last.startswith(
        "    On trial, not enforced: would be blocked by rank 7: rules, nearest first: commune: "
    )


def test_search_engines() -> None:
    assert "    9 safe search              answered as safe.example" in shown(plan(), "www.google.com")
    refused = shown(plan(), "a.coccoc.com")
    assert " >  9 safe search              blocks\n        Cốc Cốc has no safe search" in refused


def test_an_exception_of_a_list_is_told() -> None:
    hits = [Listed("zing.vn", "own", GAMES, lifted=True), Listed("hoc.zing.vn", "own", 0, flags=2)]
    last = shown(plan(), "hoc.zing.vn", 0, *hits).splitlines()[-1]
    assert last == "    Exceptions on lists: hoc.zing.vn [own]; entries they lift: zing.vn [own]"


def test_lifted_categories_and_missing_sources() -> None:
    hits = [Listed("a.vn", "school-allow", ALLOWED)]
    lifted = shown(plan(LOCK), "a.vn", GAMES | ALLOWED, *hits)
    assert "3 locks, highest first     would block, lifted by a.vn [school-allow]" in lifted
    assert "8 categories of the group  would block, lifted by a.vn [school-allow]" in lifted
    assert "Games: no list says so any more, closed by: province" in lifted
    assert "> 10 everything else          allows" in lifted


def test_both_allows_agree() -> None:
    assert "7 rules, nearest first     would allow as well" in shown(plan(OPEN), "hoc.zing.vn", NEVER_BLOCK)


def test_a_category_says_who_opened_it() -> None:
    opened = Rule(Layer.COMMUNE, Verb.ALLOW, frozenset(), GAMES, reason="r")
    assert "Games: x.vn [g], opened by: commune" in shown(
        plan(opened), "x.vn", GAMES, Listed("x.vn", "g", GAMES)
    )


def test_what_is_left_out_is_counted() -> None:
    hits = [Listed(f"{i}.a.vn", "x", ADULT) for i in range(4)]
    text = shown(plan(), "a.vn", mask_of(CLOSED), *hits)
    assert "Adult: 0.a.vn [x], 1.a.vn [x] +2" in text
    assert "Weapons: no list says so any more +2" in text


def test_a_crowd_of_rules_fits_the_screen_and_each_rank_shows_one() -> None:
    locks = [
        Rule(Layer.PROVINCE, Verb.LOCKED_BLOCK, frozenset({"x.vn"}), reason=f"r{i:02}") for i in range(50)
    ]
    crowd = [
        Rule(layer, Verb.ALLOW, frozenset({"x.vn"}), reason=f"r{i:02}") for layer in Layer for i in range(50)
    ]
    exams = [Rule(Layer.SCHOOL, Verb.ALLOW_ONLY, frozenset(), reason=f"r{i:02}") for i in range(50)]
    budgets = tuple(Budget(f"b{i:02}", "B", 60, frozenset({"x.vn"})) for i in range(50))
    hits = [Listed("x.vn", "a", 1), Listed("x.vn", "b", NEVER_BLOCK), Listed("x.vn", "c", 0, flags=2)]
    mask = 1 | NEVER_BLOCK | mask_of([*CLOSED, "social", "chat"])
    text = shown(plan(*locks, *crowd, *exams, budgets=budgets), "x.vn", mask, *hits).splitlines()
    assert len(text) == MOST_LINES
    inner = " " * 8
    under = {
        head.split()[0]: below
        for head, below in pairwise(text)
        if below.startswith(inner) > head.startswith(inner)
    }
    assert set(under) == {">", "2", "3", "4", "5", "6", "7", "8", "On"}
    assert under["3"].endswith("x.vn: r49")
    assert text[text.index(under["3"]) + 2].endswith("x.vn: r47 +47")
    assert under["7"].endswith("r49 +199")
    assert under["6"].endswith("time is left +49")


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("Tue 2027-06-01 00:00:00", "2027-05-31"),
        ("Tue 2027-06-01 00:00:01", "2027-06-01 00:00:01"),
        ("Mon 2027-05-31 23:59:59", "2027-05-31 23:59:59"),
        ("Mon 2027-03-01 09:45:00", "2027-03-01 09:45"),
    ],
)
def test_ends_are_told_in_viet_nam_s_time(when: str, text: str) -> None:
    assert moment(instant(when)) == text


def test_long_reasons_and_many_services_are_cut() -> None:
    rule = Rule(
        Layer.SCHOOL, Verb.BLOCK, frozenset(), services=tuple("abcde"), owner="o" * 70, reason="r" * 61
    )
    text = rule_text(Cited(rule), str)
    assert text == f"school: block [service:a, service:b, service:c +2]: {'r' * 59}… ({'o' * 59}…)"


def test_an_expression_of_a_list_cannot_write_to_the_terminal() -> None:
    hits = [Listed("^x\x1b[2J\n.*$", "x", ADULT), Listed("x.vn", "x", 0, flags=2)]
    text = shown(plan(), "x.vn", ADULT, *hits)
    assert r"Adult: ^x\x{1b}[2J\x{a}.*$ [x]" in text
    assert "Exceptions on lists: x.vn [x]; entries they lift: none" in text


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_of_an_author_writes_to_the_terminal(one: str, other: str) -> None:
    rule = Rule(
        Layer.SCHOOL, Verb.BLOCK, frozenset({"x.vn"}), GAMES, (one,), one, other, frozenset({"gio-hoc", one})
    )
    budget = Budget("b", one, 60, frozenset({"x.vn"}), owner=other)
    tried = Rule(
        Layer.PROVINCE, Verb.LOCKED_ALLOW, frozenset({"x.vn"}), 0, (), one, other, shadow=True, place=one
    )
    for line in lines(explain(plan(rule, tried, budgets=(budget,)), "vn.x.", GAMES, []), str):
        assert line.isprintable()


def test_every_rank_layer_and_verb_has_its_own_title() -> None:
    titles = [title(rank, str) for rank in Rank]
    titles += [layer_title(layer, str) for layer in Layer]
    titles += [verb_title(verb, str) for verb in Verb]
    assert len(set(titles)) == len(Rank) + len(Layer) + len(Verb)
    assert max(len(title(rank, str)) for rank in Rank) <= 24


def test_every_word_goes_through_the_translator() -> None:
    seen: list[str] = []

    def translate(text: str) -> str:
        seen.append(text)
        return f"«{text}»"

    budget = Budget("b", "B", 60, frozenset({"zing.vn"}))
    of = plan(LOCK, ZING, PASS, budgets=(budget,))
    text = lines(explain(of, search_key("zing.vn"), SOCIAL, []), translate)
    assert text[0] == "zing.vn: «ALLOWED» «by rank 4»: «passes»"
    assert "        «pass»: «allow» zing.vn: Bài hát lớp 6 (Cô Hà), «to 2027-03-01 09:45»" in text
    assert {
        "allows",
        "would block, but is beaten",
        "school",
        "block",
        "{budget}: {minutes} minutes a day, time is left",
        "On lists, but open here:",
    } <= set(seen)
    label = BY_NAME["social"].label_en
    assert f"        {label}: «no list says so any more»" in text
