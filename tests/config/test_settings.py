"""What a right configuration becomes."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

from schoolguard.categories import BY_NAME, OWN_FIRST, SEALED, SHADOW_FIRST, mask_of
from schoolguard.config import ConfigError, Finding, Loaded, Severity, findings, load
from schoolguard.devices.model import DeviceSources, Forwarder, Takes
from schoolguard.lists.model import Exceptions, Kind
from schoolguard.policy.assertions import Assertion
from schoolguard.policy.budgets import Budget
from schoolguard.policy.model import BlockAnswer, Blocking, Layer, Rule, Verb
from schoolguard.policy.safe_search import SafeSearch, YouTube
from schoolguard.settings import Caches, Endpoint, Limits

Change = str | bytes | tuple[str, str] | None
Load = Callable[[dict[str, Change]], Loaded]
Check = Callable[[dict[str, Change]], tuple[Finding, ...]]
Spoil = Callable[[dict[str, Change]], Path]

FILM = 1 << OWN_FIRST + 1
TODAY = date(2026, 11, 24)
GATEWAY, PRIMARY, LOWER = "schoolguard.yaml", "schools/th-a.yaml", "schools/thcs-b.yaml"
TIERS, COMMUNE = "tiers.yaml", "communes/pa-tan.yaml"
TIER_SAFE = "block: [adult, gambling], safe-search: true, youtube: moderate, strip-ech: true}\n  thcs:"


def test_the_gateway(loaded: Load) -> None:
    settings = loaded({}).settings
    assert settings.listeners == (Endpoint("127.0.0.1", 5353), Endpoint("::1", 5353))
    assert settings.metrics == Endpoint("127.0.0.1", 9153)
    assert settings.caches == Caches(replies=48 << 20)
    assert settings.limits == Limits()
    assert settings.paths.blocklists.is_absolute()
    assert settings.paths.blocklists.name == "blocklists"
    assert ".." not in settings.paths.state.parts


def test_system_stands_for_the_resolvers_of_resolv_conf(loaded: Load) -> None:
    servers = loaded({}).settings.upstreams.servers
    assert servers == (Endpoint("10.0.0.53", 53), Endpoint("2001:db8::53", 53), Endpoint("10.0.0.54", 53))


def test_a_file_with_only_what_is_required_gets_the_defaults(loaded: Load) -> None:
    change = "listen: ['::1@5353']\ncategories: [{name: film-vn, number: 2, vi: Phim, en: Films}]\n"
    settings = loaded({GATEWAY: change}).settings
    assert settings.workers == 1
    assert settings.metrics == Endpoint("127.0.0.1", 9153)
    assert settings.upstreams.servers == (Endpoint("10.0.0.53", 53), Endpoint("2001:db8::53", 53))
    assert settings.schools[0].groups[1].blocking == Blocking()


@pytest.mark.parametrize("text", ["off", '"off"'])
def test_metrics_can_be_off(loaded: Load, text: str) -> None:
    assert loaded({GATEWAY: ("metrics: 127.0.0.1@9153", f"metrics: {text}")}).settings.metrics is None


def test_own_categories_keep_their_number(loaded: Load) -> None:
    settings = loaded({}).settings
    assert settings.categories[-1].mask == FILM
    assert {c.name for c in settings.categories} == {*BY_NAME, "film-vn"}


def test_lists(loaded: Load) -> None:
    settings = loaded({}).settings
    by_id = {source.id: source for source in settings.lists}
    gambling = by_id["gambling"]
    assert gambling.path == str(settings.paths.blocklists / "gambling.txt")
    assert (gambling.bit, gambling.format, gambling.exceptions) == (3, "plain", Exceptions.OWN)
    assert (gambling.max_entries, gambling.max_shrink, gambling.max_growth) == (1000, 0.5, None)
    assert by_id["films"].bit == OWN_FIRST + 1
    assert by_id["net"].kind is Kind.NEVER_BLOCK
    assert by_id["allowed"].kind is Kind.ALLOW


def test_exceptions_off_needs_no_quotes(loaded: Load) -> None:
    settings = loaded({"lists.yaml": ("exceptions: own", "exceptions: off")}).settings
    assert settings.lists[1].exceptions is Exceptions.OFF


def test_the_sealed_categories_are_blocked_in_every_tier_and_group(loaded: Load) -> None:
    settings = loaded({}).settings
    assert len(settings.tiers) == 6
    assert all(tier.blocked & SEALED == SEALED for tier in settings.tiers)


def test_a_group_has_the_rules_of_every_layer_that_concern_it(loaded: Load) -> None:
    primary, lower = loaded({}).settings.schools
    pupils, staff = primary.groups
    assert [(rule.layer, rule.verb.value) for rule in pupils.rules] == [
        (Layer.PROVINCE, "locked-block"),
        (Layer.SCHOOL, "allow"),
        (Layer.SCHOOL, "block"),
        (Layer.GROUP, "allow"),
        (Layer.GROUP, "block"),
    ]
    assert [rule.layer for rule in staff.rules] == [Layer.SCHOOL, Layer.SCHOOL]
    assert [rule.layer for rule in lower.groups[0].rules] == [Layer.PROVINCE, Layer.COMMUNE]


def test_a_rule_of_the_province(loaded: Load) -> None:
    rule = loaded({}).settings.schools[0].groups[0].rules[0]
    assert rule == Rule(
        Layer.PROVINCE,
        Verb.LOCKED_BLOCK,
        frozenset({"locked.example"}),
        owner="Phòng A",
        reason="Giờ học",
        during=frozenset({"gio-hoc"}),
    )
    assert rule.place == "province.yaml:13"


def test_a_rule_of_a_commune_with_a_service(loaded: Load) -> None:
    rule = loaded({}).settings.schools[1].groups[0].rules[1]
    assert (rule.services, rule.owner, rule.place) == (("tro-a",), "pa tần", "communes/pa-tan.yaml:4")
    assert rule.names == {"tro-a.example", "anh.tro-a.example.net"}
    assert rule.until == datetime(2027, 6, 2, tzinfo=timezone(timedelta(hours=7))).timestamp()


def test_what_a_service_needs_is_opened_with_it_and_never_blocked(loaded: Load) -> None:
    change = ("block: [service:tro-a]", "allow: [service:tro-a]")
    rule = loaded({COMMUNE: change}).settings.schools[1].groups[0].rules[1]
    assert "dang-nhap.example" in rule.names


def test_names_and_categories_of_a_group(loaded: Load) -> None:
    group = loaded({}).settings.schools[0].groups[0]
    assert group.tier.name == "tieu-hoc"
    assert group.networks == (ip_network("10.1.0.0/24"), ip_network("2001:db8:1::/64"))
    opening, closing = group.rules[3:]
    assert (opening.names, opening.categories) == (frozenset({"good.example"}), mask_of(["gambling"]))
    assert (closing.names, closing.categories) == (frozenset({"worse.example"}), FILM)
    assert (opening.owner, opening.until, opening.shadow) == ("Học sinh", None, False)


def test_the_tier_the_school_and_the_group_say_how_to_search(loaded: Load) -> None:
    primary, lower = loaded({TIERS: ("block: [adult, gambling]}\n  thcs:", TIER_SAFE)}).settings.schools
    assert primary.groups[0].safe_search == SafeSearch(True, YouTube.MODERATE)
    assert primary.groups[0].strip_ech
    assert lower.groups[0].safe_search == SafeSearch(True, YouTube.STRICT)
    assert not lower.groups[0].strip_ech


def test_budgets_are_for_their_tiers(loaded: Load) -> None:
    pupils, staff = loaded({}).settings.schools[0].groups
    assert [(budget.label, budget.minutes) for budget in pupils.budgets] == [("Trò chơi", 60)]
    assert staff.budgets == ()


def test_who_is_in_a_group_and_in_none(loaded: Load) -> None:
    school = loaded({}).settings.schools[1]
    assert school.networks == (ip_network("10.2.0.0/16"),)
    assert school.default == "Học sinh"
    assert school.groups[0].devices == {bytes.fromhex("001122334455")}
    assert school.groups[0].listeners == {("::1", 5353)}
    assert school.groups[0].shadow == mask_of(["social"])


def test_a_timetable_joins_the_layers(loaded: Load) -> None:
    windows = "windows:\n  - {name: ca-toi, days: [school-days], hours: ['18:00-20:00']}\nbudgets:"
    first, second = loaded({PRIMARY: ("budgets:", windows)}).settings.schools
    assert first.timetable is not None
    assert second.timetable is not None
    assert first.timetable.names == {"gio-hoc", "buoi-toi", "ca-toi"}
    assert second.timetable.names == {"gio-hoc", "buoi-toi"}
    lesson = datetime(2026, 11, 24, 8, tzinfo=timezone(timedelta(hours=7))).timestamp()
    assert first.timetable.open_at(lesson) == {"gio-hoc"}


def test_without_province_and_communes_a_school_is_right(check: Check, loaded: Load) -> None:
    changes: dict[str, Change] = {"province.yaml": None, COMMUNE: None}
    assert check(changes) == ()
    assert loaded(changes).settings.schools[0].timetable is None


def test_assertions(loaded: Load) -> None:
    evening = datetime(2027, 2, 5, 20, 30, tzinfo=timezone(timedelta(hours=7))).timestamp()
    assert loaded({}).settings.assertions == (
        Assertion(None, frozenset({"thcs"}), frozenset(), True, "adult.example", evening),
        Assertion("thcs-b", frozenset(), frozenset({"Học sinh"}), False, "good.example"),
    )


def test_a_list_in_shadow_has_a_bit_of_its_own(loaded: Load) -> None:
    change = ("{id: films, file: allow.txt, category: film-vn}", "{id: films, file: allow.txt, SHADOW}")
    change = (change[0], change[1].replace("SHADOW", "category: film-vn, shadow: true"))
    settings = loaded({"lists.yaml": change}).settings
    assert settings.shadow_lists == {SHADOW_FIRST: ("films", FILM)}
    assert {source.id: source.bit for source in settings.lists}["films"] == SHADOW_FIRST


def test_the_bits_of_shadow_lists_do_not_follow_the_order_of_the_file(loaded: Load) -> None:
    lines = [f"  - {{id: {name}, file: adult.txt, category: adult, shadow: true}}\n" for name in "cab"]
    rest = "  - {id: g, file: gambling.txt, category: gambling}\n"
    first = loaded({"lists.yaml": "lists:\n" + "".join(lines) + rest}).settings
    second = loaded({"lists.yaml": "lists:\n" + rest + "".join(reversed(lines))}).settings
    assert first.shadow_lists == second.shadow_lists
    assert [first.shadow_lists[SHADOW_FIRST + place][0] for place in range(3)] == ["a", "b", "c"]


def test_catalogues_and_sources(loaded: Load) -> None:
    change = (
        "categories:",
        "devices: {neighbours: false}\nforwarders: [{address: 127.0.0.9, takes: [mac]}]\ncategories:",
    )
    settings = loaded({GATEWAY: change}).settings
    assert set(settings.services) == {"tro-a", "vi-b"}
    assert settings.engines.safe == {"example.tim.www.": "safe.tim.example"}
    assert bytes([192, 0, 2, 53]) in settings.resolver_addresses
    assert settings.devices == DeviceSources(neighbours=False)
    assert settings.forwarders == (Forwarder(bytes([127, 0, 0, 9]), frozenset({Takes.MAC})),)


def test_settings_reach_workers_without_what_only_people_ask_for(loaded: Load) -> None:
    settings = loaded({}).settings
    sent = pickle.loads(pickle.dumps(settings.for_workers()))
    assert sent.schools == settings.schools
    assert sent.engines == settings.engines
    assert (sent.services, sent.assertions) == ({}, ())


def test_the_order_of_files_and_rules_does_not_matter(spoil: Spoil, loaded: Load) -> None:
    def policy(loaded: Loaded) -> set[tuple[str, str, frozenset[Rule], frozenset[Budget]]]:
        groups = (group for school in loaded.settings.schools for group in school.groups)
        return {
            (group.tier.name, str(group.networks[0]), frozenset(group.rules), frozenset(group.budgets))
            for group in groups
        }

    before = policy(loaded({}))
    folder = spoil({})
    for old, new in (("schools/th-a", "schools/z-a"), ("communes/pa-tan", "communes/a")):
        (folder / f"{old}.yaml").rename(folder / f"{new}.yaml")
    path = folder / "schools" / "z-a.yaml"
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    tree["rules"].reverse()
    tree["groups"].reverse()
    tree["groups"][1]["rules"].reverse()
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    after = policy(load(folder, resolv_conf=folder.parent / "resolv.conf", cores=4, today=TODAY))
    assert {each[:3] for each in after} == {each[:3] for each in before}
    assert [len(each[3]) for each in sorted(after)] == [len(each[3]) for each in sorted(before)]


@pytest.mark.parametrize(
    "text", ["Trường。VN.", "*.trường.vn", "TRƯỜNG.vn", "xn--trng-rib8295b.vn", "trường.vn"]
)
def test_a_name_is_the_same_in_every_spelling(loaded: Load, text: str) -> None:
    group = loaded({PRIMARY: ("worse.example", f'"{text}"')}).settings.schools[0].groups[0]
    assert group.rules[-1].names == {"xn--trng-rib8295b.vn"}


def test_a_block_answer_is_inherited_key_by_key(loaded: Load) -> None:
    first, second = loaded({}).settings.schools
    assert first.groups[0].blocking == Blocking(BlockAnswer.NXDOMAIN, (), 300, "vi")
    assert first.groups[1].blocking == Blocking(BlockAnswer.NXDOMAIN, (), 60, "vi")
    assert second.groups[0].blocking == Blocking(BlockAnswer.PAGE, ("10.2.0.1",), 60, "en")


def test_two_spellings_of_a_vietnamese_name_are_equal(loaded: Load) -> None:
    decomposed = "Tru\u031bo\u031b\u0300ng Tie\u0302\u0309u ho\u0323c A"
    school = loaded({PRIMARY: ("Trường Tiểu học A", decomposed)}).settings.schools[0]
    assert school.name == "Trường Tiểu học A"


def test_a_group_may_block_what_its_school_allows(check: Check) -> None:
    assert check({PRIMARY: ("worse.example", "school.example")}) == ()


def test_a_staff_room_in_the_schools_range_is_no_finding(check: Check) -> None:
    assert check({PRIMARY: ("10.1.0.0/24", "10.1.0.0/16")}) == ()


def test_all_errors_of_all_files_come_at_once(spoil: Spoil) -> None:
    changes: dict[str, Change] = {
        GATEWAY: "workers: many\n",
        "tiers.yaml": "tiers: [",
        "lists.yaml": None,
        PRIMARY: ("tier: tieu-hoc", "tier: tieuhoc"),
        LOWER: ("[10.2.0.0/24]", "[10.2.0.1/24]"),
    }
    folder = spoil(changes)
    with pytest.raises(ConfigError) as caught:
        load(folder, resolv_conf=folder.parent / "resolv.conf")
    assert {f.path for f in caught.value.findings} == {GATEWAY, "tiers.yaml", "lists.yaml", PRIMARY, LOWER}
    assert all(f.severity is Severity.ERROR for f in caught.value.findings)


def test_what_depends_on_an_unreadable_file_is_not_called_wrong(check: Check) -> None:
    found = check({GATEWAY: "listen: [", "tiers.yaml": "tiers: ["})
    assert {f.path for f in found} == {GATEWAY, "tiers.yaml"}


def test_warnings_do_not_stop_a_load(loaded: Load) -> None:
    result = loaded({GATEWAY: ("workers: 1", "workers: 64")})
    assert result.settings.workers == 64
    assert [str(f) for f in result.warnings] == [
        "schoolguard.yaml:2: warning: there are more workers than processor cores (4); found `64`"
    ]


def test_a_finding_reads_as_one_line(check: Check) -> None:
    (finding,) = check({PRIMARY: ("tier: tieu-hoc", "tier: thsc")})
    assert str(finding) == (
        "schools/th-a.yaml:14: this is not one of the words accepted here; found `thsc`; "
        "accepted: mam-non, tieu-hoc, thcs, thpt, staff, guest; did you mean `thcs`?"
    )
    assert (finding.found, finding.suggestion) == ("thsc", "thcs")


def test_control_characters_in_a_value_do_not_reach_the_terminal(check: Check) -> None:
    found = check({PRIMARY: ("tier: tieu-hoc", r'tier: "\e[31m\nx"')})
    assert str(found[0]).isprintable()
    assert r"\x1b[31m\nx" in str(found[0])


def test_control_characters_in_a_file_name_do_not_reach_the_terminal(check: Check) -> None:
    found = check({"schools/a\x1b[31m.yaml": "a: 1\n"})
    assert [str(f).isprintable() for f in found] == [True]


def test_messages_are_in_the_language_asked_for(spoil: Spoil) -> None:
    folder = spoil({PRIMARY: ("tier: tieu-hoc", "tier: thsc")})
    words = {"found `{found}`": "thấy `{found}`", "did you mean `{suggestion}`?": "ý là `{suggestion}`?"}
    (finding,) = findings(
        folder,
        lambda text: words.get(text, text),
        resolv_conf=folder.parent / "resolv.conf",
        cores=4,
        today=TODAY,
    )
    assert "; thấy `thsc`; " in str(finding)
    assert str(finding).endswith("ý là `thcs`?")


def test_an_upstream_on_loopback_is_the_gateway_when_it_listens_everywhere(check: Check) -> None:
    changes: dict[str, Change] = {
        GATEWAY: ('listen: [127.0.0.1@5353, "::1@5353"]', "listen: [0.0.0.0@53]"),
        "resolv.conf": "nameserver 127.0.0.1\n",
        LOWER: ("::1@5353", "0.0.0.0@53"),
    }
    (finding,) = check(changes)
    assert "resolv.conf names the gateway itself; instead of system write" in str(finding)
    assert finding.accepted == "ADDRESS@53"


def test_a_missing_folder_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such configuration folder"):
        load(tmp_path / "none")


def test_a_folder_without_schools_is_an_error(check: Check) -> None:
    found = check({PRIMARY: None, LOWER: None})
    assert [f.path for f in found] == ["schools"]
    assert "every client would be refused" in str(found[0])


def test_a_pipe_in_place_of_a_file_does_not_hang(spoil: Spoil) -> None:
    import os

    folder = spoil({PRIMARY: None})
    os.mkfifo(folder / PRIMARY)
    found = findings(folder, resolv_conf=folder.parent / "resolv.conf", cores=4, today=TODAY)
    assert [(f.path, f.message) for f in found] == [(PRIMARY, "this is no file")]


def test_rubbish_gives_a_bounded_number_of_findings(check: Check) -> None:
    found = check({"tiers.yaml": "".join(f"k{i}: 1\n" for i in range(20_000))})
    assert len(found) == 501
    assert str(found[-1]) == ".: 19501 more findings are not shown"
