"""Measures what a day's changes cost a gateway that is in use; prints a table.

A publisher, a partner and a gateway in namespaces of their own, with lines between them that take 50 ms and
lose 1 % of the packets a round trip. All real lists are pushed and enforced; then the partner pushes 20,000
changes, which come into force while the gateway answers 20,000 queries a second. The gateway has core 0 for
itself, all others share core 1. As root; everything is gone at the end. Results go to standard output,
progress to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench import corpus
from tests.bench.__main__ import SIZES, data_folder
from tests.bench.delta.figures import Found, printed
from tests.bench.delta.names import Days, write_days
from tests.bench.delta.run import Run
from tests.bench.orders.gateways import Gateway, gateway
from tests.bench.orders.network import Place, network
from tests.bench.orders.publishing import publishing
from tests.bench.processes import LOAD_CORE, SERVER_CORE, Failed
from tests.bench.stage import SEED, say, write_questions

_HUB = "rollout: {shadow: 0, canary: 0}\n"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    size: corpus.Size
    changes: int
    rate: int
    data: Path
    keep: Path | None


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    options = arguments(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found = Found(changes=options.changes, rate=options.rate)
    try:
        with tempfile.TemporaryDirectory(prefix="sgdelta-") as work:
            try:
                measure(options, Path(work), found)
            finally:
                if options.keep:
                    shutil.copytree(work, options.keep, ignore=shutil.ignore_patterns("*.sock", "lists"))
    except Failed as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    print(printed(found))
    return 0 if found.good else 1


def arguments(given: list[str]) -> Options:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(prog="make bench-delta BENCH_ARGS=...", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="3.5M", help="names on all lists (%(default)s)")
    parser.add_argument("--changes", type=int, default=20_000, help="how many (%(default)s)")
    parser.add_argument("--rate", type=int, default=20_000, help="queries a second (%(default)s)")
    parser.add_argument("--data", type=Path, default=data_folder(), help="folder of real names (%(default)s)")
    parser.add_argument("--keep", type=Path, help="copy logs and folders there")
    found = parser.parse_args(given)
    return Options(SIZES[found.size], found.changes, found.rate, found.data, found.keep)


def measure(options: Options, work: Path, found: Found) -> None:
    """Build everything, run, take it down."""
    os.sched_setaffinity(0, {LOAD_CORE})  # what is begun from here inherits it, but for the gateway
    say("writing the lists")
    days = write_days(options.data, options.size, options.changes, work / "names", random.Random(SEED))
    questions = write_questions(corpus.load(options.data, random.Random(SEED)), work)
    found.names = days.count
    with network(3, SEED, work / "lines.log") as lines:
        hub, telecom, school = lines.places
        served = school_gateway(school, work / "gateway", days)
        try:
            with publishing(work, hub, telecom, served.enrolment, more=_HUB) as partner:
                asyncio.run(Run(partner, served, days, questions, options.rate, found).run())
        finally:
            served.kill()


def school_gateway(place: Place, folder: Path, days: Days) -> Gateway:
    """Return a gateway whose one group is closed everything that stands on the lists."""
    made = gateway(0, place, folder, SERVER_CORE)
    made.site.tiers["guest"] = sorted({each.category for each in days.lists})
    made.site.write()
    return made


if __name__ == "__main__":
    sys.exit(main())
