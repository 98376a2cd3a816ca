"""An order's whole way: signed at the partner, published, heard of, fetched, confirmed, reported."""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import time
from pathlib import Path
from typing import Any

import aiohttp
from click.testing import CliRunner
from securesystemslib.signer import CryptoSigner

from schoolguard.cli.hub import hub
from schoolguard.cli.partner_order import order_command
from schoolguard.hub.push.signature import Request, sign
from schoolguard.hub.service.catching_up import catch_up
from schoolguard.intake.orders.order import Lift
from schoolguard.intake.orders.reading import read_order
from schoolguard.intake.trust.client import Client
from tests.hub.service.office import (
    GATEWAY,
    PARTNER_ID,
    PASSPHRASE,
    Office,
    get,
    order,
    receipt_of,
)


def timestamp(office: Office) -> int:
    found = office.repository.timestamp()
    assert found is not None
    return found.signed.version


async def fetched(client: Client, path: str) -> bytes:
    await client.refresh(time.time())
    return (await client.fetch(client.targets()[path])).read_bytes()


async def posted(office: Office, document: bytes) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(office.base + "/receipts", data=io.BytesIO(document)) as reply,
    ):
        return reply.status, json.loads(await reply.read())


async def reported(office: Office, id: str, *, signed: bool = True) -> tuple[int, dict[str, Any]]:
    sender, path = office.sender(), f"/orders/{PARTNER_ID}/{id}"
    request = Request("GET", f"127.0.0.1:{office.port}", path, {})
    fields = sign(request, sender.keyid, int(time.time()), secrets.token_urlsafe(18), sender.signer)
    async with (
        aiohttp.ClientSession() as http,
        http.get(office.base + path, headers=fields if signed else {}) as reply,
    ):
        return reply.status, json.loads(await reply.read())


def test_an_order_from_the_partner_to_the_report(office: Office) -> None:
    office.start()
    sent = order("a1", 5, "bet.example")

    async def hear() -> int:
        async with aiohttp.ClientSession() as http:
            since = timestamp(office)
            held = asyncio.create_task(get(http, f"{office.base}/notices?since={since}"))
            pushed = asyncio.create_task(asyncio.to_thread(office.order, sent))
            receipt = await pushed
            assert receipt["status"] == "accepted", receipt
            notice = await asyncio.wait_for(held, 20)
            return int(notice["version"]) - since

    assert asyncio.run(hear()) == 1, "the held request was answered with the version that has the order"
    document = office.with_client(lambda client: fetched(client, sent.path))
    assert read_order(document, PARTNER_ID, sent.path) == sent

    enforced = time.time()
    status, answer = asyncio.run(posted(office, receipt_of(document, "a1", 5, enforced)))
    assert (status, answer["new"]) == (200, True)
    status, report = asyncio.run(reported(office, "a1"))
    assert status == 200
    assert (report["enforced"], report["silent"]) == (1, [])
    assert 0 <= report["milliseconds"]["p50"] <= 60_000
    assert asyncio.run(reported(office, "a1", signed=False))[0] == 401

    told = CliRunner().invoke(hub, ["orders", "viettel/a1", "--hub", str(office.hub), "--language", "en"])
    assert "enforced: 1, partly: 0, refused: 0" in told.output, told.output
    assert office.end() == 0


def test_receipts_that_nobody_signed_or_enrolled_are_refused(office: Office) -> None:
    office.start()
    document = order("a1", 5, "bet.example").document()
    good = receipt_of(document, "a1", 5, time.time())
    wrong = good.replace(b'"number":1', b'"number":2')
    assert asyncio.run(posted(office, wrong))[0] == 422
    assert asyncio.run(posted(office, b"x" * (1 << 21)))[0] == 413
    (office.hub / "gateways.txt").write_text("# nobody any more\n")
    assert asyncio.run(posted(office, good))[0] == 403


def run_order(office: Office, *words: str) -> tuple[int, dict[str, Any]]:
    folder = office.folder / "partner"
    members = json.loads((folder / "partner.json").read_bytes()) | {"publisher": office.base}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    (folder / "partner.json").write_text(text)
    told = ["--folder", str(folder), "--passphrase", "env:PASS", "--language", "en", "--json"]
    done = CliRunner(env={"PASS": PASSPHRASE}).invoke(order_command, [*words, *told])
    return done.exit_code, json.loads(done.output)


