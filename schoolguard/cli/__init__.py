"""The ``schoolguard`` command: its parts parse arguments and call one function each."""

from __future__ import annotations

import click

from schoolguard import __version__
from schoolguard.cli.audit import audit
from schoolguard.cli.budget import budget
from schoolguard.cli.check import check
from schoolguard.cli.diff import diff
from schoolguard.cli.explain import explain
from schoolguard.cli.lists import lists
from schoolguard.cli.passes import passes
from schoolguard.cli.running import reload, status
from schoolguard.cli.serve import serve
from schoolguard.cli.year import year


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    commands=[serve, check, explain, diff, reload, status, lists, passes, budget, audit, year],
)
@click.version_option(__version__, message="SchoolGuard %(version)s")
def main() -> None:
    """SchoolGuard, a filtering DNS proxy for schools."""
