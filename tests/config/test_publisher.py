"""The section ``publisher`` of ``schoolguard.yaml``: what it comes to, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.config.finding import Collector
from schoolguard.config.nodes import read_nodes
from schoolguard.config.publisher import publisher_of
from schoolguard.config.publisher_keys import PUBLISHER
from schoolguard.config.types import Section
from schoolguard.intake.model import Publisher
from schoolguard.intake.trust.first import read_fingerprint

ROOT = "1:0a1b-2c3d-4e5f-6071-8293-a4b5-c6d7-e8f9"
FOLDER = Path("/etc/schoolguard")


def come_to(yaml: str) -> tuple[Publisher | None, list[str]]:
    """Return what the section with this text comes to, and the findings."""
    out = Collector()
    node = read_nodes(f"publisher:\n{yaml}", "x.yaml", out)
    assert node is not None
    fields = Section((PUBLISHER,)).read(node, out)
    found = publisher_of(fields, FOLDER, out)
    return found, [str(finding) for finding in out.all()]


def section(*lines: str, root: str = ROOT) -> str:
    return "".join(f"  {line}\n" for line in (f"root-fingerprint: {root}", *lines))


def test_a_publisher_and_its_defaults() -> None:
    assert come_to(section("url: https://lists.example.vn/sg/")) == (
        Publisher(ROOT, "https://lists.example.vn/sg", None, 300.0, 30.0),
        [],
    )
    found, findings = come_to(section("folder: ../mirror", "every: 10 s", "jitter: 0"))
    assert (found, findings) == (Publisher(ROOT, None, FOLDER / "../mirror", 10.0, 0.0), [])
    assert come_to(section()) == (Publisher(ROOT), [])


def test_without_the_section_none_is_followed() -> None:
    out = Collector()
    node = read_nodes("{}", "x.yaml", out)
    assert node is not None
    assert publisher_of(Section((PUBLISHER,)).read(node, out), FOLDER, out) is None
    assert out.all() == ()


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("  url: https://lists.example.vn\n", "root-fingerprint"),
        (section(root="0a1b-2c3d"), "characters that do not belong here"),
        (section("url: ftp://lists.example.vn"), "no web address"),
        (section("url: lists.example.vn"), "no web address"),
        (section('url: "https://[::1"'), "no web address"),
        (section("url: https://me:secret@lists.example.vn"), "user name"),
        (section("url: https://lists.example.vn/?q"), "question mark"),
        (section("url: https://lists.example.vn", "folder: /mnt"), "both"),
        (section("every: 1 s"), "1 s"),
        (section("jitter: 2 d"), "2 d"),
        (section("urls: https://lists.example.vn"), "urls"),
    ],
)
def test_what_is_wrong_is_said(yaml: str, said: str) -> None:
    (finding,) = come_to(yaml)[1]
    assert said in finding
    assert finding.startswith("x.yaml:")


def test_a_password_is_not_repeated() -> None:
    assert "secret" not in come_to(section("url: https://me:secret@lists.example.vn"))[1][0]


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("https://lists.example.vn", False),
        ("http://lists.example.vn", True),
        ("http://192.0.2.1:8080", True),
        ("http://127.0.0.1:8080/x", False),
        ("http://[::1]:8080", False),
    ],
)
def test_what_others_on_the_line_can_read_is_said(url: str, warned: bool) -> None:
    found, findings = come_to(section(f"url: {url}"))
    assert found is not None
    assert found.url == url
    assert ["by http" in finding for finding in findings] == [True] * warned


@given(st.from_regex(r"[1-9][0-9]{0,8}:(?:[ -]?[0-9a-fA-F]){32}", fullmatch=True))
@settings(max_examples=40)
def test_every_fingerprint_that_passes_can_be_used(typed: str) -> None:
    found, findings = come_to(section(root=f'"{typed}"'))
    assert findings == []
    assert found is not None
    read_fingerprint(found.root)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=60))
@settings(max_examples=60)
def test_no_address_breaks_the_reader(text: str) -> None:
    quoted = text.replace("'", "''")
    found, findings = come_to(section(f"url: '{quoted}'"))
    assert findings or (found is not None and found.url)