def test_the_command_orders_and_lifts(office: Office, tmp_path: Path) -> None:
    office.start()
    names = tmp_path / "names.txt"
    names.write_text("# two\nbet.example\n=Casino.Example\n")
    words = ["--authority", "Sở TTTT", "--legal-basis", "Điều 1", "--contact", "0210 000000"]
    code, receipt = run_order(
        office, "--names", f"@{names}", "--scope", "commune:Pa Tần", *words, "--id", "first", "--for", "12h"
    )
    assert (code, receipt["status"]) == (0, "accepted"), receipt
    code, receipt = run_order(office, "--lift", "first", "--names", "bet.example", "--id", "second")
    assert (code, receipt["status"]) == (0, "accepted"), receipt

    first = read_order(
        office.with_client(lambda client: fetched(client, "orders/viettel/first.json")),
        PARTNER_ID,
        "orders/viettel/first.json",
    )
    second = read_order(
        office.with_client(lambda client: fetched(client, "orders/viettel/second.json")),
        PARTNER_ID,
        "orders/viettel/second.json",
    )
    assert {(each.name, each.exact) for each in first.targets} == {
        ("bet.example", False),
        ("casino.example", True),
    }
    assert first.scope.communes == frozenset({"Pa Tần"})
    assert first.expiry - first.start == 12 * 3_600
    (lift,) = second.lifts
    assert isinstance(lift, Lift)
    assert lift.order == "first"
    assert second.sequence > first.sequence


def test_a_folder_that_is_behind_catches_up(office: Office) -> None:
    office.start()
    assert office.order(order("a1", 1, "bet.example"))["status"] == "accepted"
    (office.home.folder / "metadata.json").unlink()
    words = ["--authority", "Sở TTTT", "--legal-basis", "Điều 1", "--contact", "0210 000000"]
    code, receipt = run_order(office, "--names", "x.example", *words, "--id", "a2")
    assert (code, receipt["status"]) == (0, "accepted"), receipt
    listed = json.loads(office.home.metadata or b"")["signed"]["targets"]
    assert set(listed) == {"orders/viettel/a1.json", "orders/viettel/a2.json"}, "nothing was taken away by it"


def test_what_another_key_signed_is_not_caught_up_with(office: Office) -> None:
    office.start()
    assert office.order(order("a1", 1, "bet.example"))["status"] == "accepted"
    (office.home.folder / "metadata.json").unlink()
    assert not asyncio.run(catch_up(office.home, CryptoSigner(GATEWAY).public_key))
    assert office.home.metadata is None


def test_a_protected_name_is_told_and_the_rest_stands(office: Office) -> None:
    office.start()
    receipt = office.order(order("a1", 1, "bet.example", "www.moet.gov.vn", "edu.vn"))
    assert receipt["status"] == "accepted"
    told = receipt["notes"]["files"]["orders/viettel/a1.json"]
    assert [(each["name"], each["why"]) for each in told["refused"]] == [
        ("edu.vn", "public-suffix"),
        ("www.moet.gov.vn", "protected"),
    ]


def test_orders_that_are_refused_say_why(office: Office) -> None:
    office.start()
    codes = {}
    refused = office.order(order("a1", 1, "moet.gov.vn", "com", "example"))
    codes["names"] = {reason["code"] for reason in refused["reasons"]}
    assert office.order(order("a1", 7, "bet.example"))["status"] == "accepted"
    codes["older"] = {reason["code"] for reason in office.order(order("a1", 6, "x.example"))["reasons"]}
    other = CryptoSigner(GATEWAY)
    forged = office.order(order("a2", 8, "x.example"), by=[other])
    codes["key"] = {reason["code"] for reason in forged["reasons"]}
    (office.home.folder / "metadata.json").unlink()
    again = office.order(order("a3", 9, "x.example"))
    codes["version"] = {reason["code"] for reason in again["reasons"]}
    assert codes == {
        "names": {"protected", "public-suffix"},
        "older": {"sequence-not-newer"},
        "key": {"threshold-not-met"},
        "version": {"version-not-newer"},
    }
