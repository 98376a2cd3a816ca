"""Who may look, that each look is written down before, and that whatever is sent is answered."""

from __future__ import annotations

import asyncio
import grp
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.language import Said
from schoolguard.node.audit import audit_path, verify
from schoolguard.querylog.arguments import NotAllowed
from schoolguard.querylog.asking import LogServer, NoAnswer, address_of, ask_log
from schoolguard.querylog.commands import LogCommands
from schoolguard.querylog.peer import Peer
from schoolguard.querylog.statement import statement
from tests.querylog.logs import ANNA, BERT, Log, terms

READERS = grp.getgrgid(0).gr_name
"""A group that every machine has."""

OPERATOR = Peer(os.geteuid(), "gateway", frozenset())
READER = Peer(60_123, "hieu-pho", frozenset({0}))
STRANGER = Peer(60_124, "ai-do", frozenset({60_124}))
WHO = {"by": "Cô Bình", "reason": "Phụ huynh hỏi"}


def identities(device: bytes) -> Iterable[bytes]:
    return (ANNA, BERT) if device == BERT else ()


@asynccontextmanager
async def two_schools(state: Path) -> AsyncIterator[tuple[Log, LogCommands]]:
    """Two schools with a row each; the readers of the first are a Unix group."""
    async with Log(state) as log:
        await log.log.configured([terms(readers=READERS), terms("b")])
        await log.ask("mot.example", device=ANNA)
        await log.ask("hai.example", device=BERT, school="b")
        yield log, LogCommands(log.log, log.write_down, identities, str)


def play(state: Path, scene: Callable[[Log, LogCommands], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with two_schools(state) as (log, commands):
            await scene(log, commands)

    asyncio.run(run())


def names(answer: dict[str, Any]) -> list[str]:
    return [each["name"] for each in answer["found"]]


def test_readers_see_their_school_and_the_operator_all(tmp_path: Path) -> None:
    async def scene(log: Log, commands: LogCommands) -> None:
        assert names(await commands.search(READER, WHO)) == ["mot.example"]
        assert names(await commands.search(OPERATOR, WHO)) == ["mot.example", "hai.example"]
        assert len((await commands.devices(READER, WHO))["devices"]) == 1
        for refused in (
            commands.search(STRANGER, WHO),
            commands.search(READER, {**WHO, "school": "b"}),
            commands.erase(READER, {**WHO, "device": ANNA.hex()}),
            commands.end(READER, WHO),
        ):
            with pytest.raises(NotAllowed):
                await refused
        assert log.audited()[2:] == ["query-log-search"] * 2 + ["query-log-devices"]

    play(tmp_path, scene)


def test_every_look_is_written_down_with_who_and_why_and_no_address(tmp_path: Path) -> None:
    async def scene(log: Log, commands: LogCommands) -> None:
        asked = {**WHO, "device": ANNA.hex(), "name": "MOT.example", "day": "2026-11-24"}
        (found,) = (await commands.search(READER, asked))["found"]
        entry = json.loads(audit_path(log.state).read_text().splitlines()[-1])
        written = {"by": "Cô Bình", "reason": "Phụ huynh hỏi", "user": "hieu-pho", "uid": 60_123}
        assert written.items() <= entry.items()
        assert (entry["name"], entry["day"], entry["schools"]) == ("mot.example", "2026-11-24", ["a"])
        assert entry["devices"] == [found["device"]]
        assert verify(audit_path(log.state)).entries == 3

    play(tmp_path, scene)


def test_a_look_that_cannot_be_written_down_shows_nothing(tmp_path: Path) -> None:
    async def scene(log: Log, commands: LogCommands) -> None:
        with audit_path(log.state).open("a") as file:
            file.write('{"n":99}\n')
        for command in (commands.search, commands.devices, commands.end):
            with pytest.raises(Said):
                await command(OPERATOR, {**WHO, "school": "a"})
        with pytest.raises(Said):
            await commands.erase(OPERATOR, {**WHO, "device": ANNA.hex()})
        assert await log.names() == ["mot.example", "hai.example"]
        assert len(log.log.on) == 2

    play(tmp_path, scene)


def test_a_device_is_erased_under_all_its_names_in_all_schools(tmp_path: Path) -> None:
    async def scene(log: Log, commands: LogCommands) -> None:
        await log.ask("ba.example", device=b"\x7f\0\0\x09")
        assert (await commands.erase(OPERATOR, {**WHO, "device": BERT.hex()}))["erased"] == 2
        (left,) = (await commands.search(OPERATOR, WHO))["found"]
        assert (await commands.erase(OPERATOR, {**WHO, "device": left["device"]}))["erased"] == 1
        assert names(await commands.search(OPERATOR, WHO)) == []

    play(tmp_path, scene)


def test_end_needs_a_school_when_there_are_several(tmp_path: Path) -> None:
    async def scene(_: Log, commands: LogCommands) -> None:
        with pytest.raises(NotAllowed):
            await commands.end(OPERATOR, WHO)
        assert (await commands.end(OPERATOR, {**WHO, "school": "b"}))["school"] == "b"
        assert names(await commands.search(OPERATOR, WHO)) == ["mot.example"]
        assert [each["school"] for each in (await commands.status(STRANGER, {}))["on"]] == ["a"]

    play(tmp_path, scene)


_texts = st.one_of(
    st.none(), st.text(max_size=20), st.integers(), st.sampled_from(["a", "b", ANNA.hex(), "mot.example"])
)
_arguments = st.dictionaries(
    st.sampled_from(["by", "reason", "school", "device", "name", "day", "most", "blocked"]), _texts
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.lists(_arguments, min_size=20, max_size=30))
def test_whatever_is_sent_is_answered_or_refused(
    sent: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def scene(_: Log, commands: LogCommands) -> None:
        for arguments in sent:
            for command in (commands.search, commands.devices):
                try:
                    answer = await command(READER, WHO | arguments)
                except Said:
                    continue
                assert answer["ok"]

    play(tmp_path_factory.mktemp("log"), scene)


def test_the_socket_knows_who_asks_and_refuses_rubbish(tmp_path: Path) -> None:
    async def whoami(peer: Peer, arguments: Any) -> dict[str, Any]:
        return {"ok": True, "uid": peer.uid, "root": peer.is_in(READERS), "given": dict(arguments)}

    async def scene() -> None:
        server = LogServer(address_of(tmp_path), {"whoami": whoami})
        await server.start()
        answer = await asyncio.to_thread(ask_log, tmp_path, "whoami", "vi", {"a": 1})
        assert answer == {"ok": True, "uid": os.getuid(), "root": os.getgid() == 0, "given": {"a": 1}}
        for line in (b"{}\n", b"[" * 30_000 + b"\n", b'"x"\n', b'{"command":"whoami","arguments":[]}\n'):
            reader, writer = await asyncio.open_unix_connection(address_of(tmp_path))
            writer.write(line)
            assert b"unknown command; known are whoami" in await reader.readline()
            writer.close()
            await writer.wait_closed()
        await server.close()

    asyncio.run(scene())
    with pytest.raises(NoAnswer):
        ask_log(tmp_path, "whoami", "en", {})


def test_the_statement_says_why_who_and_how_long() -> None:
    (off,) = statement([])
    assert "written down nowhere" in str(off)
    told = "\n".join(str(each) for each in statement([terms(readers="hieu-pho", days=7)]))
    for part in ("Bắt nạt qua mạng", "Hiệu trưởng", "6A", "23/11/2026", "03/12/2026", "7 days", "hieu-pho"):
        assert part in told
    assert "at midnight" in "\n".join(str(each) for each in statement([terms(days=1)]))
