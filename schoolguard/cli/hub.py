"""``schoolguard hub``: the publisher's commands. ``serve`` runs it; the others look at its folder."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.hub_feed import feed
from schoolguard.cli.hub_fetched import cards, fetch
from schoolguard.cli.hub_keys import keys
from schoolguard.cli.hub_lists import agree, preview, rollback, rolling, versions
from schoolguard.cli.hub_options import failing, hub_option, online_signers, passphrase_option, settings_of
from schoolguard.cli.hub_signing import init, partner, publish, renew, sign
from schoolguard.cli.lists_at_hub import subscription_lines
from schoolguard.cli.lists_on_way import effect_lines, list_lines
from schoolguard.cli.options import json_option, language_option
from schoolguard.hub.push.spool import Spool
from schoolguard.hub.receipts.report import Report, report
from schoolguard.hub.receipts.store import open_store
from schoolguard.hub.service.enrolled import Enrolled
from schoolguard.hub.service.plan import published_of
from schoolguard.hub.service.receiving import report_members
from schoolguard.hub.service.run import PUSHES, RECEIPTS_DB, Hub
from schoolguard.hub.service.settings import HubSettings
from schoolguard.hub.service.subscribed_standing import standing
from schoolguard.hub.service.taking import targets_before
from schoolguard.hub.service.viewing import View
from schoolguard.hub.tuf.drafts import waiting
from schoolguard.hub.tuf.repository import Repository
from schoolguard.intake.orders.canonical import rfc3339
from schoolguard.intake.trust.names import COMPILED
from schoolguard.language import N_, Said, Translate, translator
from schoolguard.log import start_log


@click.group(
    commands=[
        *(keys, init, sign, renew, publish, partner),
        *(preview, agree, versions, rollback, fetch, cards, feed),
    ]
)
def hub() -> None:
    """Run a publisher: its repository, its partners, its keys."""


@hub.command()
@hub_option
@passphrase_option
@language_option
def serve(hub: Path, source: str, language: str) -> None:
    """Serve the repository, take pushes and receipts, compile lists; until it is told to end."""
    translate = translator(language)
    start_log("hub")
    settings = settings_of(hub, translate)
    with failing(translate):
        signers = online_signers(hub, source, translate)
        asyncio.run(_serve(Hub(hub, settings, signers, time.time), translate))


async def _serve(running: Hub, translate: Translate) -> None:
    _ = translate
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is None:
        raise RuntimeError("no task")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)

    def started(port: int) -> None:
        click.echo(_("serving on port {port}").format(port=port))

    try:
        await running.run(started)
    except asyncio.CancelledError:
        return  # told to end


@hub.command()
@hub_option
@language_option
@json_option
def status(hub: Path, language: str, as_json: bool) -> None:
    """Show what is published and until when, where each list is, what waits, and the queue of pushes."""
    translate = translator(language)
    with failing(translate):
        settings = settings_of(hub, translate)
        view = View(rolling(hub, settings))
        found = _status(hub) | {"lists": view.lists(), "effect": view.effect()}
        found["subscriptions"] = standing(hub, settings, time.time())
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for line in _status_lines(found, translate):
        click.echo(line)


@hub.command()
@click.argument("order", metavar="PARTNER/ID")
@hub_option
@language_option
@json_option
def orders(order: str, hub: Path, language: str, as_json: bool) -> None:
    """Show how an order went: how many gateways enforce it, how fast, who has not confirmed."""
    translate = translator(language)
    partner_id, _slash, id = order.partition("/")
    with failing(translate):
        found = asyncio.run(_report(hub, settings_of(hub, translate), partner_id, id))
        if found is None:
            raise Said(N_("no such order was published: {order}"), order=order)
    if as_json:
        click.echo(json.dumps(report_members(found), ensure_ascii=False))
        return
    for line in _order_lines(found, translate):
        click.echo(line)


async def _report(folder: Path, settings: HubSettings, partner_id: str, id: str) -> Report | None:
    enrolled = Enrolled(settings.gateways)
    async with open_store(folder / RECEIPTS_DB, enrolled.key_of) as store:
        return await report(store, partner_id, id, enrolled.names())


def _status(folder: Path) -> dict[str, Any]:
    repository = Repository(folder)
    timestamp, snapshot = repository.timestamp(), repository.snapshot()
    if timestamp is None or snapshot is None:
        raise Said(N_("nothing is published yet"))
    roles = [name.removesuffix(".json") for name in sorted(snapshot.signed.meta)]
    documents = {role: repository.published(role) for role in roles}
    layers = published_of(targets_before(repository, COMPILED).values())
    return {
        "timestamp": {
            "version": timestamp.signed.version,
            "expires": rfc3339(timestamp.signed.expires.timestamp()),
        },
        "roles": {
            role: {
                "version": document.signed.version,
                "expires": rfc3339(document.signed.expires.timestamp()),
                "files": len(document.signed.targets),
            }
            for role, document in documents.items()
            if document is not None
        },
        "waiting": waiting(repository),
        "state": layers.newest,
        "deltas": len(layers.since_base),
        "pushes": [
            {"partner": each.partner, "push": each.push, "offset": each.offset, "length": each.length}
            for each in Spool(folder / PUSHES).uploads()
        ],
    }


def _status_lines(found: dict[str, Any], translate: Translate) -> Iterator[str]:
    _ = translate
    timestamp = found["timestamp"]
    yield _("timestamp {version}, holds until {expires}").format(**timestamp)
    for role, each in found["roles"].items():
        text = _("{role}: version {version}, holds until {expires}, {files} files")
        yield text.format(role=role, **each)
    for role in found["waiting"]:
        yield _("{role} waits for signatures or files").format(role=role)
    layers = _("compiled lists: {state}, {deltas} deltas above the base")
    yield layers.format(state=found["state"] or "-", deltas=found["deltas"])
    yield from list_lines(found["lists"], translate)
    yield from effect_lines(found["effect"], translate)
    yield from subscription_lines(found["subscriptions"], translate)
    for each in found["pushes"]:
        text = _("push of {partner} on its way: {offset} of {length} bytes, {push}")
        yield text.format(**each)


def _order_lines(found: Report, translate: Translate) -> Iterator[str]:
    _ = translate
    times = (_seconds(each) for each in (found.p50, found.p95, found.p99))
    yield _("published {time}").format(time=rfc3339(found.order.time))
    yield _("enforced: {count}, partly: {partly}, refused: {refused}").format(
        count=found.whole, partly=found.partly, refused=found.refused
    )
    yield _("elsewhere: {elsewhere}, ended: {ended}").format(elsewhere=found.elsewhere, ended=found.ended)
    yield _("seconds to enforcement: p50 {p50}, p95 {p95}, p99 {p99}").format(
        **dict(zip(("p50", "p95", "p99"), times, strict=True))
    )
    for gateway in found.unconfirmed:
        yield _("not confirmed: {gateway}").format(gateway=gateway)
    for each in found.refusing:
        names = ", ".join(one.said().say(translate) for one in each.names)
        yield _("refused by {gateway}: {reason}").format(gateway=each.gateway, reason=names or each.reason)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
