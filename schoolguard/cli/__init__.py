"""The ``schoolguard`` command: its parts parse arguments and call one function each.

Each is loaded when it is asked for: all of them together take a second of a small box's core.
"""

from __future__ import annotations

import click

from schoolguard import __version__
from schoolguard.cli.later import Later

_COMMANDS: dict[str, str | tuple[str, ...]] = {
    "serve": "schoolguard.cli.serve:serve",
    "check": "schoolguard.cli.check:check",
    "explain": "schoolguard.cli.explain:explain",
    "diff": "schoolguard.cli.diff:diff",
    "reload": "schoolguard.cli.running:reload",
    "status": "schoolguard.cli.running:status",
    "lists": (
        "schoolguard.cli.lists:lists",
        "schoolguard.cli.province:import_",
        "schoolguard.cli.province:export",
        "schoolguard.cli.lists_back:rollback",
        "schoolguard.cli.lists_fetched:fetch",
        "schoolguard.cli.lists_fetched:cards",
    ),
    "pass": "schoolguard.cli.passes:passes",
    "budget": "schoolguard.cli.budget:budget",
    "orders": "schoolguard.cli.orders:orders",
    "province": "schoolguard.cli.province:province",
    "feed": "schoolguard.cli.feed:feed",
    "audit": "schoolguard.cli.audit:audit",
    "store": "schoolguard.cli.store:store",
    "query-log": "schoolguard.cli.querylog:query_log",
    "year": "schoolguard.cli.year:year",
    "hub": "schoolguard.cli.hub:hub",
    "partner": "schoolguard.cli.partner:partner",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, commands=Later(_COMMANDS))
@click.version_option(__version__, message="SchoolGuard %(version)s")
def main() -> None:
    """SchoolGuard, a filtering DNS proxy for schools."""
