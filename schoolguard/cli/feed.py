"""``schoolguard feed``: what a school sends to its province, to the last number; and how it begins to.

It reads files beside the running gateway and asks it how sending goes; only ``enrol`` and ``rotate-key``
speak to the receiver.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.feed_files import export, verify
from schoolguard.cli.options import Failed, config, json_option, language_option, load_settings
from schoolguard.feed.code import read_code
from schoolguard.feed.enrolled import EnrolledFile
from schoolguard.feed.enrolling import Asking, change_key, enrol, pinned
from schoolguard.feed.web import session
from schoolguard.intake.orders.key import gateway_key
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.node.commands import NoGateway, ask_gateway
from schoolguard.node.feed_outbox import count_in
from schoolguard.node.feed_seen import STORE, documents, introduction, newest, page
from schoolguard.node.local_time import clock_text
from schoolguard.node.standing import SOFTWARE
from schoolguard.node.starting import control_path
from schoolguard.settings import Settings

KEY = "gateway.key"

_TO_IS_OFF = N_("nothing is sent: `feed.to` is off, or no publisher is configured")
_NO_GATEWAY = N_("no gateway runs here, so nothing is sent now")


@contextmanager
def failing(translate: Translate) -> Iterator[None]:
    """End the command with exit code 1 and a sentence."""
    try:
        yield
    except Said as error:
        raise Failed(error, translate) from error
    except OSError as error:
        said = Said(N_("{path}: {problem}"), path=error.filename, problem=error.strerror)
        raise Failed(said, translate) from error


@click.group(commands=[verify, export])
def feed() -> None:
    """Summaries for the province: see what is sent, and begin to send."""


@feed.command("enrol")
@click.argument("code")
@config
@language_option
def enrol_(code: str, folder: Path, language: str) -> None:
    """Enrol this gateway for a school with the one-time CODE that the province gave."""
    _ = translate = translator(language)
    settings = load_settings(folder, translate)
    with failing(translate):
        typed, to, state = read_code(code), _to(settings), settings.paths.state
        schools = [school.id for school in settings.schools]
        asking = Asking(gateway_key(_made(state) / KEY), schools, SOFTWARE)

        async def ask() -> tuple[bytes, str]:
            async with session() as http:
                return await enrol(http, to, typed, asking)

        answer, base = asyncio.run(ask())
        home, school = pinned(EnrolledFile(state), answer, typed, asking, base)
    text = _("{school} is enrolled at {to}; its gateway is called {gateway} there")
    click.echo(text.format(school=school, to=home.to, gateway=home.gateway))
    click.echo(_("see what is sent: schoolguard feed show"))


@feed.command("rotate-key")
@config
@language_option
def rotate_key(folder: Path, language: str) -> None:
    """Let a new key take the place of this gateway's; documents that wait are taken all the same."""
    _ = translate = translator(language)
    settings = load_settings(folder, translate)
    with failing(translate):
        state = settings.paths.state
        home = EnrolledFile(state).read()
        if home is None:
            raise Said(N_("no school is enrolled; there is no key to change"))
        enrolled, to = home, _to(settings)

        async def change() -> str:
            async with session() as http:
                return await change_key(http, to, state, enrolled)

        public = asyncio.run(change())
    click.echo(_("the new key is {key}").format(key=public))
    click.echo(
        _("a running gateway signs with it from now on; where the province takes receipts of orders, tell it")
    )


@feed.command()
@config
@language_option
@json_option
def status(folder: Path, language: str, as_json: bool) -> None:
    """Show where summaries go, which schools are enrolled, what waits and how sending goes."""
    translate = translator(language)
    settings = load_settings(folder, translate)
    with failing(translate):
        found = _status(settings, language)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for line in _status_lines(found, translate):
        click.echo(line)


