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
    outstanding in all. With a folder for ``questions`` each address asks a file of its own there, see
    ``file_of``.
    """

    questions: Path
    seconds: float | None
    rate: int | None = None
    sources: Sequence[str] = ("127.0.0.1",)

    def file_of(self, source: str) -> Path:
        """Return the questions of one address."""
        return self.questions / f"{source}.txt" if self.questions.is_dir() else self.questions


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
    arguments = ["-s", "127.0.0.1", "-p", str(port), "-a", source]
    arguments += ["-d", str(load.file_of(source))]
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
    """A steady load in the background that notes every reply's latency; a context manager.

    ``began`` is when it did, in Unix seconds, and ``seconds`` how long each source's load went on.
    """

    def __init__(self, load: Load, port: int, folder: Path, name: str) -> None:
        self._commands = {
            folder / f"{name}-{source}.txt": command(load, port, source, "-v") for source in load.sources
        }
        self._processes: list[subprocess.Popen[bytes]] = []
        self.seconds: list[float] = []
        self.began = 0.0

    def __enter__(self) -> Recorded:
        self.began = time.time()
        for record, full in self._commands.items():
            with record.open("wb") as output:
                started = subprocess.Popen(full, stdout=output, stderr=subprocess.STDOUT)
            self._processes.append(started)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def hold(self, seconds: float) -> None:
        """Let the load go on for a while; raises ``Failed`` when it has ended already."""
        time.sleep(seconds)
        if any(process.poll() is not None for process in self._processes):
            raise Failed("the load ended before the step that it was to run beside")

    def finish(self) -> tuple[Outcome, list[list[float]]]:
        """End the load; return its outcome and each source's latencies in seconds, in order of arrival."""
        for process in self._processes:
            process.send_signal(signal.SIGINT)
        outcomes, latencies = [], []
        for process, record in zip(self._processes, self._commands, strict=True):
            process.wait()
            text = record.read_text(errors="replace")
            record.unlink()
            latencies.append([float(x) for x in re.findall(r"(?m)^> \S+ \S+ \S+ ([\d.]+)$", text)])
            outcomes.append(parse(text[text.rfind("Statistics:") :]))
        self.seconds = [outcome.seconds for outcome in outcomes]
        return total(outcomes), latencies

    def between(self, latencies: Sequence[Sequence[float]], begin: float, end: float) -> list[float]:
        """Return the latencies of what was asked from ``begin`` to ``end`` (Unix seconds).

        At a steady rate a reply's place tells its time, to some hundredths of a second.
        """
        found: list[float] = []
        for each, seconds in zip(latencies, self.seconds, strict=True):
            first, last = (max(0, int((at - self.began) * len(each) / seconds)) for at in (begin, end))
            found += each[first:last]
        return found
