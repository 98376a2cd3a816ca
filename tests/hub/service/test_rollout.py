"""A publisher and gateways' signed reports: previews in counts, two people, back by itself and by hand."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schoolguard.hub.push.bundle import BundleEntry
from schoolguard.intake.rollout.report import Effect, ListCount, Preview, Rate, Report, sign
from tests.hub.service.office import Office
from tests.servers import wait_until

LIST, ID = "viettel/gambling", "viettel.gambling"
GATEWAYS = {f"gw-{n}": Ed25519PrivateKey.from_private_bytes(bytes([20 + n]) * 32) for n in range(1, 4)}
SETTINGS = """
agreements: 2
rollout:
  shadow: 0
  canary: 1h
  canary-gateways: [gw-1]
  threshold: 3
  jump-queries: 100
  jump-gateways: 2
  partners: [{partner: viettel, approve: always}]
"""


def started(office: Office, settings: str, *people: str) -> None:
    """Start a publisher with three gateways."""
    lines = [f"{name} {key.public_key().public_bytes_raw().hex()}\n" for name, key in GATEWAYS.items()]
    office.gateways = "".join(lines)
    office.more = settings + office.people(*people)
    office.start()


def told(office: Office, gateway: str, number: int, **what: Any) -> int:
    """Send a gateway's report and return the status of the answer."""
    return posted(office, sign(Report(gateway, number, 1_700_000_000, "test", **what), GATEWAYS[gateway]))


def posted(office: Office, document: bytes) -> int:
    async def post() -> int:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{office.base}/reports", data=document) as answer,
        ):
            return answer.status

    return asyncio.run(post())


def push(office: Office, *names: str, sequence: int = 1) -> None:
    bundle = office.bundle([BundleEntry(name, provenance=0) for name in names], sequence)[0]
    assert office.list(bundle)["status"] == "accepted"


def version(office: Office, stage: str, but: int = 0) -> dict[str, Any]:
    """Return the version in a stage, once there is another than ``but``."""

    def found() -> dict[str, Any] | None:
        there = (each for each in office.versions() if each["stage"] == stage and each["version"] != but)
        return next(there, None)

    waited: dict[str, Any] = wait_until(found, f"a version in {stage}")
    return waited


def test_what_a_push_would_do_who_agrees_and_what_jumps_back(office: Office) -> None:
    started(office, SETTINGS, "an", "binh")
    push(office, "bet.example", "giaoduc-bet.example")
    coming = version(office, "shadow")
    former = version(office, "all")["state"]

    # The preview: counts, nothing of fewer gateways than the threshold.
    counts = (ListCount(ID, 2, 1),)
    for number, gateway in enumerate(GATEWAYS, 1):
        assert told(office, gateway, 1, preview=Preview(coming["state"], former, 9, 2, 0, 1, counts)) == 200
        shown = json.loads(office.run("preview", "--json").stdout)["previews"][0]
        assert shown["asked"]["answered"] == (3 if number == 3 else None)
    assert (shown["blocks"], shown["learning"]) == (2, 1)
    assert shown["asked"] == {
        **{"threshold": 3, "answered": 3, "asked-in": 3},
        **{"names-at-least": 2, "names-at-most": 6, "learning-at-most": 3},
    }
    text = office.run("preview", LIST).output
    assert "would newly block 2 names and open 0; 1 of them look like learning sites" in text
    assert "asked last week at 3 of 3 gateways: at least 2 and at most 6 names" in text
    assert not any(gateway in text for gateway in GATEWAYS)

    stranger = sign(Report("gw-1", 9, 1_700_000_000, "test"), GATEWAYS["gw-2"])
    assert posted(office, stranger) == 422

    # Two people, and nobody twice.
    assert "1 more must" in office.agree("an").output
    again = office.agree("an")
    assert again.exit_code == 1
    assert "an has agreed to this very content already; 1 more must, by other keys" in again.output
    assert "shadow" in office.lists()[LIST]
    assert "it goes on" in office.agree("binh").output
    canary = version(office, "canary")
    assert canary["version"] == coming["version"]
    nothing = office.agree("an")
    assert nothing.exit_code == 1
    assert "nothing waits" in nothing.output

    # What teachers have opened since jumps in two gateways: the publisher takes the list back.
    jump = Effect(canary["state"], former, 4_000_000_000, Rate(1000, 20, 9), Rate(1000, 10, 0))
    for gateway in ("gw-1", "gw-2"):
        assert told(office, gateway, 2, effect=jump) == 200
    wait_until(lambda: office.versions()[0]["stage"] == "taken-back", "it is taken back")
    text = office.run("preview").output
    assert "requests to open names jumped in 2 of 2 gateways" in text
    assert "2 more must agree" in text, "what was agreed to before counts no more"
    assert "canary" not in office.lists()[LIST]

    # One person alone goes back only to what all had.
    first = version(office, "all")["version"]
    for number, why in ((99, "no version 99"), (coming["version"], f"one person can go back to: {first}")):
        refused = office.run("rollback", str(number), person="an")
        assert refused.exit_code == 1
        assert why in refused.output
    key = str(next(iter(sorted((office.hub / "keys").glob("*.key")))))
    refused = office.run("rollback", str(first), "--key", key, "--passphrase", "env:PASS")
    assert refused.exit_code == 1
    assert "none of the approvers" in refused.output
    size = (office.hub / "decisions.log").stat().st_size
    assert office.run("rollback", str(first), "--reason", "thử", person="an").exit_code == 0
    assert (office.hub / "decisions.log").stat().st_size > size


def test_one_person_with_two_names_is_refused_with_the_reason(office: Office) -> None:
    office.more = office.people("an").replace("]", ", ../people/an.pub.json]") + "agreements: 2\n"
    office.configure()
    said = office.run("preview")
    assert said.exit_code == 1
    assert "'an' is named twice" in said.output
