"""The query log's own socket: asked by people on this machine, who are known by what the kernel says of them.

It has no path, so that the members of a readers' group reach it without a way into the state folder; whoever
connects, ``peer`` says who it is, and the commands decide. One JSON line in, one JSON line out, as on the
control socket. The asker makes sure in the same way that the gateway's own user answers.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from schoolguard.language import LANGUAGES, N_, Said, Translate, translator
from schoolguard.querylog.peer import Peer, peer_of

MAX_LINE, MAX_ANSWER = 1 << 16, 64 << 20
MOST_ASKERS = 8
LINE_SECONDS = 10.0
ANSWER_SECONDS = 120.0
"""An erasure rebuilds a file of at most 128 MiB, on a slow disk."""

Arguments = Mapping[str, Any]
Command = Callable[[Peer, Arguments], Awaitable[dict[str, Any]]]


class NoAnswer(Said):
    """No gateway answers, or somebody else does."""


def address_of(state: Path) -> str:
    """Return the socket's name in Linux's abstract namespace (unix(7)), one for each state folder."""
    return "\0schoolguard-query-log-" + hashlib.sha256(str(state).encode()).hexdigest()[:32]


class LogServer:
    """Serves commands by name."""

    def __init__(self, address: str, commands: Mapping[str, Command]) -> None:
        self._address = address
        self._commands = commands
        self._server: asyncio.Server | None = None
        self._asking = 0

    async def start(self) -> None:
        """Listen; raises ``OSError``."""
        self._server = await asyncio.start_unix_server(self._serve, self._address, limit=MAX_LINE)

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._asking += 1
        try:
            if self._asking <= MOST_ASKERS:
                peer = peer_of(writer.get_extra_info("socket"))
                line = await asyncio.wait_for(reader.readline(), LINE_SECONDS)
                writer.write(await self._run(peer, line))
                await asyncio.wait_for(writer.drain(), LINE_SECONDS)
        except (OSError, ValueError, TimeoutError):
            return  # the other side went away, is too slow, or sent more than a line may hold
        finally:
            self._asking -= 1
            writer.close()

    async def _run(self, peer: Peer, line: bytes) -> bytes:
        try:
            asked = json.loads(line)
            command, language, arguments = asked["command"], asked.get("language"), asked.get("arguments", {})
            run = self._commands[command]
            if not isinstance(arguments, dict):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            known = ", ".join(sorted(self._commands))
            return _line({"ok": False, "errors": [f"unknown command; known are {known}"]}, str)
        try:
            answer = await run(peer, arguments)
        except Said as error:
            answer = {"ok": False, "errors": [error]}
        return _line(answer, translator(language) if language in LANGUAGES else str)


def ask_log(state: Path, command: str, language: str, arguments: Arguments) -> dict[str, Any]:
    """Return the answer of the gateway with this state folder; raises ``NoAnswer``."""
    asked = {"command": command, "language": language, "arguments": arguments}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(ANSWER_SECONDS)
        try:
            sock.connect(address_of(state))
            _check_answerer(sock, state)
            sock.sendall(json.dumps(asked).encode() + b"\n")
            with sock.makefile("rb") as answer:
                line = answer.readline(MAX_ANSWER)
        except OSError as error:
            msgid = N_("{path}: no gateway answers ({problem}); is one running from here?")
            raise NoAnswer(msgid, path=state, problem=error.strerror or error) from error
    if not line.endswith(b"\n"):
        raise NoAnswer(N_("{path}: the gateway ended before it answered; look at its log"), path=state)
    answered: dict[str, Any] = json.loads(line)
    return answered


def _check_answerer(sock: socket.socket, state: Path) -> None:
    """Refuse a stranger who took the name: what is typed here, and believed, is not for him."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
    uid = struct.unpack("iII", raw)[1]
    if uid != state.stat().st_uid:
        raise NoAnswer(
            N_("{path}: user {uid}, who does not own it, answers in its place"), path=state, uid=uid
        )


def _line(answer: dict[str, Any], translate: Translate) -> bytes:
    def spoken(value: object) -> str:
        if isinstance(value, Said):
            return value.say(translate)
        raise TypeError(f"{value!r} has no place in JSON")

    return json.dumps(answer, ensure_ascii=False, default=spoken).encode() + b"\n"
