"""A certificate authority of the test's own, and what a browser needs to trust it.

Made by OpenSSL's and NSS's command-line tools. It must not touch a store of this machine: only
profiles of the test know the authority.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from tests.servers import program

_PARAMETERS = "[req]\ndistinguished_name = subject\nprompt = no\n[subject]\nCN = SchoolGuard test\n"
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two files: the certificate and its key, PEM."""

    certificate: Path
    key: Path


def run(*command: str | Path) -> None:
    """Run a command that must succeed, and say what it said when it does not."""
    ran = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"


class Authority:
    """A certificate authority whose files lie in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "openssl.cnf").write_text(_PARAMETERS)
        self.root = self._made("root", "basicConstraints=critical,CA:TRUE")

    def certify(self, name: str, subjects: Iterable[str]) -> Certificate:
        """Return a server's certificate for names and addresses."""
        also = ",".join(f"{'IP' if _is_address(each) else 'DNS'}:{each}" for each in subjects)
        return self._made(
            name,
            "basicConstraints=critical,CA:FALSE",
            f"subjectAltName={also}",
            "extendedKeyUsage=serverAuth",
            signer=("-CA", self.root.certificate, "-CAkey", self.root.key),
        )

    def trusted_in(self, folder: Path) -> None:
        """Make a folder the certificate store of a browser that trusts this authority."""
        folder.mkdir(parents=True, exist_ok=True)
        store = f"sql:{folder}"
        run(program("certutil"), "-d", store, "-N", "--empty-password")
        run(program("certutil"), "-d", store, "-A", "-n", "test", "-t", "C,,", "-i", self.root.certificate)

    def _made(self, name: str, *extensions: str, signer: tuple[str | Path, ...] = ()) -> Certificate:
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        also = [part for each in extensions for part in ("-addext", each)]
        run(
            *(program("openssl"), "req", "-x509", "-config", self._folder / "openssl.cnf", *_CURVE),
            *("-days", "30", "-subj", f"/CN=SchoolGuard test {name}", "-keyout", made.key),
            *("-out", made.certificate, *signer, *also),
        )
        return made


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
