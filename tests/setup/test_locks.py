"""The lock files hold every dependency, pinned, with hashes, and name no package index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-test.lock")


def entries(lock: str) -> dict[str, tuple[str, int]]:
    """Return name -> (version, number of hashes) of a lock file."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    found = re.findall(r"(?m)^([a-z0-9][a-z0-9.-]*)==(\S+)(.*)$", text)
    return {name: (version, rest.count("--hash=sha256:")) for name, version, rest in found}


def wanted(extra: str | None) -> set[str]:
    """Return the names that pyproject.toml asks for, as a lock spells them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    if extra is not None:
        asked += project["project"]["optional-dependencies"][extra]
    return {re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower().replace("_", "-") for line in asked}


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_is_pinned_with_hashes(lock: str) -> None:
    found = entries(lock)
    assert found
    assert [name for name, (_, hashes) in found.items() if not hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_is_named(lock: str) -> None:
    assert re.search(r"https?://|--index|--extra-index|--find-links", (ROOT / lock).read_text()) is None


@pytest.mark.parametrize(("lock", "extra"), [(LOCKS[0], None), (LOCKS[1], "test")])
def test_every_dependency_is_locked(lock: str, extra: str | None) -> None:
    missing = wanted(extra) - set(entries(lock))
    assert missing == set(), "type: make lock"


def test_tests_run_on_what_is_shipped() -> None:
    shipped, tested = entries(LOCKS[0]), entries(LOCKS[1])
    assert {name: tested.get(name) for name in shipped} == shipped
