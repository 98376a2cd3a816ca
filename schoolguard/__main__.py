"""Start of the ``schoolguard`` command: takes its place behind the resolver before it loads anything.

Loading the program and reading lists take most of a second of a small box's core, which is what the pupils'
queries leave over; only ``serve`` is one of them. A publisher and a partner have no pupils, and orders that
must not wait: there only the processes that compile lists give way.
"""

from __future__ import annotations

import sys

from schoolguard.priority import give_way


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] not in (["serve"], ["hub"], ["partner"]):
        give_way()
    from schoolguard.cli import main as command

    command()


if __name__ == "__main__":
    main()
