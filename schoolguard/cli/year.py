"""``schoolguard year``: what each group of each school can open when, over a whole school year, as a page."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path

import click

from schoolguard.cli.options import Failed, config, language_option, load_settings
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.node.lists_aside import lists_aside
from schoolguard.node.probes import Judge
from schoolguard.node.school_year import Days, year_at
from schoolguard.node.year_page import year_page
from schoolguard.node.year_words import Words
from schoolguard.policy.model import School
from schoolguard.policy.timetable import day_of
from schoolguard.settings import Settings

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.option("--school", metavar="ID", help="Only this school.")
@click.option("--from", "first", type=_DAY, metavar="DATE", help="First day; else the school year's.")
@click.option("--to", "last", type=_DAY, metavar="DATE", help="Last day; else the end of the summer.")
@config
@language_option
def year(
    school: str | None, first: datetime | None, last: datetime | None, folder: Path, language: str
) -> None:
    """Print what each group can open when in a whole school year, as a page in Markdown."""
    translate = translator(language)
    settings = load_settings(folder, translate)
    try:
        years = [(each, _days(each, first, last)) for each in _schools(settings, school)]
        page = _page(settings, years, translate)
    except (Said, SnapshotBroken) as error:
        said = error if isinstance(error, Said) else Said("{problem}", problem=error)
        raise Failed(said, translate) from error
    click.echo(page, nl=False)


def _page(settings: Settings, years: list[tuple[School, Days]], _: Translate) -> str:
    with lists_aside(settings, settings.paths.state) as stack:
        words = Words(translator("vi"), translator("en"))
        return year_page(settings, years, Judge(stack.mask), words)


def _schools(settings: Settings, school: str | None) -> list[School]:
    found = [each for each in settings.schools if school in (None, each.id)]
    if not found:
        known = ", ".join(each.id for each in settings.schools)
        raise Said(N_("no school {id!r}; known are: {known}"), id=school, known=known)
    return found


def _days(school: School, first: datetime | None, last: datetime | None) -> Days:
    given: date | None = first.date() if first is not None else None
    days = year_at(school, given or day_of(time.time()))
    return Days(given or days.first, last.date() if last is not None else days.last)
