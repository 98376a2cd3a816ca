"""The ``schoolguard`` command: its parts parse arguments and call one function each."""

from __future__ import annotations

import click

from schoolguard import __version__
from schoolguard.cli.audit import audit
from schoolguard.cli.budget import budget
from schoolguard.cli.check import check
from schoolguard.cli.diff import diff
from schoolguard.cli.explain import explain
from schoolguard.cli.hub import hub
from schoolguard.cli.lists import lists
from schoolguard.cli.orders import orders
from schoolguard.cli.partner import partner
from schoolguard.cli.partner_order import order_command
from schoolguard.cli.passes import passes
from schoolguard.cli.province import export, import_, province
from schoolguard.cli.running import reload, status
from schoolguard.cli.serve import serve
from schoolguard.cli.year import year


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    commands=[
        serve,
        check,
        explain,
        diff,
        reload,
        status,
        lists,
        passes,
        budget,
        orders,
        province,
        audit,
        year,
        hub,
        partner,
    ],
)
@click.version_option(__version__, message="SchoolGuard %(version)s")
def main() -> None:
    """SchoolGuard, a filtering DNS proxy for schools."""


lists.add_command(import_)
lists.add_command(export)
partner.add_command(order_command)
