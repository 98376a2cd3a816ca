"""``schoolguard orders``: which takedown orders hold here, and what orders said of a name.

The running gateway is asked; here its answer is shown. Nothing is changed: orders come signed from partners.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.options import Failed, ask, config, json_option, language_option
from schoolguard.intake.orders.history import WORDS, Standing
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.node.local_time import clock_text

_NAMES = 8
"""Names of an order on the screen; ``--json`` has more."""


@click.group()
def orders() -> None:
    """Takedown orders of partners: what holds here, and what they said of a name."""


@orders.command("in-force")
@click.option("--all", "every", is_flag=True, help="Those for no school of this gateway too.")
@config
@language_option
@json_option
def in_force(every: bool, folder: Path, language: str, as_json: bool) -> None:
    """Show the orders in force."""
    answer = _asked(folder, "orders-in-force", language, {"all": every})
    _show(answer, N_("no order is in force"), as_json, language)


@orders.command("history")
@click.argument("name")
@config
@language_option
@json_option
def history(name: str, folder: Path, language: str, as_json: bool) -> None:
    """Show every order that names NAME, a name above it or one below it, oldest first."""
    answer = _asked(folder, "orders-history", language, {"name": name})
    _show(answer, N_("no order has named it"), as_json, language)


def _show(answer: dict[str, Any], nothing: str, as_json: bool, language: str) -> None:
    if as_json:
        click.echo(json.dumps(answer["orders"], ensure_ascii=False, indent=1))
        return
    _ = translate = translator(language)
    if answer["broken"] is not None:
        click.echo(_("Warning: {message}").format(message=answer["broken"]), err=True)
    if answer["now"] is None:
        msgid = N_("the clock cannot be believed: orders hold from their arrival and do not expire")
        click.echo(_(msgid), err=True)
    if not answer["orders"]:
        click.echo(_(nothing))
    for told in answer["orders"]:
        click.echo("\n".join(_lines(told, answer["now"], translate)))
    if (older := answer["count"] - len(answer["orders"])) > 0:
        click.echo(_("{count} older ones are not shown").format(count=older))


def _asked(folder: Path, command: str, language: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the gateway's answer; ends with exit code 1 and its reasons when it refuses."""
    answer = ask(folder, command, language, arguments)
    if not answer["ok"]:
        reasons = answer.get("errors") or [answer["error"]]
        raise Failed(Said("{reasons}", reasons="; ".join(map(str, reasons))), translator(language))
    return answer


def _lines(told: dict[str, Any], now: float | None, translate: Translate) -> list[str]:
    """Return an order as a few lines: its state and time, its names, who ordered it and why, what is odd."""
    _ = translate
    clock = {member: _clock(told[member], now) for member in ("start", "expiry", "received")}
    state = translate(WORDS[Standing(told["state"])])
    head = _("{partner}/{id} version {sequence}: {state}, {start} to {expiry}")
    lines = [head.format(**{**told, **clock, "state": state})]
    lines.append(f"   {_names(told, translate)}")
    lines.append(f"   {told['authority']}: {told['legal_basis']} ({told['contact']})")
    lines.append("   " + _("for: {where}").format(where=_where(told["scope"], translate)))
    received = _("received {received}").format(received=clock["received"])
    if told["enforced"] is not None:
        enforced = _("enforced by all workers {time}").format(time=_clock(told["enforced"], now))
        received = f"{received}, {enforced}"
    lines.append(f"   {received}")
    if told["lifted_by"]:
        lines.append("   " + _("lifted by {ids}").format(ids=", ".join(told["lifted_by"])))
    lines.extend(
        "   " + _("not enforced: {reason}").format(reason=each["reason"]) for each in told["refused"]
    )
    return lines


def _names(told: dict[str, Any], translate: Translate) -> str:
    _ = translate
    names = [*told["names"].get("all-below", ())]
    names += [_("{name} (alone)").format(name=name) for name in told["names"].get("exact", ())]
    if not told["names_count"]:
        return _("no name of its own")
    more = told["names_count"] - min(len(names), _NAMES)
    return ", ".join(names[:_NAMES]) + (f" +{more}" if more else "")


def _where(scope: dict[str, Any], translate: Translate) -> str:
    if scope.get("province"):
        return translate(N_("the whole province"))
    return ", ".join([*scope.get("communes", ()), *scope.get("schools", ())])


def _clock(moment: str, now: float | None) -> str:
    return clock_text(datetime.fromisoformat(moment).timestamp(), now)
