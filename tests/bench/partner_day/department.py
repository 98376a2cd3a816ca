"""The department: two people's ceremony, as CEREMONY.md has it, and the publisher's process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.orders.certificate import certify
from tests.bench.partner_day.desk import SECRET, Desk, wait

PEOPLE = ("an", "binh")
PORT = 8_443
_ROLES = ("root", "targets")


class Department:
    """``desk`` is the publisher's, ``laptop`` the machine without a network."""

    def __init__(self, desk: Desk, laptop: Desk) -> None:
        self.desk = desk
        self.laptop = laptop
        self.hub = desk.folder / "hub"
        self._carry = laptop.folder / "carry"
        self._keys = laptop.folder / "keys"
        self._at = ("--hub", str(self.hub))

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"https://{self.desk.place.address}:{PORT}"

    def found(self) -> str:
        """Hold the ceremony; return the fingerprint for the schools."""
        self._carry.mkdir()
        self._keys.mkdir(mode=0o700)
        words: list[str | Path] = ["--root-threshold", "2", "--targets-threshold", "2"]
        for person in (*PEOPLE, "reserve"):
            for role in _ROLES:
                self.laptop.run("hub", "keys", "new", f"{role}-{person}", "--into", self._keys, *SECRET)
                public = self._carry / f"{role}-{person}.pub.json"
                public.write_bytes((self._keys / public.name).read_bytes())
                words += [f"--{role}-key", public]
        self.run("init", *words, *SECRET)
        self.sign(*_ROLES)
        certify(self.hub, self.desk.place.address)
        shown = self.run("keys", "show")
        return next(line.split(": ")[1] for line in shown.splitlines() if line.startswith("fingerprint"))

    def sign(self, *roles: str) -> None:
        """Carry drafts to the laptop, have both people sign, and publish."""
        self.run("sign", "carry-out", self._carry)
        self.laptop.run("hub", "sign", "show", self._carry)
        for person in PEOPLE:
            for role in roles:
                key = self._keys / f"{role}-{person}.key"
                words = ("hub", "sign", "add", self._carry, "--key", key, "--role", role, *SECRET)
                self.laptop.run(*words, typed="y\n")
        self.run("sign", "bring-back", self._carry)
        self.run("publish", *SECRET)

    def take_in(self, partner: str, public: Path) -> None:
        """Take a partner in."""
        self.run("partner", "add", partner, "--threshold", "1", "--key", public)
        self.sign("targets")

    def configure(self, gateways: Sequence[str], net: Path) -> None:
        """Write ``hub.yaml``: two people agree to every push; short stages; one canary by name."""
        people = self.desk.folder / "people"
        people.mkdir(mode=0o700)
        for person in PEOPLE:
            self.desk.run("hub", "keys", "new", person, "--into", people, *SECRET)
        (self.hub / "gateways").write_text("".join(f"{key} {key}\n" for key in gateways))
        (self.hub / "hub.yaml").write_text(
            f"listen: {self.desk.place.address}@{PORT}\n"
            "certificate: certificate.pem\ncertificate-key: key.pem\n"
            f"safety-net: [{net}]\ngateways: gateways\nagreements: 2\n"
            f"approvers: [{', '.join(str(people / f'{each}.pub.json') for each in PEOPLE)}]\n"
            "rollout:\n"
            "  {shadow: 2s, canary: 8s, approve: always, canary-share: 0%, threshold: 2, jump: off,\n"
            f"   jump-requests: off, canary-gateways: ['{gateways[0]}']}}\n"
        )

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Run the publisher."""
        words = self.desk.schoolguard("hub", "serve", *self._at, *SECRET)
        with self.desk.serving(words, "hub.log") as server:
            log = self.desk.folder / "hub.log"
            wait(lambda: server.poll() is not None or str(PORT) in log.read_text(), "the publisher serves")
            yield

    def run(self, *words: str | Path, code: int = 0, language: str = "", typed: str = "") -> str:
        """Type a command of the publisher."""
        return self.desk.run("hub", *words, *self._at, code=code, language=language, typed=typed)

    def agree(self, what: str, person: str, *, code: int = 0) -> str:
        """Have a person look at what waits and agree."""
        key = self.desk.folder / "people" / f"{person}.key"
        return self.run("agree", what, "--key", key, *SECRET, typed="y\n", code=code)
