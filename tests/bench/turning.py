"""Prints, as JSON, how long ``Rules.turn`` takes: ``python -m tests.bench.turning CONFIG CLIENTS``.

A process of its own, as a worker is: the real settings and snapshot, that many clients known, no load. It
goes from one window's boundary to the next, twice through a day, under rules that are made anew for each
sample set, so that every state is met for the first time and again. Processor time is measured: what else the
machine does is no part of it.
"""

from __future__ import annotations

import gc
import json
import pickle
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from schoolguard.config.loader import load
from schoolguard.language import LANGUAGES, translator
from schoolguard.lists.folder import current_in
from schoolguard.lists.snapshot import Snapshot
from schoolguard.lists.stack import Stack
from schoolguard.resolver.counts import Counts
from schoolguard.resolver.present import Present
from schoolguard.resolver.rules import Rules
from schoolguard.settings import Settings
from tests.bench import policies

_ANEW = 2
"""Times that the rules are made anew: some two dozen turns into states that were never met."""


def main() -> None:
    """Measure and print ``{"first": [seconds...], "again": [...]}``, the quietest first."""
    config, clients = Path(sys.argv[1]), int(sys.argv[2])
    # A worker gets its settings so: the process that read the files is another one.
    settings: Settings = pickle.loads(pickle.dumps(load(config).settings.for_workers()))
    stack = Stack([Snapshot.open(current_in(settings.paths.state / "snapshots"))])
    first: list[float] = []
    again: list[float] = []
    for _ in range(_ANEW):
        rules = _rules(settings, stack, clients)
        first += _day(rules)
        again += _day(rules)
    print(json.dumps({"first": sorted(first), "again": sorted(again)}))


def _rules(settings: Settings, stack: Stack, clients: int) -> Rules:
    translators = {language: translator(language) for language in LANGUAGES}
    rules = Rules(settings, stack, Counts(), translators, Present(time.time()))
    rules.turn(0.0)
    for address in _addresses(clients, policies.GROUPS):
        if rules.admit(address) is None:
            raise SystemExit(f"{address.hex('.')} is in no group")
    # As in a worker: nothing is collected while it turns.
    gc.collect()
    gc.freeze()
    gc.disable()
    return rules


def _addresses(clients: int, groups: int) -> Iterator[bytes]:
    """Yield addresses of all groups in turn."""
    for number in range(clients):
        host = number // groups
        yield bytes((127, host // 250, 1 + number % groups, 1 + host % 250))


def _day(rules: Rules) -> list[float]:
    """Return the processor seconds of each turn in a day."""
    present = rules.present
    seconds = []
    end = (present.now or 0.0) + 86_400
    while (now := present.now) is not None and now + rules.due < end:
        present.now = now + rules.due
        began = time.thread_time()
        rules.turn(0.0)
        seconds.append(time.thread_time() - began)
    return seconds


if __name__ == "__main__":
    main()
