"""What ``schoolguard lists transfers`` prints: zones that are kept, and zones that are served.

A running gateway is asked; without one it is what the state folder holds. Nothing is changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from schoolguard.hub.export.published import ExportBroken, ExportFolder
from schoolguard.intake.transfer.following import Following
from schoolguard.intake.transfer.model import ZoneState
from schoolguard.language import N_, Translate
from schoolguard.node.commands import NoGateway, ask_gateway
from schoolguard.node.local_time import clock_text
from schoolguard.node.starting import control_path
from schoolguard.settings import Settings

_NOTHING = N_("no zone is transferred, in or out; see `transfers` and `exports` in lists.yaml")


def transfers_now(settings: Settings) -> dict[str, Any]:
    """Return how transfers and exports stand; ``running`` says whether a gateway was asked."""
    try:
        answer = ask_gateway(control_path(settings), "transfers")
    except NoGateway:
        answer = {"ok": False}
    if answer.pop("ok"):
        return {"running": True, **answer}
    return {"running": False, "transfers": _kept(settings), "exports": _served(settings)}


def _kept(settings: Settings) -> list[dict[str, Any]]:
    wanted, folder = settings.transfers.transfers, settings.paths.transfers
    following = Following(wanted, (), folder, _nobody, drawn=float)
    return [asdict(state) for state in following.states]


def _served(settings: Settings) -> list[dict[str, Any]]:
    found = []
    for zone in settings.transfers.exports:
        told: dict[str, Any] = {"zone": zone.zone, "tier": zone.tier, "serial": None, "rulings": 0}
        try:
            published = ExportFolder(settings.paths.exports, zone).current()
        except ExportBroken as error:
            told["problem"] = str(error)
        else:
            if published is not None:
                told |= {"serial": published.serial, "rulings": published.rulings}
        found.append(told)
    return found


def _nobody(_: ZoneState) -> None:
    """Tell nobody: no round is made."""


def transfer_lines(found: dict[str, Any], translate: Translate) -> Iterator[str]:
    """Yield two tables and what is wrong."""
    _ = translate
    if not found["transfers"] and not found["exports"]:
        yield _(_NOTHING)
        return
    if not found["running"]:
        yield _("no gateway runs here; this is what it left")
    if found["transfers"]:
        kept = (_("transfer"), _("zone"), _("serial"), _("records"), _("confirmed"), _("state"))
        yield from _table(kept, [_zone(each, translate) for each in found["transfers"]])
    if found["exports"]:
        served = (_("tier"), _("served as"), _("serial"), _("names"))
        yield from _table(served, [_export(each) for each in found["exports"]])
    for each in found["transfers"]:
        if each["reason"]:
            yield _("{id}: the last round failed: {why}").format(id=each["id"], why=each["message"])
    for where, problem in found.get("cannot_listen", {}).items():
        yield _("{address}: cannot listen: {problem}").format(address=where, problem=problem)
    for each in found.get("unheard", ()):
        msgid = N_("{zone}: {secondary} did not confirm serial {serial}")
        yield _(msgid).format(**each)


def _zone(zone: dict[str, Any], translate: Translate) -> tuple[str, ...]:
    _ = translate
    if zone["serial"] is None:
        return zone["id"], zone["zone"], "-", "-", "-", _("not transferred yet").upper()
    state = _("EXPIRED, still in force") if zone["expired"] else _("fresh")
    confirmed = clock_text(zone["refreshed"], time.time())
    return zone["id"], zone["zone"], str(zone["serial"]), str(zone["records"]), confirmed, state


def _export(zone: dict[str, Any]) -> tuple[str, ...]:
    serial = "-" if zone["serial"] is None else str(zone["serial"])
    return zone["tier"], zone["zone"], serial, str(zone["rulings"])


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(line[i]) for line in (heads, *rows)) for i in range(len(heads))]
    for line in (heads, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
