"""Both READMEs tell of what there is: commands, files and outputs, in English and in Vietnamese alike."""

from __future__ import annotations

import re
import shlex
import shutil
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from schoolguard import cli
from schoolguard.config import findings
from schoolguard.config.tier_names import TIER_NAMES
from schoolguard.language import translator
from schoolguard.policy.decide import Rank
from schoolguard.policy.model import BlockAnswer
from schoolguard.policy.rule import Verb
from schoolguard.policy.wording import title
from tests.catalogue import vietnamese

ROOT = Path(__file__).resolve().parents[1]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
VIETNAMESE = (ROOT / "README.vi.md").read_text(encoding="utf-8")
READMES = {"README.md": ENGLISH, "README.vi.md": VIETNAMESE}
TODAY = date(2026, 11, 24)
"""A day of the school year that the shipped calendar knows."""

_FENCED = re.compile(r"(?ms)^```(\w+)\n(.*?)^```$")
_INDENTED = re.compile(r"(?m)^    (.+)$")
_TICKED = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#]+)\)")
_PROGRAM = re.compile(r"(?:\S*/)?schoolguard (?=[a-z])")


def indented(text: str) -> list[str]:
    """Return the commands of the indented blocks, without comments."""
    return [re.sub(r" +# .*", "", line) for line in _INDENTED.findall(_FENCED.sub("", text))]


def ticked(text: str) -> list[str]:
    """Return what stands between backticks."""
    return _TICKED.findall(_FENCED.sub("", text))


def fenced(text: str, language: str) -> list[str]:
    """Return the fenced blocks in a language."""
    return [block for name, block in _FENCED.findall(text) if name == language]


def commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every subcommand with its full name."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


COMMANDS = dict(commands(cli.main))


def name_of(usage: str) -> str:
    """Return the subcommand that a usage or a typed line begins with."""
    words, group = usage.split(), cli.main
    for depth, word in enumerate(words, 1):
        command = group.commands.get(word)
        if not isinstance(command, click.Group):
            return " ".join(words[:depth])
        group = command
    return usage


def described(text: str) -> dict[str, str]:
    """Return the table of commands: subcommand to the whole usage."""
    usages = re.findall(r"(?m)^\| `schoolguard ([^`]+)` \|", text)
    return {name_of(usage): usage for usage in usages}


def unknown(command: str) -> str | None:
    """Return what is wrong with a ``schoolguard`` command, ``None`` when it would be understood."""
    words = shlex.split(_PROGRAM.sub("", command))
    name = name_of(" ".join(words))
    if name not in COMMANDS:
        return f"no command {name}"
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    odd = [word for word in words if word.startswith("--") and word not in options]
    return f"no option {odd[0]}" if odd else None


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_described(name: str) -> None:
    assert set(described(READMES[name])) == set(COMMANDS)


def test_both_describe_commands_alike() -> None:
    assert described(VIETNAMESE) == described(ENGLISH)


@pytest.mark.parametrize("name", READMES)
def test_usages_name_every_option(name: str) -> None:
    everywhere = {"--config", "--language"}
    for command, usage in described(READMES[name]).items():
        options = {o for p in COMMANDS[command].params if isinstance(p, click.Option) for o in p.opts}
        assert set(re.findall("--[a-z]+(?:-[a-z]+)*", usage)) == options - everywhere, command
    assert everywhere <= set(re.findall("--[a-z]+(?:-[a-z]+)*", READMES[name]))


@pytest.mark.parametrize("name", READMES)
def test_commands_would_be_understood(name: str) -> None:
    typed = [line for line in (*indented(READMES[name]), *ticked(READMES[name])) if _PROGRAM.match(line)]
    plain = [re.sub(r"[][|]|\.\.\.", " ", line) for line in typed]
    assert len(plain) > 10
    assert {line: unknown(line) for line in plain if unknown(line)} == {}


def test_vietnamese_commands_are_the_english_ones() -> None:
    """``schoolguard`` commands may be about other names; they are checked above."""
    known = set(indented(ENGLISH))
    assert [line for line in indented(VIETNAMESE) if line not in known and not _PROGRAM.match(line)] == []


def test_the_two_commands_agree() -> None:
    assert indented(VIETNAMESE)[:2] == indented(ENGLISH)[:2] == ["make run", "make test"]


@pytest.mark.parametrize("name", READMES)
def test_make_targets_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {
        line.split()[1] for line in (*indented(READMES[name]), *ticked(READMES[name])) if line[:5] == "make "
    }
    assert {"run", "test"} <= targets
    assert [target for target in targets if not re.search(rf"(?m)^{target}:", makefile)] == []


