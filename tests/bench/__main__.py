"""Measures SchoolGuard beside Unbound and dnsmasq and prints one table: ``python -m tests.bench``.

Every server runs alone on core 0, dnsperf and the upstream on core 1; all traffic stays on loopback. Results
go to standard output, progress to standard error.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import corpus, counting, lifecycle, miss, policy, turn, warm
from tests.bench.processes import LOAD_CORE, SERVER_CORE, Failed, program
from tests.bench.stage import SEED, Options, Questions, Stage, say, servers, stage, write_questions
from tests.bench.table import DNSMASQ, GATEWAY, UNBOUND, Row, markdown

SIZES = {"1M": corpus.MILLION, "3.5M": corpus.ALL}
SCENARIOS = (
    "compile",
    "start",
    "warm",
    "groups",
    "steady",
    "memory",
    "miss",
    "swap",
    "policy",
    "turn",
    "counting",
)
SERVERS = {name.lower(): name for name in (GATEWAY, UNBOUND, DNSMASQ)}
_BESIDE_LOAD = ("warm", "groups", "steady", "memory", "miss", "swap")


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    options = arguments(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows: list[Row] = []
    try:
        check_machine(options)
        for row in measure(options):
            rows.append(row)
            say(f"  -> {row.figure}: {dict(row.values)}")
    except Failed as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; what was measured until now:")
        return 130
    finally:
        if rows:
            print(f"{platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}\n")
            print(markdown(rows))
    return 0


def arguments(given: list[str]) -> Options:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(prog="make bench BENCH_ARGS=...", description=__doc__)
    parser.add_argument("--only", default=",".join(SCENARIOS), help="some of: %(default)s")
    parser.add_argument("--sizes", default=",".join(SIZES), help="some of: %(default)s")
    parser.add_argument("--servers", default=",".join(SERVERS), help="some of: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each measurement (%(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of one round (%(default)s)")
    parser.add_argument("--data", type=Path, default=data_folder(), help="folder of real names (%(default)s)")
    parser.add_argument(
        "--caches", type=int, metavar="MIB", help="size of each SchoolGuard cache (its default)"
    )
    found = parser.parse_args(given)
    for given_words, known in ((found.only, SCENARIOS), (found.sizes, SIZES), (found.servers, SERVERS)):
        if unknown := set(given_words.split(",")) - set(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    return Options(
        found.data,
        tuple(SIZES[word] for word in found.sizes.split(",")),
        frozenset(found.only.split(",")),
        frozenset(SERVERS[word] for word in found.servers.split(",")),
        found.rounds,
        found.seconds,
        None if found.caches is None else found.caches << 20,
    )


def data_folder() -> Path:
    """Return where the real names are looked for: $SCHOOLGUARD_DATA, or beside the checkout."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(os.environ.get("SCHOOLGUARD_DATA", beside))


def check_machine(options: Options) -> None:
    """Raise ``Failed`` with what is missing: cores, programs or names."""
    if not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        raise Failed(
            f"two processor cores are needed, {SERVER_CORE} and {LOAD_CORE}, one for servers, one for load"
        )
    if not (options.shared / "categories").is_dir():
        raise Failed(
            f"the lists of real names are not at {options.shared}: it needs categories/*.txt.xz and"
            " popular/umbrella-top-100k.txt.xz; set SCHOOLGUARD_DATA"
        )
    for name, package in (("dnsperf", "dnsperf"), ("unbound", "unbound"), ("taskset", "util-linux")):
        program(name, package)


def measure(options: Options) -> Iterator[Row]:
    """Yield the figures of every size."""
    with tempfile.TemporaryDirectory(prefix="schoolguard-bench-") as work:
        say("reading the names")
        names = corpus.load(options.shared, random.Random(SEED))
        questions = write_questions(names, Path(work))
        for number, size in enumerate(options.sizes):
            yield from _measure(options, size, names, questions, Path(work) / str(number))


def _measure(
    options: Options, size: corpus.Size, names: corpus.Corpus, questions: Questions, folder: Path
) -> Iterator[Row]:
    with stage(options, size, names, questions, folder) as on:
        if on.has(GATEWAY):
            if on.wants("compile"):
                yield from lifecycle.compile_lists(on)
            if on.wants("start"):
                yield from lifecycle.start(on)
        if on.wants(*_BESIDE_LOAD):
            yield from _beside_load(on)
        if on.has(GATEWAY) and on.wants("policy"):
            yield from policy.policy(on)
        if on.has(GATEWAY) and on.wants("turn"):
            yield from turn.turn(on)
        if on.has(GATEWAY) and on.wants("counting"):
            yield from counting.counting(on)


def _beside_load(on: Stage) -> Iterator[Row]:
    with servers(on) as running:
        if on.wants("memory"):
            yield from warm.memory(on, running)
        if on.wants("warm"):
            yield from warm.warm(on, running)
        if on.wants("steady"):
            yield from warm.steady(on, running)
        if on.wants("groups") and on.has(GATEWAY):
            yield from warm.many_groups(on, running)
        if on.wants("miss"):
            yield from miss.miss(on, running)
        if on.wants("swap") and on.has(GATEWAY):
            yield from lifecycle.swap(on, running)


if __name__ == "__main__":
    sys.exit(main())
