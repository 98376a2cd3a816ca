"""What was answered beside what was counted, over millions of queries while processes are killed.

    python -m tests.bench.exactness [--queries N] [--rate N] [--every SECONDS]

Every few seconds a worker is killed, the configuration is reloaded, or control is killed and started again.
It ends with 1 when a query was counted twice, or was answered and neither counted nor said to be lost.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import load
from tests.servers import Gateway, free_port, knot, serving, unbound, wait_until
from tests.site import Site
from tests.stored import Stored, stored

WORKERS = 2
SOURCES = ("127.0.1.1", "127.0.2.1", "127.0.3.1", "127.0.5.1")
NAMES = ("bet.example", "adult.example", "game.example", "mxh.example", "www.hoc.example", "hoc.example")
_LONGEST = 1_800.0


@dataclass
class Campaign:
    """One gateway and what is done to it; ``seed`` chooses which worker is killed."""

    site: Site
    stack: ExitStack
    seed: int
    done: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self.gateway = self._start()
        self.began = time.monotonic()

    def _start(self) -> Gateway:
        return self.stack.enter_context(serving(self.site))

    def disturb(self, step: int) -> None:
        """Kill a worker, reload, or kill control: in turn, control the seldomest."""
        name = ("kill worker", "reload", "kill worker", "kill control")[step % 4]
        self.done[name] = self.done.get(name, 0) + 1
        if name == "kill worker":
            workers = self.gateway.workers()
            os.kill(self._random.choice(workers), signal.SIGKILL)
            wait_until(lambda: len(self.gateway.workers()) == WORKERS, "another worker")
        elif name == "reload":
            self.gateway.reload()
        else:
            self.gateway.process.kill()
            self.gateway.process.wait()
            self.gateway = self._start()

    def end(self) -> Stored:
        """End the gateway in good order, when its orphans have ended, and return what it counted."""
        wait_until(lambda: len(_workers_of(self.site.state)) == WORKERS, "the end of orphans")
        self.gateway.process.send_signal(signal.SIGTERM)
        self.gateway.ended()
        return stored(self.site.state)


def _workers_of(state: Path) -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if _serves(path, state)]


def _serves(path: Path, state: Path) -> bool:
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return b"schoolguard.serve.worker" in text and str(state).encode() in text


def _sender(folder: Path, port: int, rate: int, seconds: float) -> list[subprocess.Popen[str]]:
    questions = folder / "questions.txt"
    questions.write_text("".join(f"{name} A\n" for name in NAMES))
    sent = load.Load(questions, seconds, rate, SOURCES)
    return [
        subprocess.Popen(
            load.command(sent, port, source), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for source in SOURCES
    ]


def run(queries: int, rate: int, every: float, seed: int) -> bool:
    """Run the campaign, print its figures and return whether they agree."""
    with tempfile.TemporaryDirectory(prefix="schoolguard-exactness-") as name, ExitStack() as stack:
        folder = Path(name)
        authority = stack.enter_context(knot(folder / "knot"))
        upstream = f"127.0.0.1@{stack.enter_context(unbound(folder / 'unbound', authority))}"
        site = Site(folder, free_port(), free_port(), [upstream], workers=WORKERS).write()
        campaign = Campaign(site, stack, seed)
        senders = _sender(folder, site.port, rate, min(queries / rate, _LONGEST))
        for step in itertools.count():
            time.sleep(every)
            if any(sender.poll() is not None for sender in senders):
                break
            campaign.disturb(step)
        outcome = load.total(load.parse(sender.communicate()[0]) for sender in senders)
        found = campaign.end()
    return tell(outcome, found, campaign.done)


def tell(outcome: load.Outcome, found: Stored, done: dict[str, int]) -> bool:
    """Print what was seen; return whether every answered query was counted once or is known to be lost."""
    both = found.counted + found.lost
    print(", ".join(f"{name}: {times}" for name, times in sorted(done.items())))
    print(f"sent {outcome.sent:,}; replies that came {outcome.completed:,}; lost on the way {outcome.lost:,}")
    print(f"counted {found.counted:,}; known to be answered and not counted {found.lost:,}; both {both:,}")
    print(f"of what was answered, not counted: {found.lost / max(both, 1):.4%}")
    return outcome.completed <= both <= outcome.sent


def main() -> int:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=10_000_000)
    parser.add_argument("--rate", type=int, default=25_000)
    parser.add_argument("--every", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    return 0 if run(options.queries, options.rate, options.every, options.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