@feed.command()
@click.argument("sequence", type=click.IntRange(min=1), required=False)
@click.option("--school", metavar="ID", help="Of this school; default all.")
@config
@language_option
@json_option
def show(sequence: int | None, school: str | None, folder: Path, language: str, as_json: bool) -> None:
    """Show what is sent, member by member, in words; the last of each kind, or the one with a SEQUENCE.

    With --json the signed documents as they are, one a line.
    """
    _ = translate = translator(language)
    state = load_settings(folder, translate).paths.state
    with failing(translate):
        all_ = [each for each in documents(state) if school in (None, each.school)]
        found = newest(all_) if sequence is None else [each for each in all_ if each.sequence == sequence]
        if not found and sequence is not None:
            raise Said(N_("there is no document {sequence} here any more, or not yet"), sequence=sequence)
    if as_json:
        for each in found:
            click.echo(each.document)
        return
    for line in introduction(translate):
        click.echo(line)
    if not found:
        click.echo(_("No period was closed yet, so there is nothing to show."))
    for line in page(found, translate, vietnamese=language == "vi"):
        click.echo(line)


def _to(settings: Settings) -> str:
    if settings.feed.to is None:
        raise Said(_TO_IS_OFF)
    return settings.feed.to


def _made(state: Path) -> Path:
    """Return the state folder, made if the gateway never ran."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return state


def _status(settings: Settings, language: str) -> dict[str, Any]:
    state = settings.paths.state
    home, store = EnrolledFile(state).read(), state / STORE
    waiting = count_in(store) if store.is_file() else {}
    enrolled = {} if home is None else dict(home.schools)
    found: dict[str, Any] = {
        "to": settings.feed.to,
        "gateway": None if home is None else home.gateway,
        "receiver": None if home is None else home.receiver.hex(),
        "schools": [
            {
                "school": id,
                "enrolled": enrolled.get(id),
                "waiting": waiting.get(id, (0, 0))[0],
                "oldest": waiting.get(id, (0, None))[1],
            }
            for id in sorted({school.id for school in settings.schools} | enrolled.keys())
        ],
        "running": None,
    }
    try:
        answer = ask_gateway(control_path(settings), "feed", language)
    except NoGateway:
        return found
    return found | {"running": {key: value for key, value in answer.items() if key != "ok"}}


def _status_lines(found: dict[str, Any], translate: Translate) -> Iterator[str]:
    _ = translate
    if found["to"] is None:
        yield _(_TO_IS_OFF)
    elif found["gateway"] is None:
        yield _("nothing is sent: no school is enrolled; ask the province for a code")
    else:
        yield _("summaries go to {to}; this gateway is called {gateway} there").format(**found)
    for each in found["schools"]:
        text = _("{school}: enrolled {time}") if each["enrolled"] else _("{school}: not enrolled")
        line = text.format(school=each["school"], time=clock_text(each["enrolled"] or 0))
        if each["waiting"]:
            waits = _("{count} documents wait, the oldest of {time}")
            line += "; " + waits.format(count=each["waiting"], time=clock_text(each["oldest"]))
        yield line
    running = found["running"]
    yield from [_(_NO_GATEWAY)] if running is None else _running_lines(running, translate)


def _running_lines(running: dict[str, Any], translate: Translate) -> Iterator[str]:
    _ = translate
    if running.get("errors") or running.get("error"):
        yield _("the running gateway knows no feed; restart it")
        return
    if running["success"]:
        text = _("last delivery {time}; {delivered} documents since the start, {bytes} bytes")
        yield text.format(**running | {"time": clock_text(running["success"])})
    if running["problem"]:
        yield _("nothing is delivered now: {problem}").format(problem=running["problem"])
    if abs(running["clock-ahead-seconds"] or 0) > 60:
        text = _("this gateway's clock is {seconds} s ahead of the province's")
        yield text.format(seconds=running["clock-ahead-seconds"])
    if running["failing"]:
        yield _("the open period cannot be closed; look at the log")
    for each in running["aside"]:
        yield _("not taken: {school}, document {sequence}: {reason}").format(**each)
