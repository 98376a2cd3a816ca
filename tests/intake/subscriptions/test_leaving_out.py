"""Names taken out of a list file: every other entry stays, on its own line, in every format."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.intake.subscriptions.leaving_out import leave_out
from schoolguard.lists.formats import read
from schoolguard.lists.model import Entry, ListSource, Report

FORMS = {
    "plain": "{}\n",
    "wildcard": "*.{}\n",
    "hosts": "0.0.0.0 {}\n",
    "dnsmasq": "address=/{}/\n",
    "unbound": 'local-zone: "{}" always_null\n',
    "adblock": "||{}^\n",
}
NAMES = [f"n{number}.example" for number in range(12)]


def entries(source: ListSource) -> set[Entry]:
    return set(read(source, Report(source.id, source.format)))


@pytest.mark.parametrize("format", FORMS)
@given(st.lists(st.sampled_from(NAMES), min_size=1), st.frozensets(st.sampled_from(NAMES)))
@settings(max_examples=20, deadline=None)
def test_every_other_entry_stays(format: str, names: list[str], left_out: frozenset[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        path.write_text("# a list\n" * (format != "adblock") + "".join(map(FORMS[format].format, names)))
        source = ListSource("list", str(path), 0, format=format)
        before = entries(source)
        leave_out(source, left_out)
        if set(names) <= left_out:
            assert not any(name in path.read_text() for name in NAMES)
        else:
            assert entries(source) == {entry for entry in before if entry.name not in left_out}
        assert [each.name for each in Path(folder).iterdir()] == ["list"]


@pytest.mark.parametrize(
    ("format", "line", "left"),
    [
        ("hosts", "0.0.0.0 a.example b.example c.example # all three\n", "0.0.0.0 a.example c.example\n"),
        ("dnsmasq", "address=/a.example/b.example/c.example/\n", "address=/a.example/c.example/\n"),
        ("adblock", "@@||b.example^\n||a.example^\n", "@@||b.example^\n||a.example^\n"),
    ],
)
def test_a_line_with_several_names_keeps_the_others_and_an_exception_stays(
    tmp_path: Path, format: str, line: str, left: str
) -> None:
    path = tmp_path / "list"
    path.write_text(line)
    leave_out(ListSource("list", str(path), 0, format=format), {"b.example"})
    assert path.read_text() == left
