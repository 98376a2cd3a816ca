"""dnsperf on the load's core, and what it says of a run."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import LOAD_CORE, Failed, on_core, program

_OUTSTANDING = 128
_SOCKETS = 8


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: the file of questions, for how long (seconds), at what rate, from which addresses.

    ``seconds`` ``None`` asks each question once; ``rate`` ``None`` is as fast as replies come, with 128
    outstanding in all.
    """

    questions: Path
    seconds: float | None
    rate: int | None = None
    sources: Sequence[str] = ("127.0.0.1",)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: queries sent, completed and lost, seconds, and the replies by response code."""

    sent: int
    completed: int
    lost: int
    seconds: float
    codes: dict[str, int]


def command(load: Load, port: int, source: str, *options: str) -> list[str]:
    """Return the dnsperf command for one source address."""
    share = len(load.sources)
    sockets = max(1, _SOCKETS // share)
    arguments = ["-s", "127.0.0.1", "-p", str(port), "-a", source, "-d", str(load.questions)]
    # A buffer of 4 MiB: a reply lost in the load's own socket would be blamed on the server.
    arguments += ["-c", str(sockets), "-q", str(max(sockets, _OUTSTANDING // share)), "-b", "4096", "-t", "3"]
    arguments += ["-n", "1"] if load.seconds is None else ["-l", str(load.seconds)]
    arguments += [] if load.rate is None else ["-Q", str(load.rate // share)]
    return on_core(LOAD_CORE, [program("dnsperf", "dnsperf"), *arguments, *options])


def send(load: Load, port: int) -> Outcome:
    """Run the load to its end; raises ``Failed`` when dnsperf does."""
    started = [
        subprocess.Popen(
            command(load, port, source), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for source in load.sources
    ]
    try:
        return total(parse(process.communicate()[0]) for process in started)
    finally:
        for process in started:
            process.kill()
            process.wait()


def parse(text: str) -> Outcome:
    """Return the outcome that dnsperf printed; raises ``Failed`` when it printed none."""
    counts = {key: int(n) for key, n in re.findall(r"Queries (sent|completed|lost):\s+(\d+)", text)}
    seconds = re.search(r"Run time \(s\):\s+([\d.]+)", text)
    if seconds is None or len(counts) != 3:
        raise Failed(f"dnsperf did not finish:\n{text[-500:]}")
    line = re.search(r"Response codes:(.*)", text)
    codes = {code: int(n) for code, n in re.findall(r"(\w+) (\d+) \(", line[1] if line else "")}
    return Outcome(counts["sent"], counts["completed"], counts["lost"], float(seconds[1]), codes)


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """Return several runs that went on side by side as one."""
    runs = list(outcomes)
    codes: dict[str, int] = {}
    for run in runs:
        for code, count in run.codes.items():
            codes[code] = codes.get(code, 0) + count
    return Outcome(
        sum(run.sent for run in runs),
        sum(run.completed for run in runs),
        sum(run.lost for run in runs),
        max(run.seconds for run in runs),
        codes,
    )


class Recorded:
    """A steady load in the background that notes every reply's latency; a context manager."""

    def __init__(self, load: Load, port: int, record: Path) -> None:
        self._record = record
        self._command = command(load, port, load.sources[0], "-v")

    def __enter__(self) -> Recorded:
        with self._record.open("wb") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def hold(self, seconds: float) -> None:
        """Let the load go on for a while; raises ``Failed`` when it has ended already."""
        time.sleep(seconds)
        if self._process.poll() is not None:
            raise Failed("the load ended before the step that it was to run beside")

    def finish(self) -> tuple[Outcome, list[float]]:
        """End the load; return its outcome and every latency in seconds, in order of arrival."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait()
        text = self._record.read_text(errors="replace")
        latencies = [float(found) for found in re.findall(r"(?m)^> \S+ \S+ \S+ ([\d.]+)$", text)]
        return parse(text[text.rfind("Statistics:") :]), latencies
