"""``schoolguard budget``: what is used and left of the time budgets today."""

from __future__ import annotations

import json
from pathlib import Path

import click

from schoolguard.cli.options import Failed, ask, config, json_option, language_option
from schoolguard.language import Said, translator
from schoolguard.node.budget_commands import budget_lines


@click.group()
def budget() -> None:
    """Show what the devices have used of their time budgets today."""


@budget.command()
@click.option("--group", help="Only this group: its name, or SCHOOL/NAME.")
@click.option("--device", help="All budgets of one device: its MAC or address.")
@config
@language_option
@json_option
def show(group: str | None, device: str | None, folder: Path, language: str, as_json: bool) -> None:
    """Show the minutes used and left, for each device and budget; never which names were asked."""
    translate = translator(language)
    asked = {name: text for name, text in (("group", group), ("device", device)) if text is not None}
    answer = ask(folder, "budget-show", language, asked)
    if not answer["ok"]:
        errors = answer.get("errors", [answer.get("error", "")])
        raise Failed(Said("{reason}", reason="; ".join(errors)), translate)
    if as_json:
        click.echo(json.dumps(answer["budgets"], ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(budget_lines(answer, translate)))
