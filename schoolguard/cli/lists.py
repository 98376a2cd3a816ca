"""``schoolguard lists``: compile lists, show what became of them, find a name in them, give them away."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import click

from schoolguard.cli.options import (
    NO_SNAPSHOT,
    Failed,
    config,
    json_option,
    language_option,
    load_settings,
)
from schoolguard.config.tier_names import TIER_NAMES
from schoolguard.hub.export.writing import Form
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.node.compiling import CompileFailed, Compiler, Layers
from schoolguard.node.listing import lookup_dicts, report_dicts, report_lines
from schoolguard.node.subscribed_screen import standing_lines, standing_members, standing_of
from schoolguard.node.transfer_screen import transfer_lines, transfers_now
from schoolguard.node.typed import domain_name
from schoolguard.node.writing_out import left_lines, write_tier


@click.group()
def lists() -> None:
    """Compile lists, show what became of them, find a name in them, give them away."""


@lists.command("compile")
@config
@language_option
@json_option
def compile_(folder: Path, language: str, as_json: bool) -> None:
    """Compile the lists into a snapshot; a running gateway takes it with `schoolguard reload`."""
    translate = translator(language)
    settings = load_settings(folder, translate)
    try:
        layers = asyncio.run(Compiler(settings.paths.state).compile(settings))
    except CompileFailed as error:
        raise Failed(error, translate) from error
    _print_report(layers, translate, as_json)


@lists.command()
@click.argument("list_id", required=False)
@config
@language_option
@json_option
def show(list_id: str | None, folder: Path, language: str, as_json: bool) -> None:
    """Show what became of each list; with LIST_ID, also its first refused lines."""
    translate = translator(language)
    settings = load_settings(folder, translate)
    layers = Compiler(settings.paths.state).ready()
    if layers is None:
        raise Failed(Said(NO_SNAPSHOT), translate)
    known = [row.id for row in layers.rows]
    if list_id is not None and list_id not in known:
        said = Said(N_("no list {id!r}; known are: {known}"), id=list_id, known=", ".join(known))
        raise Failed(said, translate)
    standing = standing_of(settings)
    if as_json:
        rows = report_dicts(layers)
        for row in rows:
            row["fetched"] = standing_members(standing, row["id"], time.time())
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    _print_report(layers, translate, as_json, list_id)
    for line in standing_lines(standing, [list_id] if list_id else known, time.time(), translate):
        click.echo(line)


@lists.command()
@click.argument("name")
@config
@language_option
@json_option
def lookup(name: str, folder: Path, language: str, as_json: bool) -> None:
    """Find every list and line that names NAME or a parent of it."""
    _ = translate = translator(language)
    settings = load_settings(folder, translate)
    refused: list[str] = []
    try:
        found = lookup_dicts(settings, domain_name(name), refused)
    except Said as error:
        raise Failed(error, translate) from error
    count = 0
    for line in found:
        count += 1
        text = "{list}:{line}: {text}".format(**line)
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else text)
    for reason in refused:
        click.echo(reason, err=True)
    if not count:
        click.echo(_("no list names {name}").format(name=name), err=True)
        sys.exit(1)


@lists.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice([form.value for form in Form]), required=True)
@click.option("--tier", type=click.Choice(TIER_NAMES), required=True, help="Whose blocks.")
@click.option("--zone", help="Name of the policy zone; else the one that the tier is served under.")
@config
@language_option
def render(file: Path, form: str, tier: str, zone: str | None, folder: Path, language: str) -> None:
    """Write what a tier blocks to FILE, for another resolver, with the orders of the running gateway."""
    translate = translator(language)
    settings = load_settings(folder, translate)
    try:
        named = None if zone is None else domain_name(zone)
        done = write_tier(settings, Form(form), tier, named, file, time.time())
    except Said as error:
        raise Failed(error, translate) from error
    for line in left_lines(done, translate):
        click.echo(line, err=True)


@lists.command()
@config
@language_option
@json_option
def transfers(folder: Path, language: str, as_json: bool) -> None:
    """Show the zones that are kept by zone transfer, and those that are served."""
    translate = translator(language)
    found = transfers_now(load_settings(folder, translate))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(transfer_lines(found, translate)))


def _print_report(layers: Layers, translate: Translate, as_json: bool, list_id: str | None = None) -> None:
    if as_json:
        click.echo(json.dumps(report_dicts(layers), ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(report_lines(layers, translate, list_id)))
