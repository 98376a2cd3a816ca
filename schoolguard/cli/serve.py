"""``schoolguard serve``: runs the gateway in this process."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click

from schoolguard.cli.check import print_findings
from schoolguard.cli.options import EXIT_CONFIGURATION, Failed, config, language_option
from schoolguard.config import ConfigError
from schoolguard.language import N_, Said, translator
from schoolguard.log import start_log
from schoolguard.node.gateway import Gateway
from schoolguard.node.notify import Notify
from schoolguard.node.sockets import CannotListen
from schoolguard.node.starting import CannotStart, Overrides
from schoolguard.node.watching import started_lines, verdict_line
from schoolguard.querylog.undumped import never_dump
from schoolguard.settings import Endpoint, Settings

_NO_TERMINAL = N_(
    "--watch shows the names that are asked; it belongs to a terminal, not to the log of a service"
)


class _Address(click.ParamType[Endpoint]):
    name = "ADDRESS@PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Endpoint:
        if isinstance(value, Endpoint):
            return value
        host, _, port = value.partition("@")
        try:
            number = int(port or "53")
            if not 0 < number < 65536:
                raise ValueError
            return Endpoint(str(ip_address(host)), number)
        except ValueError:
            self.fail(f"{value!r} is not ADDRESS@PORT, for example 127.0.0.1@53 or ::1@5353", param, ctx)


@click.command()
@config
@click.option("--upstream", "upstreams", type=_Address(), multiple=True, help="Ask this instead; repeatable.")
@click.option("--watch", is_flag=True, help="Show each verdict on this terminal as it happens.")
@language_option
def serve(folder: Path, upstreams: tuple[Endpoint, ...], watch: bool, language: str) -> None:
    """Run the gateway until it is told to end."""
    translate = translator(language)
    if watch and stat.S_ISSOCK(os.fstat(1).st_mode):
        raise Failed(Said(_NO_TERMINAL), translate)
    never_dump()
    start_log("control")

    def started(settings: Settings) -> None:
        if watch:
            click.echo("\n".join(started_lines(settings, translate)))

    def show(verdict: Any) -> None:
        click.echo(verdict_line(verdict, translate))

    async def run() -> None:
        await Gateway(folder, Overrides(upstreams), Notify(), show if watch else None).run(started)

    try:
        asyncio.run(run())
    except ConfigError:
        print_findings(folder, translate)
        sys.exit(EXIT_CONFIGURATION)
    except (CannotListen, CannotStart) as error:
        raise Failed(error, translate) from error
