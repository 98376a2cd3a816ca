"""``schoolguard store``, on the file of a gateway that is writing it and on damaged ones."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schoolguard.cli.store import store as command
from schoolguard.config import load
from schoolguard.node.local_time import VIET_NAM
from schoolguard.querylog.standing import Standing, write
from schoolguard.store.bounds import Bounds
from schoolguard.store.model import Delta
from schoolguard.store.reading import CannotRead, figures, problem
from schoolguard.store.store import Store
from tests.site import Site
from tests.store.counted import MINUTE, Span, cell, words
from tests.store.filled import fill


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path, 5300, 9153, upstreams=["127.0.0.1@5353"]).write()
    made.state.mkdir(exist_ok=True)
    return made


def run(site: Site, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--config", str(site.config), "--language", "en"])


def test_before_the_first_start_there_is_none(site: Site) -> None:
    for name in ("status", "check"):
        result = run(site, name)
        assert result.exit_code == 1
        assert "there is no store yet" in result.output
    assert list(site.state.iterdir()) == []


def test_numbers(site: Site) -> None:
    given = fill(site.state / "store.db", minutes=22, cells=12)
    result = run(site, "status")
    assert result.exit_code == 0
    assert "thcs-a: " in result.output
    assert "summaries wait for the province" in result.output
    assert "lost: 11 queries were answered and not counted" in result.output
    told = json.loads(run(site, "status", "--json").output)
    assert told["kinds"]["minute"]["rows"] + told["fresh"] >= len(given.minutes)
    assert told["waiting"] == len(given.documents)
    assert told["waiting_bytes"] == sum(map(len, given.documents.values()))
    assert told["schools"]["thcs-a"]["queries"] == sum(
        queries for key, queries in given.open.items() if key.school == "thcs-a"
    )
    assert told["lost"]["untold"] == 11
    assert told["bounds"]["minutes"] == Bounds().minutes


def test_it_reads_beside_the_writer(site: Site) -> None:
    path = site.state / "store.db"

    async def work() -> None:
        store = await Store.open(path, Bounds(), 0)
        for number in range(1, 22):
            await store.add([Delta("w", number, MINUTE, {cell(0): 1})], 0)
            if number % 10 == 0:
                await store.close_period("thcs-a", Span, words)
            found = await asyncio.to_thread(figures, path)
            assert found.fresh == 1
            assert found.waiting == number // 10
            assert await asyncio.to_thread(problem, path) is None
        assert found.log > 0
        await store.close()

    asyncio.run(work())


def test_damage_is_said_and_nothing_changed(site: Site) -> None:
    path = site.state / "store.db"
    fill(path, minutes=4, cells=4)
    assert run(site, "check").output.endswith("whole\n")
    content = bytearray(path.read_bytes())
    content[content.rindex(b"safe-search")] ^= 1
    path.write_bytes(content)
    result = run(site, "check")
    assert result.exit_code == 1
    assert "damaged: " in result.output
    assert json.loads(run(site, "check", "--json").output)["whole"] is False
    assert path.read_bytes() == content
    path.write_bytes(b"no store at all")
    assert problem(path) is not None
    with pytest.raises(CannotRead, match="cannot be read"):
        figures(path)
    assert path.read_bytes() == b"no store at all"


def test_the_statement_says_what_is_configured(site: Site) -> None:
    text = run(site, "retention").output
    assert "14 days old" in text
    assert "at most 256 MiB" in text
    assert "No summary of these counts leaves this machine" in text
    assert "kept for 8 days" in text
    assert "No query log is kept" in text
    changed = site.config / "schoolguard.yaml"
    changed.write_text(
        changed.read_text(encoding="utf-8")
        + "store: {minutes: 2d, size: 1 GiB}\nkeep-names-asked: false\nfeed: {to: 'https://so.example/'}\n",
        encoding="utf-8",
    )
    told = json.loads(run(site, "retention", "--json").output)["statement"]
    text = "\n".join(told)
    assert "are deleted when they are 2 days old" in text
    assert "at most 1 GiB" in text
    assert "summaries of these counts go to the province" in text
    assert "are not kept" in text


def test_the_statement_names_a_query_log_until_it_is_ended(site: Site) -> None:
    today = datetime.now(VIET_NAM).date()
    first, last = today - timedelta(days=1), today + timedelta(days=9)
    changed = site.config / "schoolguard.yaml"
    section = (
        "query-log: {{reason: Điều tra, requested-by: Hiệu trưởng, from: {}, until: {}, groups: [Khách]}}"
    )
    text = changed.read_text(encoding="utf-8") + section.format(first, last) + "\n"
    changed.write_text(text, encoding="utf-8")
    told = run(site, "retention").output
    assert f"From {first:%d/%m/%Y} to {last:%d/%m/%Y} the school keeps a query log" in told
    (terms,) = load(site.config).settings.query_logs
    standing = Standing()
    standing.end(terms, by_hand=True)
    write(site.state / "query-log.json", standing)
    assert "No query log is kept" in run(site, "retention").output
