"""What people read, golden: the shape of the screen is part of the product."""

from __future__ import annotations

from textwrap import dedent
from typing import NamedTuple

from schoolguard.categories import ALLOWED, NEVER_BLOCK, SEALED, mask_of
from schoolguard.dns.names import search_key
from schoolguard.policy.decide import Rule
from schoolguard.policy.explain import Explanation, explain
from schoolguard.policy.model import Blocking, Plan
from schoolguard.policy.screen import lines, title


class Listed(NamedTuple):
    """What the lists hand over."""

    name: str
    list_id: str
    mask: int
    flags: int = 0
    lifted: bool = False


PRIMARY = Plan(
    mask_of(["adult", "games", "violence", "weapons", "dating"]) | SEALED,
    allow=frozenset({"olm.vn", "hoc.zing.vn"}),
    deny=frozenset({"zing.vn"}),
    blocking=Blocking(),
)
ADULT, GAMES, SOCIAL = mask_of(["adult"]), mask_of(["games"]), mask_of(["social"])


def screen(explanation: Explanation) -> str:
    return "\n".join(lines(explanation, str))


def test_safety_net_beats_a_category() -> None:
    hits = [Listed("vio.edu.vn", f"list-{i}", ADULT) for i in range(5)]
    hits += [Listed("edu.vn", "never-block", NEVER_BLOCK), Listed("vio.edu.vn", "social", SOCIAL)]
    shown = screen(explain(PRIMARY, search_key("vio.edu.vn"), ADULT | SOCIAL | NEVER_BLOCK, hits))
    assert shown == dedent("""\
        vio.edu.vn: ALLOWED by rule 2: safety net
           1 the law and orders       does not apply
         > 2 safety net               allows
               edu.vn [never-block]
           3 denied by the school     does not apply
           4 allowed by the school    does not apply
           5 categories of the group  would block, but is beaten
               Adult: vio.edu.vn [list-0, list-1, list-2 +2]
           6 everything else          not reached
           On lists, but open here:
               Social networks: vio.edu.vn [social]""")


def test_deny_beats_allow_and_agrees_with_a_category() -> None:
    hits = [Listed("zing.vn", "games", GAMES), Listed("zing.vn", "own", GAMES, lifted=True)]
    hits += [Listed("hoc.zing.vn", "own", 0, flags=2)]
    shown = screen(explain(PRIMARY, search_key("hoc.zing.vn"), GAMES, hits))
    assert shown == dedent("""\
        hoc.zing.vn: BLOCKED by rule 3: denied by the school
           1 the law and orders       does not apply
           2 safety net               does not apply
         > 3 denied by the school     blocks
               zing.vn
           4 allowed by the school    would allow, but is beaten
               hoc.zing.vn
           5 categories of the group  would block as well
               Games: zing.vn [games]
           6 everything else          not reached
           Exceptions on lists: hoc.zing.vn [own]; entries they lift: zing.vn [own]""")


def test_lifted_category_and_missing_sources() -> None:
    hits = [Listed("a.vn", "school-allow", ALLOWED)]
    lifted = screen(explain(PRIMARY, search_key("a.vn"), GAMES | ALLOWED, hits))
    assert "5 categories of the group  would block, lifted by a.vn [school-allow]" in lifted
    assert "Games: no list says so any more" in lifted
    assert "> 6 everything else          allows" in lifted


def test_both_allows_agree() -> None:
    shown = screen(explain(PRIMARY, search_key("olm.vn"), NEVER_BLOCK, []))
    assert "4 allowed by the school    would allow as well" in shown


def test_what_is_left_out_is_counted() -> None:
    hits = [Listed(f"{i}.a.vn", "x", ADULT) for i in range(4)]
    shown = screen(explain(PRIMARY, search_key("a.vn"), PRIMARY.blocked & ~SEALED, hits))
    assert "Adult: 0.a.vn [x], 1.a.vn [x] +2" in shown
    assert "       +2" in shown.splitlines()


def test_an_expression_of_a_list_cannot_write_to_the_terminal() -> None:
    hits = [Listed("^x\x1b[2J\n.*$", "x", ADULT), Listed("x.vn", "x", 0, flags=2)]
    shown = screen(explain(PRIMARY, search_key("x.vn"), ADULT, hits))
    assert r"Adult: ^x\x{1b}[2J\x{a}.*$ [x]" in shown
    assert "Exceptions on lists: x.vn [x]; entries they lift: none" in shown


def test_every_rule_has_its_own_title() -> None:
    titles = {title(rule, str) for rule in Rule}
    assert len(titles) == len(Rule)


def test_every_word_goes_through_the_translator() -> None:
    seen: list[str] = []

    def translate(text: str) -> str:
        seen.append(text)
        return f"«{text}»"

    explanation = explain(PRIMARY, search_key("zing.vn"), SOCIAL, [])
    shown = "\n".join(lines(explanation, translate))
    assert {
        "BLOCKED",
        "by rule {number}",
        "denied by the school",
        "blocks",
        "On lists, but open here:",
    } <= set(seen)
    assert shown.startswith("zing.vn: «BLOCKED» «by rule 3»: «denied by the school»")
