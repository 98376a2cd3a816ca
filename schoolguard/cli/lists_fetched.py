"""``schoolguard lists fetch`` and ``lists cards``: public lists, and what each list is good for."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.options import Failed, config, json_option, language_option, load_settings
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.node.commands import NoGateway, ask_gateway
from schoolguard.node.fetch_commands import fetch_here, fetched_lines, fetched_members
from schoolguard.node.starting import control_path
from schoolguard.node.subscribed_cards import card_lines, card_members, cards_of
from schoolguard.settings import Settings


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--agree", is_flag=True, help="Take what the guardrails hold until a person agrees.")
@config
@language_option
@json_option
def fetch(ids: tuple[str, ...], agree: bool, folder: Path, language: str, as_json: bool) -> None:
    """Fetch public lists now, all of them or those named; a running gateway puts them in force."""
    translate = translator(language)
    settings = load_settings(folder, translate)
    try:
        answer = _fetched(settings, ids, agree=agree, language=language)
    except Said as error:
        raise Failed(error, translate) from error
    except OSError as error:
        said = Said("{why}", why=f"{settings.paths.subscriptions}: {error.strerror or error}")
        raise Failed(said, translate) from error
    if not answer["ok"]:
        raise Failed(Said("{why}", why=tuple(answer["errors"])), translate)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1, default=str))
    else:
        _show(answer, translate)
    sys.exit(bool(answer["problem"]) or any(each["why"] is not None for each in answer["lists"]))


def _fetched(settings: Settings, ids: tuple[str, ...], *, agree: bool, language: str) -> dict[str, Any]:
    asked = {"ids": list(ids), "agreed": agree}
    try:
        answer = ask_gateway(control_path(settings), "lists-fetch", language, asked)
    except NoGateway as error:
        if isinstance(error.__cause__, PermissionError):
            raise
        lists = fetched_members(fetch_here(settings, ids, agreed=agree), time.time())
        return {"ok": True, "running": False, "problem": None, "lists": lists}
    return {"running": True, **answer}


def _show(answer: dict[str, Any], translate: Translate) -> None:
    _ = translate
    for line in fetched_lines(answer["lists"], translate):
        click.echo(line)
    if answer["problem"]:
        told = _("the lists could not be put in force, the former ones stay: {problem}")
        click.echo(told.format(problem=answer["problem"]), err=True)
    if not answer["running"]:
        click.echo(_("no gateway runs here; the next one to start compiles what came"), err=True)


@click.command()
@config
@language_option
@json_option
def cards(folder: Path, language: str, as_json: bool) -> None:
    """Show what each list is good for: entries, what only it has, hits among the names asked, age."""
    translate = translator(language)
    settings = load_settings(folder, translate)
    try:
        found = cards_of(settings)
    except (SnapshotBroken, OSError) as error:
        said = Said(N_("the lists cannot be read: {problem}"), problem=error)
        raise Failed(said, translate) from error
    if as_json:
        click.echo(json.dumps(card_members(found, time.time()), ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(card_lines(found, time.time(), translate)))