@pytest.mark.parametrize("name", READMES)
def test_linked_files_exist(name: str) -> None:
    links = [link for link in _LINK.findall(READMES[name]) if "://" not in link]
    assert len(links) > 3
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_paths_exist_or_stand_in_english() -> None:
    """A path is in the repository, in the configuration folder, or on a gateway as README.md has it."""
    paths = [
        text
        for text in ticked(VIETNAMESE)
        if re.fullmatch(r"[\w./*-]*(?:/|\.(?:yaml|md|txt))[\w./*-]*", text)
    ]
    assert len(paths) > 5
    places = (ROOT, ROOT / "config")
    there = {path for path in paths if path[0] != "/" and any(any(place.glob(path)) for place in places)}
    assert [path for path in paths if path not in there and path not in ENGLISH] == []


def test_values_in_backticks_stand_in_both() -> None:
    """Every word that is typed or read as it is; the Vietnamese outputs are compared where they are shown."""
    values = {text for text in ticked(VIETNAMESE) if re.fullmatch(r"[a-zA-Z_=-]+", text)}
    english = ENGLISH + "".join(
        (ROOT / path).read_text("utf-8") for path in ("config/README.md", "METRICS.md")
    )
    assert [value for value in sorted(values) if value not in english] == []


@pytest.mark.parametrize("word", [*TIER_NAMES, *BlockAnswer])
def test_vietnamese_explains_every_tier_and_answer(word: str) -> None:
    assert f"`{word}`" in VIETNAMESE


def test_both_count_the_services() -> None:
    files = (ROOT / "blocklists" / "services").glob("*.yaml")
    count = sum(len(yaml.safe_load(path.read_text(encoding="utf-8"))["services"]) for path in files)
    assert f" {count} services " in ENGLISH
    assert f" {count} dịch vụ " in VIETNAMESE


@pytest.mark.parametrize("verb", Verb)
def test_vietnamese_explains_every_verb(verb: Verb) -> None:
    assert f"| `{verb}` |" in VIETNAMESE


@pytest.mark.parametrize("rank", Rank)
def test_both_tell_of_every_rank_in_order(rank: Rank) -> None:
    assert f"| {int(rank)} | {title(rank, translator('vi'))} |" in VIETNAMESE
    assert re.search(rf"(?m)^\| {int(rank)} \| [a-z ]+ \|", ENGLISH)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Return a copy of the shipped configuration that asks no resolver of this machine."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "blocklists", tmp_path / "blocklists")
    gateway = tmp_path / "config" / "schoolguard.yaml"
    text = gateway.read_text(encoding="utf-8")
    assert "servers: [system]" in text
    gateway.write_text(text.replace("servers: [system]", "servers: [127.0.0.1@5300]"), encoding="utf-8")
    return tmp_path / "config"


def whole(fragments: list[str]) -> str:
    """Return one file from parts of it: what stands under the same key is joined, as the README says."""
    bodies: dict[str, list[str]] = defaultdict(list)
    for fragment in fragments:
        uncommented = re.sub(r"(?m)^#.*\n", "", fragment)
        for key, body in re.findall(r"(?m)^([a-z-]+:.*\n)((?:[ ].*\n|\n)*)", uncommented):
            bodies[key].append(body)
    return "".join(key + "".join(parts) for key, parts in bodies.items())


def test_the_example_school_is_right(folder: Path) -> None:
    text = whole(fenced(VIETNAMESE, "yaml"))
    school = yaml.safe_load(text)
    assert {"school", "groups", "calendar", "windows", "rules", "budgets", "tests"} <= school.keys()
    assert len(school["rules"]) > len(school["budgets"]) > 0
    shutil.rmtree(folder / "communes")
    for example in (folder / "schools").iterdir():
        example.unlink()
    (folder / "schools" / "nam-luc.yaml").write_text(text, encoding="utf-8")
    assert [str(finding) for finding in findings(folder, today=TODAY)] == []


def test_the_explanation_is_what_is_printed(folder: Path) -> None:
    (shown,) = fenced(VIETNAMESE, "text")
    command = next(line for line in indented(VIETNAMESE) if line.startswith("schoolguard explain"))
    arguments = ["--config", str(folder), "--language", "vi"]
    runner = CliRunner()
    compiled = runner.invoke(cli.main, ["lists", "compile", *arguments], catch_exceptions=False)
    assert compiled.exit_code == 0, compiled.output
    said = runner.invoke(cli.main, [*shlex.split(command)[1:], *arguments], catch_exceptions=False)
    assert said.output == shown


def test_what_vietnamese_quotes_is_what_is_said() -> None:
    say = translator("vi")
    assert f"`{say('It leads to:')}`" in VIETNAMESE
    assert say("did you mean `{suggestion}`?").split(" `")[0] in VIETNAMESE
    assert say("cannot listen on {address} ({transport}): {advice}").split("{")[0].strip() in VIETNAMESE
    advice = next(str(m.id) for m in vietnamese() if str(m.id).startswith("another program has it;"))
    assert say(advice).split(";")[0] in VIETNAMESE


@pytest.mark.parametrize("name", READMES)
def test_text_is_composed(name: str) -> None:
    assert unicodedata.is_normalized("NFC", READMES[name])
