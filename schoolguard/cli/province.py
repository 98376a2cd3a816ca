"""``schoolguard province``, ``lists import`` and ``lists export``: the publisher that is followed.

The running gateway does the work; without one, ``lists import`` does it alone, and the next start judges by
what was brought. Nothing carried here is believed more than what comes over the network.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.options import Failed, ask, config, json_option, language_option, load_settings
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.node.commands import NoGateway, ask_gateway
from schoolguard.node.following_offline import import_offline
from schoolguard.node.local_time import clock_text
from schoolguard.node.starting import control_path

_FOLDER = click.argument("directory", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def province() -> None:
    """The province's publisher, whose lists and orders this gateway follows."""


@province.command()
@config
@language_option
@json_option
def status(folder: Path, language: str, as_json: bool) -> None:
    """Show what came from the publisher, how old it is, and what is wrong."""
    answer = _right(ask(folder, "province-status", language), translator(language))
    _show(answer, as_json, translator(language))


@province.command()
@config
@language_option
@json_option
def preview(folder: Path, language: str, as_json: bool) -> None:
    """Show which names asked here last week lists on their way would newly block; nothing of it is sent."""
    translate = translator(language)
    answer = _right(ask(folder, "province-preview", language), translate)
    if as_json:
        click.echo(json.dumps(answer["previews"], ensure_ascii=False, indent=1))
        return
    for line in _preview_lines(answer["previews"], translate):
        click.echo(line)


@click.command("import")
@_FOLDER
@config
@language_option
@json_option
def import_(directory: Path, folder: Path, language: str, as_json: bool) -> None:
    """Take the publisher's lists and orders from a copy in DIRECTORY, such as a stick."""
    translate = translator(language)
    settings = load_settings(folder, translate)
    place = directory.absolute()
    try:
        answer = ask_gateway(control_path(settings), "lists-import", language, {"folder": str(place)})
    except NoGateway:
        try:
            answer = asyncio.run(import_offline(settings, place))
        except Said as error:
            raise Failed(error, translate) from error
        for problem in answer["problems"]:
            if isinstance(text := problem["text"], Said):
                problem["text"] = text.say(translate)
    _right(answer, translate)
    _show(answer, as_json, translate)
    if not answer["taken"]:
        raise Failed(Said(N_("not everything was taken; what was in force stays so")), translate)


@click.command("export")
@_FOLDER
@config
@language_option
def export(directory: Path, folder: Path, language: str) -> None:
    """Write what came from the publisher to DIRECTORY, for `schoolguard lists import` elsewhere."""
    _ = translate = translator(language)
    arguments = {"folder": str(directory.absolute())}
    answer = _right(ask(folder, "lists-export", language, arguments), translate)
    click.echo(_("{count} files written").format(count=answer["files"]))


def _preview_lines(previews: list[dict[str, Any]], translate: Translate) -> Iterator[str]:
    _ = translate
    if not previews:
        yield _("no lists on their way are judged here now")
    for each in previews:
        text = _(
            "lists {state}: of {asked} names asked here, {blocked} would newly be blocked, {opened} opened"
        )
        yield text.format(**{**each, "state": each["state"][:16]})
        for name in each["names"]:
            mark = _("looks like a learning site") if name["learning"] else ""
            lists = ", ".join(name["lists"])
            yield f"  {name['name']}  {name['category']}  {lists}  {mark}".rstrip()


def _right(answer: dict[str, Any], translate: Translate) -> dict[str, Any]:
    if not answer["ok"]:
        reasons = answer.get("errors") or [answer["error"]]
        raise Failed(Said("{reasons}", reasons="; ".join(map(str, reasons))), translate)
    return answer


def _show(answer: dict[str, Any], as_json: bool, translate: Translate) -> None:
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    _ = translate
    now = datetime.now().astimezone().timestamp()
    success = clock_text(answer["success"], now) if answer["success"] else _("never")
    if "gateway" in answer:
        click.echo(_("key of this gateway: {key}").format(key=answer["gateway"]))
    click.echo(_("last believed: {time}").format(time=success))
    if "timestamp" in answer["expires"]:
        click.echo(_("holds until: {time}").format(time=clock_text(answer["expires"]["timestamp"], now)))
    state = answer["state"][:16] or "-"
    click.echo(_("lists in force: {state}").format(state=state))
    if answer["offered"] != answer["state"]:
        click.echo(_("lists offered: {state}").format(state=answer["offered"][:16] or "-"))
    click.echo(_("receipts to send: {count}").format(count=answer["receipts"]))
    for problem in answer["problems"]:
        click.echo(f"{problem['what']}: {problem['word']}: {problem['text']}", err=True)
