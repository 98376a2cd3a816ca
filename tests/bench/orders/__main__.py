"""Measures takedown orders from ``partner order`` to the first REFUSED in every gateway; prints a table.

Thirty gateways, their publisher and a partner in namespaces of their own, with lines between them that take
50 ms and lose 1 % of the packets a round trip. Each gateway is asked every 20 ms for every name that it was
ordered to close and did not yet. As root; everything is gone at the end. Results go to standard output,
progress to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.bench.orders.figures import Found, printed
from tests.bench.orders.gateways import gateway
from tests.bench.orders.network import network
from tests.bench.orders.publishing import publishing
from tests.bench.orders.run import Options, Run
from tests.bench.processes import Failed
from tests.bench.stage import say


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    options = arguments(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="sgorders-") as work:
            found = Found(options.gateways)
            try:
                measure(options, Path(work), found)
            finally:
                if options.keep:
                    shutil.copytree(work, options.keep, ignore=shutil.ignore_patterns("*.sock"))
                if found.orders:
                    print(printed(found))
    except Failed as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    return 0 if found.good else 1


def arguments(given: list[str]) -> Options:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(prog="make bench-orders BENCH_ARGS=...", description=__doc__)
    parser.add_argument("--gateways", type=int, default=30, help="how many (%(default)s)")
    parser.add_argument("--orders", type=int, default=200, help="how many (%(default)s)")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two orders (%(default)s)")
    parser.add_argument(
        "--trouble", type=float, default=10.0, help="seconds between two troubles (%(default)s)"
    )
    parser.add_argument("--calm", action="store_true", help="no trouble at all")
    parser.add_argument("--patience", type=float, default=400.0, help="wait so long at the end (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of losses and troubles (%(default)s)")
    parser.add_argument("--keep", type=Path, help="copy logs and folders there")
    return Options(**vars(parser.parse_args(given)))


def measure(options: Options, work: Path, found: Found) -> None:
    """Build everything, run, take it down."""
    with network(options.gateways + 2, options.seed, work / "lines.log") as lines:
        hub, telecom, *places = lines.places
        gateways = [gateway(number, place, work / str(number)) for number, place in enumerate(places)]
        enrolled = "".join(each.enrolment for each in gateways)
        try:
            with publishing(work, hub, telecom, enrolled) as partner:
                asyncio.run(Run(options, lines, partner, gateways, found).run())
        finally:
            for each in gateways:
                each.kill()
    found.carried = lines.carried


if __name__ == "__main__":
    sys.exit(main())
