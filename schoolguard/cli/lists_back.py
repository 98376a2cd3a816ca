"""``schoolguard lists rollback``: this gateway's lists of the publisher put back, and pinned there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.options import Failed, ask, config, json_option, language_option
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.node.local_time import clock_text

_BOTH = N_("--kept and --release go without a state")


@click.command()
@click.argument("state", required=False)
@click.option("--kept", is_flag=True, help="Only show what can be returned to, and what is pinned.")
@click.option("--release", is_flag=True, help="Follow the publisher again.")
@config
@language_option
@json_option
def rollback(
    state: str | None, kept: bool, release: bool, folder: Path, language: str, as_json: bool
) -> None:
    """Put the publisher's lists of before, or STATE, in force here and pin them until --release."""
    _ = translate = translator(language)
    if (kept or release) and (state or (kept and release)):
        raise Failed(Said(_BOTH), translate)
    command = "lists-kept" if kept else "lists-release" if release else "lists-rollback"
    arguments = {"state": state or ""} if command == "lists-rollback" else None
    answer = ask(folder, command, language, arguments)
    if not answer["ok"]:
        raise Failed(Said("{reason}", reason=answer["error"]), translate)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    elif kept:
        for line in _kept_lines(answer, translate):
            click.echo(line)
    elif release:
        click.echo(_("released; the publisher's newest lists come soon"))
    else:
        text = _(
            "lists {state} are in force and PINNED; new ones wait for: schoolguard lists rollback --release"
        )
        click.echo(text.format(state=answer["state"][:16]))


def _kept_lines(answer: dict[str, Any], translate: Translate) -> Iterator[str]:
    _, now = translate, datetime.now().astimezone().timestamp()
    yield _("lists in force: {state}").format(state=answer["state"][:16] or "-")
    if answer["pinned"]:
        since = clock_text(answer["pinned"]["since"], now)
        yield _("PINNED since {time}: {state}").format(time=since, state=answer["pinned"]["state"][:16])
    for each in answer["kept"]:
        yield _("kept, in force until {time}: {state}").format(
            time=clock_text(each["until"], now), state=each["state"][:16]
        )
