"""``schoolguard diff``: what another configuration would change, before it is put in force."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from schoolguard.cli.options import (
    EXIT_CONFIGURATION,
    NO_SNAPSHOT,
    Failed,
    config,
    json_option,
    language_option,
)
from schoolguard.config import ConfigError, load
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from schoolguard.node.coming import WEEK
from schoolguard.node.compiling import Compiler
from schoolguard.node.difference import Differences
from schoolguard.node.differing import MOST_NAMES, Side, differences
from schoolguard.node.differing_screen import differing_dict, differing_lines, tables_of
from schoolguard.node.lists_aside import lists_aside
from schoolguard.node.moment import typed_moment
from schoolguard.node.names_tried import evenly, names_asked, names_in
from schoolguard.settings import Settings


class _Trouble(Failed):
    """As with diff(1): 0 is no difference, 1 is some, 2 is trouble."""

    exit_code = 2


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="[OLD] NEW")
@click.option("--names", type=click.Path(path_type=Path), help="Try these names, one a line.")
@click.option("--at", metavar="TIME", help='Only at this time, in Viet Nam\'s: "2027-02-05 20:30".')
@config
@language_option
@json_option
def diff(
    folders: tuple[Path, ...], names: Path | None, at: str | None, folder: Path, language: str, as_json: bool
) -> None:
    """Show which of the names asked for lately configuration NEW would answer otherwise than OLD.

    OLD is the one of --config when only NEW is given; its compiled lists and its names are used. The coming
    seven days are looked at. Exits with 0 when nothing is different, 1 when something is, 2 for trouble.
    """
    if len(folders) not in (1, 2):
        raise click.UsageError("name one or two configuration folders: [OLD] NEW")
    translate = translator(language)
    former, new = _load(folder if len(folders) == 1 else folders[0], translate), _load(folders[-1], translate)
    notes: list[Said] = []
    try:
        found = _found(former, new, names, at, notes)
    except Said as error:
        raise _Trouble(error, translate) from error
    for note in notes:
        click.echo(note.say(translate), err=True)
    tables = tables_of(former, new)
    if as_json:
        click.echo(json.dumps(differing_dict(found, tables), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(differing_lines(found, tables, translate)))
    sys.exit(1 if found else 0)


def _found(
    former: Settings, new: Settings, names: Path | None, at: str | None, notes: list[Said]
) -> Differences:
    state = former.paths.state
    start = time.time() if at is None else typed_moment(at).seconds
    until = start + WEEK if at is None else start
    tried = names_asked(state) if names is None else names_in(names, notes)
    if len(tried) > MOST_NAMES:
        msgid = N_("{count} names are too many; {most} of them, spread evenly, are tried")
        notes.append(Said(msgid, count=len(tried), most=MOST_NAMES))
        tried = evenly(tried, MOST_NAMES)
    ready = Compiler(state).ready()
    if ready is None:
        raise Said(NO_SNAPSHOT)
    try:
        stack = Stack([Snapshot.open(Path(path)) for path in ready.paths])
        with lists_aside(new, state) as beside:
            return differences(Side(former, stack), Side(new, beside), tried, start, until)
    except SnapshotBroken as error:
        raise Said(N_("no compiled lists can be read: {problem}"), problem=error) from error


def _load(folder: Path, translate: Translate) -> Settings:
    try:
        return load(folder, translate=translate).settings
    except ConfigError as error:
        click.echo(f"{folder}:", err=True)
        for finding in error.findings:
            click.echo(f"  {finding}", err=True)
        sys.exit(EXIT_CONFIGURATION)
