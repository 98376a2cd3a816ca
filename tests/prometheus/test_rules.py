"""The shipped rules: accepted by promtool, tested by promtool, and saying in two languages what to do."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from schoolguard.config import load
from tests.prometheus.expressions import CONFIG, remote_write, rule_files, rules
from tests.servers import program
from tests.test_readme import COMMANDS, name_of

FOLDER = CONFIG / "prometheus"
UNIT_TESTS = sorted((FOLDER / "tests").glob("*.yml"))
ALERTS = [rule for path in rule_files() for rule in rules(path) if "alert" in rule]


def promtool(*arguments: str | Path) -> str:
    run = subprocess.run(
        [program("promtool"), *map(str, arguments)], capture_output=True, text=True, check=False, cwd=CONFIG
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def test_promtool_accepts_the_example_configuration() -> None:
    assert "2 rule files found" in promtool("check", "config", FOLDER / "prometheus.yml")


def test_the_commented_part_of_the_example_is_that_of_the_readme() -> None:
    text = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    commented = text[text.index("# remote_write:") :]
    assert yaml.safe_load(re.sub("(?m)^# ?", "", commented))["remote_write"] == [remote_write()]


def test_promtool_accepts_the_rules() -> None:
    assert "FAILED" not in promtool("check", "rules", *rule_files())


@pytest.mark.parametrize("path", UNIT_TESTS, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", path)


def test_every_alert_has_a_test() -> None:
    tested = "".join(path.read_text(encoding="utf-8") for path in UNIT_TESTS)
    assert [rule["alert"] for rule in ALERTS if f'alertname="{rule["alert"]}"' not in tested] == []


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_alerts_say_what_to_do_in_vietnamese_first(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning", "notice")
    for text in (rule["annotations"]["summary"], rule["annotations"]["description"]):
        vietnamese, english = re.sub(r"\{\{[^}]*\}\}", "", text).split(" | ")
        assert re.search("[ạảãàáậầấẩẫâăặằắẳẵẹẻẽềếệểễêịỉĩìíọỏõòóộồốổỗôơợờớởỡụủũùúưựừứửữỳýỵỷỹđ]", vietnamese)
        assert english.isascii()
        assert english.endswith(".")


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_commands_in_alerts_exist(rule: dict[str, Any]) -> None:
    text = rule["annotations"]["description"]
    for typed in re.findall(r"`schoolguard ([^`]+)`", text):
        assert name_of(typed) in COMMANDS, typed


def test_folders_beside_the_configuration_are_none_of_it() -> None:
    loaded = load(CONFIG)
    assert not [finding for finding in loaded.warnings if re.search("prometheus|grafana", str(finding))]
