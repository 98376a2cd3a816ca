"""Reading the service catalogue: what is right is kept, what is wrong is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.categories import BY_NAME
from schoolguard.config.finding import Collector
from schoolguard.config.own_categories import Table
from schoolguard.config.service_keys import SERVICES_FILE
from schoolguard.config.services import services_of
from schoolguard.policy.services import Breaks, Service

TABLE = Table(dict(BY_NAME), complete=True)
ZALO = "  - {id: zalo, name: Zalo, category: chat, names: [zalo.me]}\n"


def read(folder: Path, **files: str) -> tuple[dict[str, Service], list[str]]:
    """Return the catalogue of some files (``a`` is ``services/a.yaml``) and its findings."""
    place = folder / "services"
    place.mkdir(exist_ok=True)
    for name, text in files.items():
        (place / f"{name}.yaml").write_text(f"services:\n{text}", encoding="utf-8")
    out = Collector()
    return services_of(folder, TABLE, out), [str(finding) for finding in out.all()]


def test_an_entry_with_every_key(tmp_path: Path) -> None:
    text = """\
  - id: garena
    name: Garena
    category: games
    names: [Garena.vn, "*.garena.com"]
    needs: [accounts.google.com]
    breaks:
      - {service: free-fire, vi: Không vào được., en: It stops.}
      - {vi: Thẻ không nạp được., en: Cards do not work.}
  - {id: free-fire, name: Free Fire, names: [ff.garena.com], also: [garena]}
"""
    catalogue, findings = read(tmp_path, games=text)
    assert findings == []
    breaks = (
        Breaks("Không vào được.", "It stops.", "free-fire"),
        Breaks("Thẻ không nạp được.", "Cards do not work."),
    )
    names, needs = frozenset({"garena.vn", "garena.com"}), frozenset({"accounts.google.com"})
    assert catalogue == {
        "garena": Service("garena", "Garena", "games", names, breaks, needs),
        "free-fire": Service("free-fire", "Free Fire", "", frozenset({"ff.garena.com"})),
    }


def test_files_together_are_the_catalogue(tmp_path: Path) -> None:
    own = "  - {id: truong, name: Trang trường, names: [truong.example.vn]}\n"
    catalogue, findings = read(tmp_path, chat=ZALO, truong=own)
    assert (sorted(catalogue), findings) == (["truong", "zalo"], [])


def test_without_a_folder_there_are_no_services(tmp_path: Path) -> None:
    out = Collector()
    assert services_of(tmp_path, TABLE, out) == {}
    assert out.all() == ()


def test_other_files_are_let_lie_and_yml_is_told(tmp_path: Path) -> None:
    read(tmp_path, chat=ZALO)
    for name in ("README.md", ".chat.yaml.swp", ".hidden.yaml", "social.yml"):
        (tmp_path / "services" / name).write_text("x", encoding="utf-8")
    catalogue, findings = read(tmp_path)
    assert list(catalogue) == ["zalo"]
    assert findings == ["services/social.yml: a file of services ends in .yaml; rename this one"]


WRONG = {
    "category": (
        "  - {id: a, name: A, category: gamse, names: [a.vn]}\n",
        "services/x.yaml:2: unknown category; found `gamse`; accepted: illegal, ",
    ),
    "category, what was meant": (
        "  - {id: a, name: A, category: gamse, names: [a.vn]}\n",
        "did you mean `games`?",
    ),
    "id twice": (
        ZALO + "  - {id: zalo, name: Zalo 2, names: [z.vn]}\n",
        "services/x.yaml:3: another service has this id (services/x.yaml:2); found `zalo`",
    ),
    "id's spelling": ("  - {id: Zalo PC, name: Z, names: [z.vn]}\n", "accepted: lien-quan-mobile"),
    "no names": ("  - {id: a, name: A, names: []}\n", "services/x.yaml:2: the list is empty"),
    "names missing": ("  - {id: a, name: A}\n", "services/x.yaml:2: the key `names` is missing"),
    "no domain name": ("  - {id: a, name: A, names: [https://a.vn/x]}\n", "did you mean `a.vn`?"),
    "a top level": ("  - {id: a, name: A, names: [vn]}\n", "this is a top-level domain"),
    "one name in two services": (
        ZALO + "  - {id: b, name: B, names: [b.vn, zalo.me]}\n",
        "services/x.yaml:3: the service `zalo` has zalo.me; if the name belongs to both, add `also: [zalo]`;"
        " found `zalo.me`",
    ),
    "a name below another service's": (
        "  - {id: b, name: B, names: [chat.zalo.me]}\n" + ZALO,
        "services/x.yaml:2: the service `zalo` has zalo.me; if the name belongs to both",
    ),
    "a name twice": (
        "  - {id: b, name: B, names: [b.vn, b.vn]}\n",
        "services/x.yaml:2: warning: b.vn (line 2) covers this name already; found `b.vn`",
    ),
    "a name below its own": (
        "  - {id: b, name: B, names: [a.b.vn, b.vn]}\n",
        "services/x.yaml:2: warning: b.vn (line 2) covers this name already; found `a.b.vn`",
    ),
    "unknown service in breaks": (
        ZALO + "  - {id: b, name: B, names: [b.vn], breaks: [{service: zalo-pay, vi: a, en: b}]}\n",
        "services/x.yaml:3: unknown service; found `zalo-pay`; did you mean `zalo`?",
    ),
    "unknown service in also": (
        "  - {id: b, name: B, names: [b.vn], also: [c]}\n",
        "services/x.yaml:2: unknown service; found `c`",
    ),
    "itself": ("  - {id: b, name: B, names: [b.vn], also: [b]}\n", "a service cannot name itself here"),
    "one language": (
        "  - {id: b, name: B, names: [b.vn], breaks: [{vi: Hỏng}]}\n",
        "services/x.yaml:2: the key `en` is missing",
    ),
    "unknown key": ("  - {id: b, name: B, domains: [b.vn], names: [b.vn]}\n", "found `domains`"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, message: str) -> None:
    _, findings = read(tmp_path, x=text)
    assert any(message in finding for finding in findings), findings
    assert len(findings) == 1


@pytest.mark.parametrize("first", ["zalo, zalo-web", "zalo-web, zalo"])
def test_either_service_may_say_that_a_name_is_shared(tmp_path: Path, first: str) -> None:
    one, other = first.split(", ")
    names = {"zalo": "zalo.me", "zalo-web": "chat.zalo.me"}
    text = f"""\
  - {{id: {one}, name: A, names: [{names[one]}], also: [{other}]}}
  - {{id: {other}, name: B, names: [{names[other]}]}}
