"""``schoolguard query-log``: what is kept and why, looks into it, erasing a device, ending it.

The kernel tells the gateway who asks; whoever looks says why, and that is written down first.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.options import Failed, config, json_option, language_option, load_settings
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.node.local_time import VIET_NAM
from schoolguard.node.typed import device
from schoolguard.querylog.asking import NoAnswer, ask_log
from schoolguard.querylog.undumped import never_dump

_VERDICTS = {
    "allowed": N_("allowed"),
    "ech-stripped": N_("allowed"),
    "blocked": N_("BLOCKED"),
    "local": N_("answered here"),
    "stale": N_("stale answer"),
    "failed": N_("FAILED"),
    "rebinding": N_("REBINDING"),
    "safe-search": N_("safe search"),
}
_CODE_NAME = re.compile("[0-9a-f]{16}")

_by = click.option("--by", required=True, metavar="NAME", help="Who does it; kept in the audit log.")
_reason = click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the audit log.")
_school = click.option("--school", metavar="ID", help="Of this school; default all that you may look at.")


@click.group("query-log")
def query_log() -> None:
    """The query log, off unless a school gives a reason: what it keeps, looks into it, and its end."""
    never_dump()  # what was typed may be an address, what is shown are names


@query_log.command()
@config
@language_option
@json_option
def status(folder: Path, language: str, as_json: bool) -> None:
    """Show what is kept, why and until when, in words for parents and teachers."""
    answer = _asked(folder, "status", language, {})
    if as_json:
        _print_json({key: value for key, value in answer.items() if key != "ok"})
        return
    _ = translator(language)
    click.echo("\n".join(answer["statement"]))
    if answer["dropped"]:
        click.echo(_("queries that found no room and are not in it: {count}").format(count=answer["dropped"]))
    if answer["pruned"]:
        msgid = N_("queries, the oldest, that were deleted before their time for the file was full: {count}")
        click.echo(_(msgid).format(count=answer["pruned"]))


@query_log.command()
@_school
@click.option("--device", "typed", metavar="DEVICE", help="A MAC, an address, or a code name of the log.")
@click.option("--name", metavar="NAME", help="This name and all below it.")
@click.option("--day", metavar="YYYY-MM-DD", help="On this day; default all days kept.")
@click.option("--blocked", is_flag=True, help="Only what was blocked.")
@click.option(
    "--last", "most", default=200, show_default=True, type=click.IntRange(1, 10_000), help="How many."
)
@_by
@_reason
@config
@language_option
@json_option
def search(
    school: str | None,
    typed: str | None,
    name: str | None,
    day: str | None,
    blocked: bool,
    most: int,
    by: str,
    reason: str,
    folder: Path,
    language: str,
    as_json: bool,
) -> None:
    """Show queries, oldest first; the look is written down first, whatever it finds."""
    asked = {"school": school, "device": _device(typed, language), "name": name, "day": day}
    arguments = {**asked, "blocked": blocked, "most": most, "by": by, "reason": reason}
    answer = _asked(folder, "search", language, arguments)
    if as_json:
        _print_json(answer["found"])
        return
    _ = translate = translator(language)
    for entry in answer["found"]:
        click.echo(_line(entry, translate))
    if not answer["found"]:
        click.echo(_("no query is found"))


@query_log.command()
@_school
@_by
@_reason
@config
@language_option
@json_option
def devices(school: str | None, by: str, reason: str, folder: Path, language: str, as_json: bool) -> None:
    """Show the code names of each day, with how many queries there are; a look as any other."""
    answer = _asked(folder, "devices", language, {"school": school, "by": by, "reason": reason})
    if as_json:
        _print_json(answer["devices"])
        return
    _ = translator(language)
    for each in answer["devices"]:
        line = _("{day}, {device}: {queries} queries, {first} to {last}")
        first, last = (f"{_moment(each[key]):%H:%M:%S}" for key in ("first", "last"))
        click.echo(line.format(**each | {"first": first, "last": last}))
    if not answer["devices"]:
        click.echo(_("no query is found"))


@query_log.command()
@click.argument("typed", metavar="DEVICE")
@_school
@_by
@_reason
@config
@language_option
@json_option
def erase(
    typed: str, school: str | None, by: str, reason: str, folder: Path, language: str, as_json: bool
) -> None:
    """Remove all that is kept of DEVICE, a MAC, an address or a code name, from the disk."""
    asked = {"device": _device(typed, language), "school": school, "by": by, "reason": reason}
    answer = _asked(folder, "erase", language, asked)
    if as_json:
        _print_json({"erased": answer["erased"]})
        return
    _ = translator(language)
    click.echo(_("queries of this device that are erased: {count}").format(count=answer["erased"]))


@query_log.command()
@_school
@_by
@_reason
@config
@language_option
@json_option
def end(school: str | None, by: str, reason: str, folder: Path, language: str, as_json: bool) -> None:
    """End the query log now and delete all of it; it stays off until a new reason is configured."""
    answer = _asked(folder, "end", language, {"school": school, "by": by, "reason": reason})
    if as_json:
        _print_json({"ended": answer["school"]})
        return
    _ = translator(language)
    click.echo(_("{school}: the query log is ended and deleted").format(school=answer["school"]))
    click.echo(_("take `query-log` out of the configuration; as it stands it does not begin again"))


def _asked(folder: Path, command: str, language: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the gateway's answer; ends with exit code 1 and its reasons when it refuses."""
    translate = translator(language)
    state = load_settings(folder, translate).paths.state
    try:
        answer = ask_log(state, command, language, arguments)
    except NoAnswer as error:
        raise Failed(error, translate) from error
    if not answer["ok"]:
        for reason in answer["errors"]:
            click.echo(translate("Error: {message}").format(message=reason), err=True)
        sys.exit(1)
    return answer


def _device(typed: str | None, language: str) -> str | None:
    """Return a device as the gateway is asked for it, in hexadecimal; ends with exit code 1 for no device."""
    if typed is None or _CODE_NAME.fullmatch(typed):
        return typed
    try:
        return device(typed).hex()
    except Said as error:
        raise Failed(error, translator(language)) from error


def _line(entry: dict[str, Any], translate: Translate) -> str:
    verdict = translate(_VERDICTS.get(entry["verdict"], entry["verdict"]))
    said = f"{verdict} {entry['cause']}".rstrip()
    return f"{_moment(entry['time']):%Y-%m-%d %H:%M:%S}  {entry['device']}  {said:<24} {entry['name']}"


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, VIET_NAM)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))
