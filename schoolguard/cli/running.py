"""``schoolguard reload`` and ``status``: commands to a gateway that runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from schoolguard.cli.options import Failed, ask, config, language_option
from schoolguard.language import N_, Said, translator
from schoolguard.lists.rows import State
from schoolguard.node.listing import state_words, why


@click.command()
@config
@language_option
def reload(folder: Path, language: str) -> None:
    """Make the running gateway read its configuration and lists anew."""
    _ = translate = translator(language)
    answer = ask(folder, "reload", language)
    if not answer["ok"]:
        for error in answer["errors"]:
            click.echo(error, err=True)
        raise Failed(Said(N_("reload refused; the gateway goes on as before")), translate)
    told = _("in force: generation {generation}, {names} names")
    click.echo(told.format(generation=answer["generation"], names=answer["names"]))
    for each in answer["lists"]:
        state = State(each["state"])
        if state is not State.FRESH:
            told = _("list {id}: {state}: {reason}")
            reason = why(each["reason"], each["message"], translate)
            click.echo(
                told.format(id=each["id"], state=state_words(state, translate), reason=reason), err=True
            )


@click.command()
@config
@language_option
def status(folder: Path, language: str) -> None:
    """Show the state of the running gateway as JSON."""
    click.echo(json.dumps(ask(folder, "status", language), ensure_ascii=False, indent=1))
