"""One gateway of the run: its configuration, its process, and how it is killed and begun again."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from schoolguard.intake.orders.key import gateway_key
from tests.bench.gateway import command
from tests.bench.orders.network import Place
from tests.bench.orders.publishing import Publisher
from tests.bench.orders.questions import DNS, UPSTREAM
from tests.bench.processes import on_core
from tests.site import Site

_GROUP = {
    "name": "Khách",
    "tier": "guest",
    "networks": ["127.0.0.0/8"],
    "block": {"answer": "refused", "language": "en"},
}


@dataclass
class Gateway:
    """A gateway in a namespace: the control process and one worker, on one core only if ``core`` says so."""

    number: int
    place: Place
    site: Site
    core: int | None = None
    process: subprocess.Popen[bytes] | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        """Write the log beside the configuration."""
        self.log = self.site.folder / "gateway.log"

    @property
    def enrolment(self) -> str:
        """The publisher's line about it."""
        key = gateway_key(self.site.state / "gateway.key").public_key().public_bytes_raw().hex()
        return f"{key} {key}\n"

    def follow(self, publisher: Publisher) -> None:
        """Write the publisher into its configuration."""
        path = self.site.config / "schoolguard.yaml"
        section = {"publisher": {"url": publisher.url, "root-fingerprint": publisher.root}}
        path.write_text(path.read_text() + yaml.safe_dump(section))

    def begin(self, publisher: Publisher) -> None:
        """Begin its process."""
        words = command("serve", "--config", str(self.site.config))
        words = words if self.core is None else on_core(self.core, words)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.place.command(*words),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=publisher.environment,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End control process and workers at once, as a power cut does."""
        if self.process is not None and self.process.poll() is None:
            # Its own session, so the group is only what was begun here.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def gateway(number: int, place: Place, folder: Path, core: int | None = None) -> Gateway:
    """Write the configuration of a gateway, one worker, small lists."""
    folder.mkdir()
    host, port = DNS
    upstream = "@".join(map(str, UPSTREAM))
    site = Site(folder, port, 9_253, [upstream], [f"{host}@{port}"], groups=[_GROUP])
    site.state.mkdir()
    site.write()
    return Gateway(number, place, site, core)
