"""``schoolguard pass``: open something for a while, see what is open, close it again.

The running gateway grants and revokes, so that it holds at once in all workers; here it is asked, and its
answer shown.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.options import ask, config, json_option, language_option
from schoolguard.language import N_, Translate, translator
from schoolguard.node.local_time import clock_text

_SCREEN = 20
"""Passes that ``pass list --all`` shows: the newest; ``--json`` has all that the gateway remembers."""

_STATES = {
    "in-force": N_("in force"),
    "ended": N_("ended"),
    "revoked": N_("revoked"),
    "not-begun": N_("not begun: the clock is behind"),
}
_by = click.option("--by", required=True, metavar="NAME", help="Who does it; kept in the audit log.")
_reason = click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the audit log.")


@click.group("pass")
def passes() -> None:
    """Open something for a group or a device for a while; list and revoke what is open."""


@passes.command()
@click.option("--school", metavar="ID", help="The school; needed when several have such a group.")
@click.option("--group", metavar="NAME", help="For this group.")
@click.option("--device", metavar="MAC-OR-ADDRESS", help="For this device only.")
@click.option(
    "--allow",
    "targets",
    multiple=True,
    required=True,
    metavar="TARGET",
    help="A domain name with all below it, service:ID or category:NAME; repeatable.",
)
@click.option("--for", "lasting", metavar="DURATION", help="How long: 45m, 2h, 1h30m; at most 24h.")
@click.option("--until", "at", metavar="HH:MM", help="Until when, in Viet Nam's time.")
@_by
@_reason
@config
@language_option
@json_option
def grant(
    school: str | None,
    group: str | None,
    device: str | None,
    targets: tuple[str, ...],
    lasting: str | None,
    at: str | None,
    by: str,
    reason: str,
    folder: Path,
    language: str,
    as_json: bool,
) -> None:
    """Open names, services or categories for a while; never what is locked above."""
    given = {"school": school, "group": group, "device": device, "for": lasting, "until": at}
    arguments = given | {"allow": list(targets), "by": by, "reason": reason}
    answer = _asked(folder, "pass-grant", language, arguments)
    if as_json:
        _print_json(answer["pass"])
        return
    _ = translator(language)
    told = answer["pass"]
    text = _("pass {id}: {whom} may open {what} until {until}")
    click.echo(text.format(id=told["id"], **_words(told), until=_clock(told["until"], answer["now"])))
    click.echo(_("to end it before: schoolguard pass revoke {id}").format(id=told["id"]))


@passes.command("list")
@click.option("--all", "every", is_flag=True, help="Ended and revoked ones too.")
@config
@language_option
@json_option
def list_(every: bool, folder: Path, language: str, as_json: bool) -> None:
    """Show the passes in force."""
    answer = _asked(folder, "pass-list", language, {"all": every})
    found = answer["passes"]
    if as_json:
        _print_json(found)
        return
    _ = translate = translator(language)
    if not found:
        click.echo(_("no pass") if every else _("no pass is in force"))
    for told in found[-_SCREEN:]:
        click.echo("\n".join(_lines(told, answer["now"], translate)))
    if len(found) > _SCREEN:
        click.echo(_("{count} older ones: --json").format(count=len(found) - _SCREEN))


@passes.command()
@click.argument("id")
@_by
@_reason
@config
@language_option
@json_option
def revoke(id: str, by: str, reason: str, folder: Path, language: str, as_json: bool) -> None:
    """End pass ID before its time."""
    answer = _asked(folder, "pass-revoke", language, {"id": id, "by": by, "reason": reason})
    if as_json:
        _print_json(answer["pass"])
        return
    _ = translator(language)
    told = answer["pass"]
    text = _("pass {id} is revoked: {what} is no longer open for {whom}")
    click.echo(text.format(id=told["id"], **_words(told)))


def _asked(folder: Path, command: str, language: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the gateway's answer; ends with exit code 1 and its reasons when it refuses."""
    answer = ask(folder, command, language, arguments)
    if not answer["ok"]:
        _ = translator(language)
        for reason in answer.get("errors") or [answer["error"]]:
            click.echo(_("Error: {message}").format(message=reason), err=True)
        sys.exit(1)
    return answer


def _lines(told: dict[str, Any], now: float, translate: Translate) -> list[str]:
    """Return a pass as two lines: what is open for whom and until when; who said so and why."""
    _ = translate
    words, until = _words(told), _clock(told["until"], now)
    if told["state"] == "in-force":
        state = _("until {until} ({minutes} min left)").format(
            until=until, minutes=-(-told["seconds_left"] // 60)
        )
    else:
        state = _("{state} (until {until})").format(state=translate(_STATES[told["state"]]), until=until)
    lines = [f"{told['id']:<6} {state}  {words['whom']}: {words['what']}"]
    lines.append(f"       {told['by']}: {told['reason']}")
    if (revoked := told["revoked"]) is not None:
        text = _("revoked at {time} by {by}: {reason}")
        said = text.format(time=_clock(revoked["time"], now), by=revoked["by"], reason=revoked["reason"])
        lines.append(f"       {said}")
    return lines


def _words(told: dict[str, Any]) -> dict[str, str]:
    return {
        "whom": f"{told['group'] or told['device']} ({told['school']})",
        "what": ", ".join(told["allow"]),
    }


def _clock(moment: str, now: float) -> str:
    return clock_text(datetime.fromisoformat(moment).timestamp(), now)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))
