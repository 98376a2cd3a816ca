"""``schoolguard hub fetch`` and ``hub cards``: the public lists that a publisher fetches for its schools."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.hub_lists import rolling
from schoolguard.cli.hub_options import clock, failing, hub_option, settings_of
from schoolguard.cli.lists_at_hub import card_lines, round_lines
from schoolguard.cli.options import json_option, language_option
from schoolguard.hub.service.list_cards import cards_in
from schoolguard.hub.service.settings import HubSettings
from schoolguard.hub.service.subscribed_asking import FetchRequests
from schoolguard.hub.service.subscribed_standing import rounds_since
from schoolguard.language import N_, Said, translator
from schoolguard.node.fetch_commands import chosen

_UNHEARD = N_("no publisher runs on this folder; the next one to start fetches what was asked for")
_LATE = N_("not fetched within {seconds} s; see: schoolguard hub status")
_HEARD_WITHIN = 10.0
_LOOK = 0.1


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--wait", "seconds", type=click.IntRange(1, 86_400), default=600, show_default=True,
              help="Seconds to wait for what comes of it.")  # fmt: skip
@hub_option
@language_option
@json_option
def fetch(ids: tuple[str, ...], seconds: int, hub: Path, language: str, as_json: bool) -> None:
    """Have the running publisher fetch public lists now, all of them or those named."""
    translate = translator(language)
    settings = settings_of(hub, translate)
    with failing(translate):
        wanted = chosen(tuple(each.wanted for each in settings.subscriptions), ids)
        found = _rounds(hub, settings, {each.id for each in wanted}, seconds)
    if as_json:
        click.echo(json.dumps({"lists": found}, ensure_ascii=False, indent=1))
    else:
        for line in round_lines(found, translate):
            click.echo(line)
    sys.exit(any(each["why"] is not None for each in found))


def _rounds(hub: Path, settings: HubSettings, ids: set[str], seconds: int) -> list[dict[str, Any]]:
    """Ask for lists and wait for a round of each; raises ``Said``, ``OSError``."""
    requests, asked, began = FetchRequests(hub), clock(), time.monotonic()
    requests.ask(ids)
    while True:
        found = [each for each in rounds_since(hub, settings, asked, clock()) if each["id"] in ids]
        if len(found) == len(ids):
            return found
        waited = time.monotonic() - began
        if waited > min(_HEARD_WITHIN, seconds) and ids & requests.waiting():
            raise Said(_UNHEARD)
        if waited > seconds:
            raise Said(_LATE, seconds=seconds)
        time.sleep(_LOOK)


@click.command()
@hub_option
@language_option
@json_option
def cards(hub: Path, language: str, as_json: bool) -> None:
    """Show what each list that all schools enforce is good for: entries, what only it has, age."""
    translate = translator(language)
    settings = settings_of(hub, translate)
    with failing(translate):
        found = cards_in(hub, settings, rolling(hub, settings), clock)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for line in card_lines(found, translate):
        click.echo(line)
