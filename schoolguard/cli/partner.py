"""``schoolguard partner``: all that a telecom needs. Its commands are loaded when they are asked for."""

from __future__ import annotations

import click

from schoolguard.cli.later import Later

_COMMANDS = {
    "init": "schoolguard.cli.partner_home:init",
    "push": "schoolguard.cli.partner_push:push",
    "order": "schoolguard.cli.partner_order:order_command",
    "status": "schoolguard.cli.partner_home:status",
}


@click.group(commands=Later(_COMMANDS))
def partner() -> None:
    """Sign lists and push them to a publisher; for telecoms and other partners."""
