"""What a right configuration becomes."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from schoolguard.categories import BY_NAME, OWN_FIRST, SEALED, mask_of
from schoolguard.config import ConfigError, Finding, Loaded, Severity, findings, load
from schoolguard.lists.model import Exceptions, Kind
from schoolguard.policy.model import BlockAnswer, Blocking
from schoolguard.settings import Caches, Endpoint, Limits

Change = str | bytes | tuple[str, str] | None
Load = Callable[[dict[str, Change]], Loaded]
Check = Callable[[dict[str, Change]], tuple[Finding, ...]]
Spoil = Callable[[dict[str, Change]], Path]

FILM = 1 << OWN_FIRST + 1
GATEWAY, PRIMARY, LOWER = "schoolguard.yaml", "schools/th-a.yaml", "schools/thcs-b.yaml"


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
    change = "listen: [127.0.0.1@5353]\ncategories: [{name: film-vn, number: 2, vi: Phim, en: Films}]\n"
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
    assert all(group.blocked & SEALED == SEALED for school in settings.schools for group in school.groups)


def test_a_group_adds_to_its_tier_and_takes_away(loaded: Load) -> None:
    group = loaded({}).settings.schools[0].groups[0]
    assert group.tier.name == "tieu-hoc"
    assert group.blocked == mask_of(["adult"]) | FILM | SEALED


def test_names_of_the_school_and_the_group_are_joined(loaded: Load) -> None:
    pupils, staff = loaded({}).settings.schools[0].groups
    assert pupils.allow == {"school.example", "good.example"}
    assert pupils.deny == {"bad.example", "worse.example"}
    assert staff.allow == {"school.example"}
    assert pupils.networks == (ip_network("10.1.0.0/24"), ip_network("2001:db8:1::/64"))


@pytest.mark.parametrize(
    "text", ["Trường。VN.", "*.trường.vn", "TRƯỜNG.vn", "xn--trng-rib8295b.vn", "trường.vn"]
)
def test_a_name_is_the_same_in_every_spelling(loaded: Load, text: str) -> None:
    group = loaded({PRIMARY: ("worse.example", f'"{text}"')}).settings.schools[0].groups[0]
    assert group.deny == {"bad.example", "xn--trng-rib8295b.vn"}


def test_a_block_answer_is_inherited_key_by_key(loaded: Load) -> None:
    first, second = loaded({}).settings.schools
    assert first.groups[0].blocking == Blocking(BlockAnswer.NXDOMAIN, (), 300, "vi")
    assert first.groups[1].blocking == Blocking(BlockAnswer.NXDOMAIN, (), 60, "vi")
    assert second.groups[0].blocking == Blocking(BlockAnswer.PAGE, ("10.2.0.1",), 60, "en")


def test_two_spellings_of_a_vietnamese_name_are_equal(loaded: Load) -> None:
    decomposed = "Tru\u031bo\u031b\u0300ng Tie\u0302\u0309u ho\u0323c A"
    school = loaded({PRIMARY: ("Trường Tiểu học A", decomposed)}).settings.schools[0]
    assert school.name == "Trường Tiểu học A"


def test_a_group_may_deny_what_its_school_allows(check: Check) -> None:
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
        "schools/th-a.yaml:9: this is not one of the words accepted here; found `thsc`; "
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
        folder, lambda text: words.get(text, text), resolv_conf=folder.parent / "resolv.conf", cores=4
    )
    assert "; thấy `thsc`; " in str(finding)
    assert str(finding).endswith("ý là `thcs`?")


def test_an_upstream_on_loopback_is_the_gateway_when_it_listens_everywhere(check: Check) -> None:
    changes: dict[str, Change] = {
        GATEWAY: ('listen: [127.0.0.1@5353, "::1@5353"]', "listen: [0.0.0.0@53]"),
        "resolv.conf": "nameserver 127.0.0.1\n",
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
    found = findings(folder, resolv_conf=folder.parent / "resolv.conf", cores=4)
    assert [(f.path, f.message) for f in found] == [(PRIMARY, "this is no file")]


def test_rubbish_gives_a_bounded_number_of_findings(check: Check) -> None:
    found = check({"tiers.yaml": "".join(f"k{i}: 1\n" for i in range(20_000))})
    assert len(found) == 501
    assert str(found[-1]) == ".: 19501 more findings are not shown"
