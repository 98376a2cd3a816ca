"""The control socket: ``schoolguard reload`` and ``status`` speak to the running gateway through it.

One JSON line in, one JSON line out: ``{"command": name, "language": "vi", "arguments": {...}}``, the last
only for a command that takes some; errors come back in the asker's language. Only the gateway's own user can
open it (mode 0600).
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schoolguard.language import LANGUAGES, N_, Said, Translate, translator

MAX_LINE = 1 << 20
ANSWER_SECONDS = 600.0
"""A reload may have to compile millions of names first."""

Command = Callable[[], Awaitable[dict[str, Any]]]
"""Its answer may hold ``Said`` errors among what JSON has; one that it raises becomes ``errors``."""

Arguments = Mapping[str, Any]
"""What the asker wrote: any JSON may be in it."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A command that takes arguments, where the others take none."""

    run: Callable[[Arguments], Awaitable[dict[str, Any]]]


class NoGateway(Said):
    """No gateway answers on the control socket; the message says what to do."""


class CommandServer:
    """Serves named commands on a Unix socket."""

    def __init__(self, path: Path, commands: Mapping[str, Command | Taking]) -> None:
        self._path = path
        self._commands = commands
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket left by a control process that died is replaced. Raises ``OSError``."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=MAX_LINE)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            if line:  # a worker that looks for its successor only connects
                writer.write(await self._run(line))
                await writer.drain()
        except (ConnectionError, ValueError):
            return  # the other side went away, or sent more than a line may hold
        finally:
            writer.close()

    async def _run(self, line: bytes) -> bytes:
        try:
            asked = json.loads(line)
            command, language = self._commands[asked["command"]], asked.get("language")
            arguments = asked.get("arguments", {})
        except (ValueError, KeyError, TypeError, RecursionError):
            known = ", ".join(sorted(self._commands))
            return _json_line({"ok": False, "error": f"unknown command; known are {known}"}, str)
        translate = translator(language) if language in LANGUAGES else str
        return _json_line(await _answer(command, arguments), translate)


async def _answer(command: Command | Taking, arguments: object) -> dict[str, Any]:
    if not isinstance(arguments, dict) or (arguments and not isinstance(command, Taking)):
        return {"ok": False, "error": "unknown arguments"}
    try:
        return await (command.run(arguments) if isinstance(command, Taking) else command())
    except Said as error:
        return {"ok": False, "errors": [error]}


def _json_line(answer: dict[str, Any], translate: Translate) -> bytes:
    def spoken(value: object) -> str:
        if isinstance(value, Said):
            return value.say(translate)
        raise TypeError(f"{value!r} has no place in JSON")

    return json.dumps(answer, ensure_ascii=False, default=spoken).encode() + b"\n"


def ask_gateway(
    path: Path, command: str, language: str = "en", arguments: Arguments | None = None
) -> dict[str, Any]:
    """Return a running gateway's answer to a command, its errors in ``language``; raises ``NoGateway``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(ANSWER_SECONDS)
        try:
            sock.connect(str(path))
            sock.sendall(_asked(command, language, arguments))
            with sock.makefile("rb") as answer:
                line = answer.readline()
        except PermissionError as error:
            msgid = N_("{path}: not allowed; run this as the gateway's user or with sudo")
            raise NoGateway(msgid, path=path) from error
        except OSError as error:
            msgid = N_("{path}: no gateway answers ({problem}); is one running from here?")
            raise NoGateway(msgid, path=path, problem=error.strerror or error) from error
    if not line:
        raise NoGateway(N_("{path}: the gateway ended before it answered; look at its log"), path=path)
    answered: dict[str, Any] = json.loads(line)
    return answered


def _asked(command: str, language: str, arguments: Arguments | None) -> bytes:
    asked: dict[str, Any] = {"command": command, "language": language}
    return json.dumps(asked if arguments is None else asked | {"arguments": arguments}).encode() + b"\n"
