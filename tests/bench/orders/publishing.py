"""The publisher and its partner as this run has them: founded anew, served by TLS, orders by command."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schoolguard.hub.push.home import make_home
from schoolguard.hub.tuf.delegations import add_partner
from schoolguard.hub.tuf.founding import ONLINE, Signers, found
from schoolguard.hub.tuf.keys import new_key, read_signers
from schoolguard.hub.tuf.publishing import publish
from schoolguard.hub.tuf.repository import Repository
from schoolguard.intake.trust.first import fingerprint
from schoolguard.intake.trust.names import ROOT, TARGETS, TIMESTAMP, served_metadata
from tests.bench.gateway import command
from tests.bench.orders.certificate import certify
from tests.bench.orders.lines import before_others
from tests.bench.orders.network import Place
from tests.bench.processes import Failed
from tests.hub.tuf.yard import Yard, signers

PARTNER = "bench"
PORT = 8_443

_PASSPHRASE = "a passphrase of the benchmark only"
_VARIABLE = "SCHOOLGUARD_BENCH_PASSPHRASE"
_WITHIN = 60.0


@dataclass
class Publisher:
    """A publisher's folder and place; ``serve`` begins its process, ``kill`` ends it."""

    folder: Path
    place: Place
    root: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where gateways and partner find it."""
        return f"https://{self.place.address}:{PORT}"

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the run has: whom to trust, and the keys' passphrase."""
        return {**os.environ, "SSL_CERT_FILE": str(self.folder / "certificate.pem"), _VARIABLE: _PASSPHRASE}

    def serve(self) -> None:
        """Begin to serve, and return when it does; raises ``Failed``."""
        log = self.folder / "hub.log"
        before = log.stat().st_size if log.exists() else 0
        words = command("hub", "serve", "--hub", str(self.folder))
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.place.command(*words, "--passphrase", f"env:{_VARIABLE}"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**self.environment, "LANGUAGE": "en", "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        end = time.monotonic() + _WITHIN
        while str(PORT).encode() not in log.read_bytes()[before:]:
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failed(f"the publisher does not serve:\n{log.read_text()[-1500:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def published(self) -> float:
        """Return when the timestamp in force was written, in Unix seconds."""
        return (Repository(self.folder).served / served_metadata(TIMESTAMP, None)).stat().st_mtime


@dataclass(frozen=True, slots=True)
class Partner:
    """Who orders: a folder with keys, and where its machine stands."""

    folder: Path
    place: Place
    publisher: Publisher

    async def order(self, id: str, name: str) -> None:
        """Run ``partner order`` for one name; raises ``Failed`` when the publisher does not take it."""
        words = ["--authority", "Bench", "--legal-basis", "Bench", "--contact", "bench@example.vn"]
        await self._run("order", "--id", id, "--names", name, *words)

    async def push(self, file: Path, list_id: str, category: str, *more: str) -> None:
        """Run ``partner push`` for a list; raises ``Failed`` when the publisher does not take it."""
        await self._run(
            "push", str(file), "--list", list_id, "--category", category, "--licence", "CC0-1.0", *more
        )

    async def _run(self, *words: str) -> None:
        full = command("partner", *words, "--folder", str(self.folder), "--passphrase", f"env:{_VARIABLE}")
        running = await asyncio.create_subprocess_exec(
            *self.place.command(*full),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.publisher.environment,
            start_new_session=True,
            preexec_fn=before_others,  # its machine is its own: it shares no processor with thirty schools
        )
        try:
            said, _ = await running.communicate()
        except asyncio.CancelledError:
            running.kill()
            await running.wait()
            raise
        if running.returncode:
            told = f"partner {' '.join(words[:3])} ended with code {running.returncode}"
            raise Failed(f"{told}: {said.decode()[-600:]}")


@contextmanager
def publishing(
    folder: Path,
    publisher: Place,
    partner: Place,
    gateways: str,
    *,
    more: str = "",
) -> Iterator[Partner]:
    """Found a publisher with one partner and serve it; ``gateways`` are the lines of those enrolled.

    ``more`` are further lines of ``hub.yaml``.
    """
    hub, home = folder / "hub", folder / "partner"
    (hub / "keys").mkdir(parents=True)
    (hub / "gateways").write_text(gateways)
    (hub / "safety-net.txt").write_text("111.example\n")
    certify(hub, publisher.address)
    (hub / "hub.yaml").write_text(
        f"listen: {publisher.address}@{PORT}\ncertificate: certificate.pem\ncertificate-key: key.pem\n"
        "gateways: gateways\nsafety-net: [safety-net.txt]\n" + more
    )
    running = Publisher(hub, publisher, "")
    made = make_home(home, PARTNER, running.url)
    running.root = _found(hub, Signers([new_key(made.key.parent, PARTNER, _PASSPHRASE.encode())]))
    try:
        running.serve()
        yield Partner(home, partner, running)
    finally:
        running.kill()


def _found(hub: Path, partner: Signers) -> str:
    """Found the repository, take the partner in, and return the root's fingerprint."""
    yard, now, keys = Yard(hub, [], ["root-1", "targets-1"]), time.time(), hub / "keys"
    passphrase = _PASSPHRASE.encode()
    online = {role: Signers([new_key(keys, role, passphrase)]) for role in ONLINE}
    found(yard.repository, {ROOT: signers("root-1"), TARGETS: signers("targets-1"), **online}, now)
    yard.sign()
    publish(yard.repository, read_signers(keys, passphrase), now)
    add_partner(yard.repository, PARTNER, partner, now)
    yard.sign()
    publish(yard.repository, read_signers(keys, passphrase), now)
    return fingerprint(yard.root())
