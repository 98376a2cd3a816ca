"""``schoolguard store``: what the store of counts holds, whether it is whole, and how long it keeps what.

It reads files beside the gateway that writes them, and needs none.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from schoolguard.cli.options import Failed, config, json_option, language_option, load_settings
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.node.local_time import VIET_NAM, clock_text
from schoolguard.querylog.model import Terms
from schoolguard.querylog.standing import read as read_standing
from schoolguard.querylog.statement import statement as statement_of_query_logs
from schoolguard.settings import Settings
from schoolguard.store.bounds import DAY
from schoolguard.store.kept import Kind
from schoolguard.store.reading import CannotRead, Figures, Kept, figures, problem
from schoolguard.store.statement import size_text, statement

_KINDS: dict[Kind, str] = {
    "minute": N_("by the minute"),
    "hour": N_("by the hour"),
    "day": N_("by the day"),
}
_RESTORES = "restores"
_LOST = {
    "pages": N_("pages of it could not be read"),
    "rows": N_("counts of it could not be read"),
    "documents": N_("summaries of it could not be read"),
    "queries": N_("queries of open periods are missing from it"),
    "untold": N_("queries were answered and not counted, as a process was killed or the disk was full"),
    "torn": N_("times the last change was not whole, as after a power cut"),
    "late": N_("summaries waited too long for the province"),
    "crowded": N_("counts were deleted before their time, for the file's size"),
}


@click.group()
def store() -> None:
    """The counts of queries on this machine: numbers, the file's state, how long what is kept."""


@store.command()
@config
@language_option
@json_option
def status(folder: Path, language: str, as_json: bool) -> None:
    """Show how much is kept, since when, and what was ever lost."""
    translate = translator(language)
    settings = load_settings(folder, translate)
    path = settings.paths.state / "store.db"
    try:
        found = figures(path)
    except CannotRead as error:
        raise Failed(error, translate) from error
    if as_json:
        click.echo(json.dumps(_told(path, found, settings), ensure_ascii=False, indent=1))
        return
    for line in _lines(path, found, settings, translate):
        click.echo(line)


@store.command()
@config
@language_option
@json_option
def check(folder: Path, language: str, as_json: bool) -> None:
    """Check the whole file, byte by byte and row by row; exit code 1 when it is damaged."""
    _ = translate = translator(language)
    path = load_settings(folder, translate).paths.state / "store.db"
    try:
        found = problem(path)
    except Said as error:
        raise Failed(error, translate) from error
    if as_json:
        click.echo(json.dumps({"path": str(path), "whole": found is None, "problem": found}, indent=1))
    elif found is None:
        click.echo(_("{path}: whole").format(path=path))
    else:
        click.echo(_("{path}: damaged: {problem}").format(path=path, problem=found))
        click.echo(_("the gateway restores it by itself, at its next start or when it comes upon the damage"))
    sys.exit(0 if found is None else 1)


@store.command()
@config
@language_option
@json_option
def retention(folder: Path, language: str, as_json: bool) -> None:
    """Print what is kept and for how long, in words for parents and teachers."""
    translate = translator(language)
    settings = load_settings(folder, translate)
    try:
        logs = _query_logs(settings, time.time())
    except (OSError, ValueError) as error:
        msgid = N_("{path} cannot be read: {problem}")
        said = Said(msgid, path=_standing_path(settings), problem=error)
        raise Failed(said, translate) from error
    names = {school.id: school.name for school in settings.schools}
    told = statement(
        settings.store,
        feeds=settings.feed.to is not None,
        names_asked=settings.keep_names_asked,
        limits=any(group.budgets for school in settings.schools for group in school.groups),
    )
    told += statement_of_query_logs(logs, lambda school: names.get(school, school))
    paragraphs = [each.say(translate) for each in told]
    if as_json:
        click.echo(json.dumps({"statement": paragraphs}, ensure_ascii=False, indent=1))
        return
    click.echo("\n\n".join(paragraphs))


def _standing_path(settings: Settings) -> Path:
    return settings.paths.state / "query-log.json"


def _query_logs(settings: Settings, now: float) -> list[Terms]:
    """Return the query logs that are on now; raises ``OSError`` and ``ValueError``."""
    standing = read_standing(_standing_path(settings))
    return [each for each in settings.query_logs if each.holds(now, standing.ended_at(each))]


def _told(path: Path, found: Figures, settings: Settings) -> dict[str, object]:
    told = {**asdict(found), "aside": None if found.aside is None else str(found.aside)}
    told["schools"] = {
        school: {"sequence": sequence, "queries": queries}
        for school, (sequence, queries) in found.schools.items()
    }
    return {"path": str(path), **told, "bounds": asdict(settings.store)}


def _lines(path: Path, found: Figures, settings: Settings, _: Translate) -> list[str]:
    bounds = settings.store
    lines = [
        _("{path}: {size}, of at most {most}").format(
            path=path, size=size_text(found.size + found.log), most=size_text(bounds.size)
        )
    ]
    days = {"minute": bounds.minutes, "hour": bounds.hours, "day": bounds.days}
    lines += [_kind(_(word), found.kinds[kind], days[kind] // DAY, _) for kind, word in _KINDS.items()]
    if found.fresh:
        lines.append(
            _("{count} counts by the minute are not in hours and days yet").format(count=found.fresh)
        )
    for school, (sequence, queries) in found.schools.items():
        text = _("{school}: {queries} queries since the last period; last number of a summary: {sequence}")
        lines.append(text.format(school=school, queries=queries, sequence=sequence))
    lines.append(_outbox(found, _))
    lost = [(word, found.lost[name]) for name, word in _LOST.items() if found.lost[name]]
    lines += [_("lost: {count} {what}").format(count=count, what=_(word)) for word, count in lost]
    if restores := found.lost[_RESTORES]:
        lines.append(_("the damaged file was restored {count} times").format(count=restores))
    elif not lost:
        lines.append(_("lost: nothing"))
    if found.aside is not None:
        lines.append(_("a damaged file is set aside at {path}").format(path=found.aside))
    return lines


def _kind(word: str, kept: Kept, days: int, _: Translate) -> str:
    if kept.oldest is None or kept.newest is None:
        return _("{kind}: none yet (kept for {days} days)").format(kind=word, days=days)
    text = _("{kind}: {count} counts, from {oldest} to {newest} (kept for {days} days)")
    oldest, newest = (f"{datetime.fromtimestamp(at, VIET_NAM):%Y-%m-%d}" for at in (kept.oldest, kept.newest))
    return text.format(kind=word, count=kept.rows, oldest=oldest, newest=newest, days=days)


def _outbox(found: Figures, _: Translate) -> str:
    if not found.waiting or found.oldest is None:
        return _("no summary waits for the province")
    text = _("{count} summaries wait for the province, {size}, the oldest of {moment}")
    size = size_text(found.waiting_bytes)
    return text.format(count=found.waiting, size=size, moment=clock_text(found.oldest))
