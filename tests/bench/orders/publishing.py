"""The publisher and its partner as this run has them: founded anew, served by TLS, orders by command."""

from __future__ import annotations

import asyncio
import datetime
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from schoolguard.hub.push.home import make_home
from schoolguard.hub.tuf.delegations import add_partner
from schoolguard.hub.tuf.founding import ONLINE, Signers, found
from schoolguard.hub.tuf.keys import new_key, read_signers
from schoolguard.hub.tuf.publishing import publish
from schoolguard.hub.tuf.repository import Repository
from schoolguard.intake.trust.first import fingerprint
from schoolguard.intake.trust.names import ROOT, TARGETS, TIMESTAMP, served_metadata
from tests.bench.gateway import command
from tests.bench.orders.lines import before_others
from tests.bench.orders.network import Place
from tests.bench.processes import Failed
from tests.hub.tuf.yard import Yard, signers

PARTNER = "bench"
PORT = 8_443

_PASSPHRASE = "a passphrase of the benchmark only"
_VARIABLE = "SCHOOLGUARD_BENCH_PASSPHRASE"
_WITHIN = 60.0
_DAY = datetime.timedelta(days=1)


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
        words = command("partner", "order", "--folder", str(self.folder), "--id", id, "--names", name)
        words += ["--authority", "Bench", "--legal-basis", "Bench", "--contact", "bench@example.vn"]
        running = await asyncio.create_subprocess_exec(
            *self.place.command(*words, "--passphrase", f"env:{_VARIABLE}"),
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
            raise Failed(f"partner order {id} ended with code {running.returncode}: {said.decode()[-600:]}")


@contextmanager
def publishing(folder: Path, publisher: Place, partner: Place, gateways: str) -> Iterator[Partner]:
    """Found a publisher with one partner and serve it; ``gateways`` are the lines of those enrolled."""
    hub, home = folder / "hub", folder / "partner"
    (hub / "keys").mkdir(parents=True)
    (hub / "gateways").write_text(gateways)
    (hub / "safety-net.txt").write_text("111.example\n")
    _certify(hub, publisher.address)
    (hub / "hub.yaml").write_text(
        f"listen: {publisher.address}@{PORT}\ncertificate: certificate.pem\ncertificate-key: key.pem\n"
        "gateways: gateways\nsafety-net: [safety-net.txt]\n"
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


def _certify(folder: Path, address: str) -> None:
    """Write a certificate for an address, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - _DAY).not_valid_after(now + _DAY)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = builder.sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(signed.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
