"""``schoolguard hub feed``: who may send summaries and who may read them; what came and what is missing.

The commands write into the receiver's file, and the publisher that runs takes it up at once.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.hub_options import clock, failing, hub_option, settings_of
from schoolguard.cli.options import json_option, language_option
from schoolguard.feed.code import new_code
from schoolguard.hub.feed.admission import CODE_LIFE, Admission
from schoolguard.hub.feed.importing import import_all
from schoolguard.hub.feed.key import receiver_key
from schoolguard.hub.feed.service import DATABASE
from schoolguard.hub.feed.tables import connect
from schoolguard.hub.feed.tokens import Scope, Tokens
from schoolguard.hub.feed.views import MOST_SCHOOLS, Views
from schoolguard.language import Translate, translator
from schoolguard.node.local_time import clock_text

_DAY = 86_400.0


@click.group()
def feed() -> None:
    """The receiver of schools' summaries: codes, tokens, and what came of each school."""


@feed.command()
@click.argument("school")
@click.option(
    "--days",
    default=CODE_LIFE / _DAY,
    show_default=True,
    type=click.FloatRange(0.01, 90),
    help="How long it holds.",
)
@click.option("--by", default="", metavar="NAME", help="Who makes it.")
@hub_option
@language_option
def code(school: str, days: float, by: str, hub: Path, language: str) -> None:
    """Make a one-time code with which one gateway is enrolled for SCHOOL; an unused one ends."""
    _ = translate = translator(language)
    with failing(translate):
        now, expires = clock(), clock() + days * _DAY
        made = new_code(secrets.token_bytes(32), receiver_key(hub).public_key().public_bytes_raw())
        with closing(connect(hub / DATABASE)) as connection:
            public = made.key().public_key().public_bytes_raw()
            Admission(connection, _nobody).add_code(public, school, expires, by, now)
    click.echo(str(made))
    text = _("for {school}, once, until {time}; on its gateway: schoolguard feed enrol CODE")
    click.echo(text.format(school=school, time=clock_text(expires)), err=True)


@feed.command()
@click.argument("what")
@hub_option
@language_option
def revoke(what: str, hub: Path, language: str) -> None:
    """Take no more from WHAT: a school, a gateway's id, or a key; what came stays."""
    _ = translate = translator(language)
    with failing(translate), closing(connect(hub / DATABASE)) as connection:
        revoked = Admission(connection, _nobody).revoke(what, clock())
    for each in (*revoked.gateways, *revoked.keys):
        click.echo(_("{what}: nothing more is taken from {each}").format(what=what, each=each))


@feed.command()
@click.argument("name")
@click.option(
    "--read",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    required=True,
    help="What it reads: the status of schools, or the summaries themselves.",
)
@click.option(
    "--days", default=365.0, show_default=True, type=click.FloatRange(0.01, 3_660), help="How long it holds."
)
@hub_option
@language_option
def token(name: str, scopes: tuple[str, ...], days: float, hub: Path, language: str) -> None:
    """Make a token called NAME with which a dashboard reads; it is shown this once."""
    _ = translate = translator(language)
    with failing(translate), closing(connect(hub / DATABASE)) as connection:
        now, expires = clock(), clock() + days * _DAY
        made = Tokens(connection).add(name, [*map(Scope, scopes)], expires, secrets.token_bytes(32), now)
    click.echo(made)
    click.echo(_("{name} reads until {time}").format(name=name, time=clock_text(expires)), err=True)


@feed.command()
@click.option("--remove", metavar="NAME", help="End this one.")
@hub_option
@language_option
def tokens(remove: str | None, hub: Path, language: str) -> None:
    """Show who reads, or end a token."""
    _ = translate = translator(language)
    with failing(translate), closing(connect(hub / DATABASE)) as connection:
        table = Tokens(connection)
        if remove is not None:
            table.remove(remove)
        held = table.all()
    for each in held:
        line = _("{name}: {scopes}, until {time}")
        scopes = ", ".join(sorted(each.scopes))
        click.echo(line.format(name=each.name, scopes=scopes, time=clock_text(each.expires)))


@feed.command()
@hub_option
@language_option
@json_option
def status(hub: Path, language: str, as_json: bool) -> None:
    """Show each school's last period, what is missing, and who is silent."""
    translate = translator(language)
    with failing(translate):
        silent_after = settings_of(hub, translate).feed.silent_after
        with closing(connect(hub / DATABASE, reads_only=True)) as connection:
            schools = list(_schools(Views(connection, silent_after)))
    for each in schools:
        click.echo(json.dumps(each, ensure_ascii=False) if as_json else _line(each, translate))


@feed.command("import")
@click.argument("place", type=click.Path(exists=True, path_type=Path))
@hub_option
@language_option
def import_(place: Path, hub: Path, language: str) -> None:
    """Take parcels that were carried here: a file, or all of a folder; an answer is written beside each."""
    _ = translate = translator(language)
    with failing(translate):
        for each in import_all(hub, place, clock()):
            if each.problem is not None:
                click.echo(f"{each.path}: {each.problem.say(translate)}", err=True)
                continue
            text = _("{path}: {accepted} new, {duplicate} known, {refused} not taken")
            click.echo(text.format(path=each.path, **each.counts))


def _schools(views: Views) -> Iterator[dict[str, Any]]:
    after = ""
    while True:
        page = views.schools(after, MOST_SCHOOLS, clock())
        yield from page["schools"]
        if page["next"] is None:
            return
        after = page["next"]


def _line(school: dict[str, Any], translate: Translate) -> str:
    _ = translate
    parts = [_("SILENT")] if school["silent"] else []
    for each in school["gateways"]:
        last = each["last"]
        told = _("nothing came yet") if last is None else _("last period until {end}").format(end=last["end"])
        parts.append(told)
        if each["missing"]:
            parts.append(_("{count} documents are missing").format(count=each["missing"]))
        if each["refused"]:
            parts.append(_("{count} documents were refused").format(count=each["refused"]))
        if abs(each["clock-ahead-seconds"] or 0) > 60:
            parts.append(_("its clock is {seconds} s ahead").format(seconds=each["clock-ahead-seconds"]))
    return f"{school['school']}: " + "; ".join(parts)


def _nobody() -> None:
    """Nobody else in this process has the file."""