"""
    assert read(tmp_path, x=text)[1] == []


def test_a_wrong_entry_is_kept_so_that_rules_which_name_it_are_not_wrong_too(tmp_path: Path) -> None:
    catalogue, findings = read(tmp_path, x="  - {id: b, category: none-such, names: [b.vn, 'b b']}\n")
    assert len(findings) == 3
    assert catalogue == {"b": Service("b", "b", "", frozenset({"b.vn"}))}


def test_every_error_of_every_file_is_told(tmp_path: Path) -> None:
    _, findings = read(tmp_path, a="  - {id: a}\n", b="  - [\n", c="  - {id: c, name: C, names: [c c]}\n")
    assert {finding.partition(":")[0] for finding in findings} == {f"services/{x}.yaml" for x in "abc"}


def test_categories_are_not_called_unknown_when_some_could_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    text = "services: [{id: a, name: A, category: own, names: [a.vn]}]"
    (tmp_path / "services/a.yaml").write_text(text, encoding="utf-8")
    out = Collector()
    services_of(tmp_path, Table(dict(BY_NAME), complete=False), out)
    assert out.all() == ()


def test_the_schema_says_what_is_required() -> None:
    entry = SERVICES_FILE.schema()["properties"]["services"]["items"]
    assert entry["required"] == ["id", "name", "names"]
    assert entry["properties"]["breaks"]["items"]["required"] == ["vi", "en"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: b"services: " + t.encode())))
def test_no_file_is_too_odd(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "services").mkdir(exist_ok=True)
    (tmp_path / "services/odd.yaml").write_bytes(raw)
    out = Collector()
    assert services_of(tmp_path, TABLE, out) or out.all()
