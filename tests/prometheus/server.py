"""A real Prometheus on loopback for tests: short intervals, its own folder, and what it says over HTTP."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.prometheus.expressions import CONFIG
from tests.servers import free_port, process, program, wait_until


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    port: int
    log: Path

    def ask(self, path: str, **parameters: str) -> Any:
        """Return what its API answers."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return an instant vector."""
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found

    def value(self, expression: str) -> float | None:
        """Return the value of an expression that gives one sample, ``None`` when it gives none."""
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None

    def firing(self, name: str, **labels: str) -> dict[str, Any] | None:
        """Return the alert of this name and these labels that fires, ``None`` when none does."""
        wanted = labels.items() | {("alertname", name)}
        alerts = (each for each in self.ask("alerts")["alerts"] if each["state"] == "firing")
        return next((each for each in alerts if wanted <= each["labels"].items()), None)

    @property
    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False


def example(folder: Path, target: int, **changes: Any) -> Path:
    """Write the example configuration with intervals of a second and short alerts; return its path."""
    tree = yaml.safe_load((CONFIG / "prometheus/prometheus.yml").read_text(encoding="utf-8"))
    tree["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "500ms"}
    tree["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{target}"]
    (folder / "rules").mkdir(parents=True)
    for path in (CONFIG / "prometheus/rules").glob("*.yml"):
        rules = yaml.safe_load(path.read_text(encoding="utf-8"))
        for rule in (rule for group in rules["groups"] for rule in group["rules"]):
            rule["expr"] = re.sub(r"\[[25]m\]", "[4s]", rule["expr"])
            if "for" in rule:
                rule["for"] = "1s"
        (folder / "rules" / path.name).write_text(yaml.safe_dump(rules, allow_unicode=True))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(tree | changes))
    return folder / "prometheus.yml"


@contextlib.contextmanager
def prometheus(folder: Path, config: Path, *options: str) -> Iterator[Prometheus]:
    """Run a Prometheus on loopback until the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    running = Prometheus(free_port(), folder / "prometheus.log")
    command = [
        *(program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"),
        *(f"--web.listen-address=127.0.0.1:{running.port}", "--storage.tsdb.retention.time=1h", *options),
    ]
    with process(command, running.log, cwd=folder) as started:

        def up() -> bool:
            assert started.poll() is None, running.log.read_text()[-2000:]
            return running.ready

        wait_until(up, "a ready Prometheus")
        yield running
