"""What a rule may name, and what is said to those who write it otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.categories import BY_NAME, mask_of
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.nodes import read_nodes
from schoolguard.config.own_categories import Table
from schoolguard.config.targets import Target, TargetKind, Targets, TargetType, resolve
from schoolguard.config.types import ListOf
from schoolguard.policy.services import Service

TABLE = Table(dict(BY_NAME), complete=True)
ZALO = Service("zalo", "Zalo", "chat", frozenset({"zalo.me", "zaloapp.com"}), (), frozenset({"zadn.vn"}))
LIEN_QUAN = Service("lien-quan-mobile", "Liên Quân Mobile", "games", frozenset({"lienquan.garena.vn"}))
SERVICES = {service.id: service for service in (ZALO, LIEN_QUAN)}


def come_to(yaml: str, services: dict[str, Service] = SERVICES) -> tuple[Targets, list[str]]:
    """Return what a list of targets comes to, and the findings."""
    out = Collector()
    node = read_nodes(yaml, "x.yaml", out)
    assert node is not None
    targets = ListOf(TargetType()).read(node, out)
    return resolve(targets, services, TABLE, out), [str(finding) for finding in out.all()]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("service:zalo", Target(TargetKind.SERVICE, "zalo")),
        ("category:games", Target(TargetKind.CATEGORY, "games")),
        ("TikTok.com", Target(TargetKind.NAME, "tiktok.com")),
        ("*.tiktok.com", Target(TargetKind.NAME, "tiktok.com")),
        ("báo.vn", Target(TargetKind.NAME, "xn--bo-mia.vn")),
        (" service: zalo ", Target(TargetKind.SERVICE, "zalo")),
    ],
)
def test_a_text_is_a_target(text: str, target: Target) -> None:
    assert TargetType().parse(text) == target


@pytest.mark.parametrize("text", ["service:zalo", "category:games", "tiktok.com"])
def test_a_target_is_shown_as_it_is_written(text: str) -> None:
    assert TargetType().show(TargetType().parse(text)) == text


def test_targets_come_to_names_categories_and_services() -> None:
    found, findings = come_to(
        "[tiktok.com, service:zalo, category:games, service:lien-quan-mobile, category:chat]"
    )
    assert findings == []
    assert found == Targets(
        frozenset({"tiktok.com", "zalo.me", "zaloapp.com", "lienquan.garena.vn"}),
        mask_of(["games", "chat"]),
        ("zalo", "lien-quan-mobile"),
        frozenset({"zadn.vn"}),
    )


def test_nothing_comes_to_nothing() -> None:
    assert come_to("[]") == (Targets(frozenset(), 0, ()), [])


WRONG = {
    "services:zalo": "did you mean `service:zalo`?",
    "Service:zalo": "did you mean `service:zalo`?",
    "categories:games": "did you mean `category:games`?",
    "{service: zalo}": "write no space behind the colon; found `service: zalo`; did you mean `service:zalo`?",
    "{categories: games}": "did you mean `category:games`?",
    "{name: zalo}": "a single value belongs here, not a list or section",
    "{service: zalo, category: games}": "a single value belongs here, not a list or section",
    "group:lop-6a": "this is neither a service, a category nor a domain name; found `group:lop-6a`;"
    " accepted: service:zalo, category:games, example.vn",
    "'service:'": "the name behind the colon is missing",
    "https://tiktok.com/x": "did you mean `tiktok.com`?",
    "tiktok.com:443": "did you mean `tiktok.com`?",
    "tik tok.com": "this is no domain name",
    "12:30": "YAML takes this for a number or a date",
    "zalo": "a service is written with service: before it; found `zalo`; did you mean `service:zalo`?",
    "games": "a category is written with category: before it; found `games`; did you mean `category:games`?",
    "service:zallo": "unknown service; found `service:zallo`; did you mean `service:zalo`?",
    "service:Zalo": "did you mean `service:zalo`?",
    "service:Liên Quân Mobile": "did you mean `service:lien-quan-mobile`?",
    "category:gamse": "unknown category; found `gamse`",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_what_is_wrong_is_told_with_what_was_meant(text: str, message: str) -> None:
    found, findings = come_to(f"- {text}\n- viber.com\n")
    assert len(findings) == 1
    assert findings[0].startswith("x.yaml:1: ")
    assert message in findings[0]
    assert found == Targets(frozenset({"viber.com"}), 0, ())


def test_a_service_and_a_category_of_one_name_are_called_a_service() -> None:
    both = Service("games", "Games", "games", frozenset({"games.vn"}))
    assert "did you mean `service:games`?" in come_to("[games]", {"games": both})[1][0]


def test_a_top_level_is_taken_with_a_warning() -> None:
    found, findings = come_to("[xyz, zallo]")
    assert found.names == {"xyz", "zallo"}
    assert findings == [
        "x.yaml:1: warning: this is a top-level domain: it stands for every name that ends in .xyz",
        "x.yaml:1: warning: this is a top-level domain: it stands for every name that ends in .zallo;"
        " did you mean `service:zalo`?",
    ]


@pytest.mark.parametrize("text", ["service:zalo", "category:games", "tiktok.com"])
def test_a_repetition_is_a_warning(text: str) -> None:
    found, findings = come_to(f"- {text}\n- {text}\n")
    assert findings == [f"x.yaml:2: warning: this stands twice; found `{text}`"]
    assert found == come_to(f"- {text}\n")[0]


def test_without_a_catalogue_that_is_what_is_said() -> None:
    assert "there is no catalogue of services" in come_to("[service:zalo]", {})[1][0]


def test_what_is_sealed_is_left_to_the_caller() -> None:
    assert come_to("[category:illegal]") == (Targets(frozenset(), mask_of(["illegal"]), ()), [])


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_every_text_is_a_target_or_wrong(text: str) -> None:
    try:
        target = TargetType().parse(text)
    except Wrong:
        return
    assert TargetType().parse(str(target)) == target
    out = Collector()
    resolve((At(target, Mark("x.yaml", 1)),), SERVICES, TABLE, out)


def test_the_schema_takes_what_the_loader_takes() -> None:
    schema = TargetType().schema()
    longest = "*." + ".".join(["a" * 61] * 4) + "."
    assert TargetType().parse(longest).kind is TargetKind.NAME
    assert len(longest) <= schema["maxLength"]
