"""``schoolguard explain``: why a name is answered as it is, for a client or a group, now or another time."""

from __future__ import annotations

import asyncio
import json
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
from schoolguard.dns.rr import type_number
from schoolguard.language import N_, Said, translator
from schoolguard.lists.layout import SnapshotBroken
from schoolguard.node.compiling import Compiler
from schoolguard.node.explained_screen import explained_dict, explained_lines
from schoolguard.node.explaining import Asked, Explained, explain_name
from schoolguard.node.moment import present_moment, typed_moment
from schoolguard.node.neighbourhood import devices_now
from schoolguard.node.typed import device, domain_name
from schoolguard.node.whom import client_whom, group_whom
from schoolguard.settings import Settings


@click.command()
@click.argument("name")
@click.option("--client", metavar="ADDRESS-OR-MAC", help="The client's IP address or MAC.")
@click.option("--group", metavar="NAME", help="Any client of this group, instead of --client.")
@click.option("--school", metavar="ID", help="The school of --group, when several have one of that name.")
@click.option("--at", metavar="TIME", help='Another time, in Viet Nam\'s: "2027-02-05 20:30".')
@click.option("--type", "rrtype", default="A", show_default=True, help="Query type.")
@click.option("--offline", is_flag=True, help="Do not ask the upstreams for an allowed name's answer.")
@config
@language_option
@json_option
def explain(
    name: str,
    client: str | None,
    group: str | None,
    school: str | None,
    at: str | None,
    rrtype: str,
    offline: bool,
    folder: Path,
    language: str,
    as_json: bool,
) -> None:
    """Say why NAME is blocked or allowed for a client, and what it would be answered."""
    if (client is None) == (group is None):
        raise click.UsageError("name either --client or --group")
    translate = translator(language)
    settings = load_settings(folder, translate)
    try:
        explained = _explained(settings, name, client, group, school, at, rrtype, offline)
    except Said as error:
        raise Failed(error, translate) from error
    except SnapshotBroken as error:
        if Compiler(settings.paths.state).ready() is None:
            raise Failed(Said(NO_SNAPSHOT), translate) from error
        said = Said(N_("no compiled lists can be read: {problem}"), problem=error)
        raise Failed(said, translate) from error
    if as_json:
        click.echo(json.dumps(explained_dict(explained), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(explained_lines(explained, translate)))


def _explained(
    settings: Settings,
    name: str,
    client: str | None,
    group: str | None,
    school: str | None,
    at: str | None,
    rrtype: str,
    offline: bool,
) -> Explained:
    question, qtype, wall = domain_name(name), _type(rrtype), time.time()
    moment = present_moment(settings, wall) if at is None else typed_moment(at)
    packed = None if client is None else device(client)
    notes: list[Said] = []
    macs = {} if packed is None else devices_now(settings.devices, wall, notes)
    if packed is None:
        whom = group_whom(settings, group or "", school)
    else:
        whom = client_whom(settings, packed, macs)
    asked = Asked(question, qtype, whom, moment, offline)
    return asyncio.run(explain_name(settings, asked, macs, notes))


def _type(text: str) -> int:
    try:
        return type_number(text)
    except ValueError as error:
        msgid = N_("{text!r} is not a record type: write its name (A, AAAA, HTTPS) or TYPE and its number")
        raise Said(msgid, text=text) from error
