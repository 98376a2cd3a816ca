"""Receipts at the publisher: only the gateway's own word, stored once, told as figures and names."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.hub.receipts.report import percentile, report, report_of
from schoolguard.hub.receipts.store import CannotStore, Published, ReceiptStore, Stored, open_store
from schoolguard.intake.orders.checks import Refused, Why
from schoolguard.intake.orders.order import Target
from schoolguard.intake.orders.receipt import Receipt, ReceiptRefused, State, sign

NOW = 1_795_000_000.0
DIGEST = "ab" * 32
ORDER = Published("viettel", "a1", DIGEST, 3, NOW, NOW - 100.0)
GATEWAYS = tuple(f"gw-{i}" for i in range(10))
KEYS = {
    gateway: Ed25519PrivateKey.from_private_bytes(bytes([i + 1]) * 32) for i, gateway in enumerate(GATEWAYS)
}
REFUSED = (Refused(Target("moet.gov.vn"), Why.PROTECTED),)


def key_of(gateway: str) -> bytes | None:
    key = KEYS.get(gateway)
    return None if key is None else key.public_key().public_bytes_raw()


def receipt(gateway: str = "gw-0", after: float | None = 1.0, **changes: object) -> Receipt:
    state = State.ENFORCED if after is not None else State.WAITING
    enforced = None if after is None else round(NOW + after, 3)
    plain = Receipt(
        gateway, 1, "viettel", "a1", 3, DIGEST, int(NOW), enforced, state, "", (), 0, ("th-pa-tan",), "s 1"
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def signed(one: Receipt) -> bytes:
    return sign(one, KEYS[one.gateway])


def in_store(folder: Path, work: Callable[[ReceiptStore], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_store(folder / "receipts.db", key_of) as store:
            await work(store)

    asyncio.run(run())


async def states(store: ReceiptStore) -> dict[str, State]:
    return {each.receipt.gateway: each.receipt.state for each in await store.of_order(ORDER)}


def test_a_receipt_is_stored_once(tmp_path: Path) -> None:
    async def work(store: ReceiptStore) -> None:
        assert await store.put(signed(receipt()), NOW + 1.5)
        assert not await store.put(signed(receipt()), NOW + 9.0)
        (stored,) = await store.of_order(ORDER)
        assert stored == Stored(receipt(), NOW + 1.5, NOW + 1.0, NOW + 1.5)

    in_store(tmp_path, work)


def test_the_last_word_counts_and_the_first_enforcement(tmp_path: Path) -> None:
    words = [
        receipt(after=None),
        receipt(after=2.0, number=2),
        receipt(after=50.0, number=3, refused=REFUSED, refused_count=1),
    ]

    async def work(store: ReceiptStore) -> None:
        for number, word in enumerate(words):
            assert await store.put(signed(word), NOW + 3.0 + number)
        for word in words:  # replayed
            assert not await store.put(signed(word), NOW + 99.0)
        (stored,) = await store.of_order(ORDER)
        assert stored == Stored(words[-1], NOW + 5.0, NOW + 2.0, NOW + 4.0)

    in_store(tmp_path, work)


def test_only_the_gateways_own_key_speaks_for_it(tmp_path: Path) -> None:
    stranger = Ed25519PrivateKey.generate()

    async def work(store: ReceiptStore) -> None:
        for document in (
            sign(receipt(), stranger),
            sign(receipt("gw-0"), KEYS["gw-1"]),
            sign(receipt("nobody"), stranger),
            signed(receipt())[:-1],
            b"",
        ):
            with pytest.raises(ReceiptRefused):
                await store.put(document, NOW)
        assert await store.of_order(ORDER) == []

    in_store(tmp_path, work)


def test_it_is_there_after_a_restart_for_its_user_only(tmp_path: Path) -> None:
    async def first(store: ReceiptStore) -> None:
        await store.published(ORDER)
        await store.published(replace(ORDER, time=NOW + 50.0))
        await store.put(signed(receipt()), NOW + 1.5)

    async def second(store: ReceiptStore) -> None:
        assert await store.latest("viettel", "a1") == ORDER
        assert await store.latest("viettel", "a2") is None
        assert await states(store) == {"gw-0": State.ENFORCED}

    in_store(tmp_path, first)
    in_store(tmp_path, second)
    assert (tmp_path / "receipts.db").stat().st_mode & 0o777 == 0o600


def test_many_at_once(tmp_path: Path) -> None:
    async def work(store: ReceiptStore) -> None:
        documents = [signed(receipt(gateway, number=n)) for gateway in GATEWAYS for n in (1, 2, 3)]
        random.Random(1).shuffle(documents)
        await asyncio.gather(*(store.put(each, NOW + 2.0) for each in documents))
        stored = await store.of_order(ORDER)
        assert [(each.receipt.gateway, each.receipt.number) for each in stored] == [(g, 3) for g in GATEWAYS]

    in_store(tmp_path, work)


def test_a_version_of_an_order_has_its_own_receipts(tmp_path: Path) -> None:
    newer = replace(ORDER, digest="cd" * 32, sequence=4)

    async def work(store: ReceiptStore) -> None:
        await store.published(newer)
        await store.published(ORDER)
        await store.put(signed(receipt()), NOW + 1.0)
        found = await report(store, "viettel", "a1", GATEWAYS)
        assert found is not None
        assert found.order == newer
        assert found.silent == GATEWAYS
        assert await report(store, "vnpt", "a1", GATEWAYS) is None

    in_store(tmp_path, work)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "receipts.db").write_bytes(b"rubbish" * 1000)

    async def work(_: ReceiptStore) -> None: ...

    with pytest.raises(CannotStore, match="not a database"):
        in_store(tmp_path, work)


def test_a_report_tells_them_apart() -> None:
    said = [
        receipt("gw-0", 1.0),
        receipt("gw-1", 3.0),
        receipt("gw-2", 2.0, refused=REFUSED, refused_count=1),
        receipt("gw-3", None, state=State.REFUSED, reason="every name was refused"),
        receipt("gw-4", None, state=State.ELSEWHERE),
        receipt("gw-5", None, state=State.ENDED),
        receipt("gw-6", None),
        receipt("not-asked-for", 1.0),
    ]
    stored = [Stored(each, NOW + 4.0, each.enforced, each.enforced and NOW + 4.0) for each in said]
    found = report_of(ORDER, stored, GATEWAYS[:9])
    assert (found.whole, found.partly, found.refused, found.elsewhere, found.ended) == (2, 1, 1, 1, 1)
    assert (found.waiting, found.silent) == (("gw-6",), ("gw-7", "gw-8"))
    assert found.unconfirmed == ("gw-6", "gw-7", "gw-8")
    assert [(each.gateway, each.reason, each.names) for each in found.refusing] == [
        ("gw-3", "every name was refused", ()),
        ("gw-2", "", REFUSED),
    ]
    assert (found.p50, found.p95, found.p99, found.by_arrival) == (2.0, 3.0, 3.0, 0)


@pytest.mark.parametrize(
    ("after", "start", "seconds", "by_arrival"),
    [
        (2.0, -100.0, 2.0, 0),
        (-0.5, -100.0, 0.0, 0),  # clocks differ a little
        (-3600.0, -100.0, 4.0, 1),  # its clock is an hour behind
        (3600.0, -100.0, 4.0, 1),
        (2.0, 1.5, 0.5, 0),  # it was to begin later
    ],
)
def test_a_wrong_clock_makes_no_order_look_fast(
    after: float, start: float, seconds: float, by_arrival: int
) -> None:
    order = replace(ORDER, start=NOW + start)
    found = report_of(order, [Stored(receipt(after=after), NOW + 4.0, NOW + after, NOW + 4.0)], GATEWAYS)
    assert (found.p50, found.by_arrival) == (seconds, by_arrival)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=30), st.sampled_from([50, 95, 99]))
@settings(max_examples=80, deadline=None)
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values: list[int], percent: int) -> None:
    ordered = [float(each) for each in sorted(values)]
    enough = [each for each in ordered if 100 * sum(o <= each for o in ordered) >= percent * len(ordered)]
    assert percentile(ordered, percent) == min(enough)
    assert percentile([], percent) is None


_KILLED = """
import asyncio, sys
from pathlib import Path
from tests.hub.receipts.test_receipts import NOW, key_of, open_store, receipt, signed
async def run():
    async with open_store(Path(sys.argv[1]) / "receipts.db", key_of) as store:
        for number in range(int(sys.argv[2]), 100_000):
            await store.put(signed(receipt(number=number)), NOW)
            print(number, flush=True)
asyncio.run(run())
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    told, chance = 0, random.Random(2)
    for _ in range(4):
        command = [sys.executable, "-c", _KILLED, str(tmp_path), str(told + 1)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 30)):
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0].split(b"\n")[:-1]
        told = int(rest[-1]) if rest else told

        async def work(store: ReceiptStore, told: int = told) -> None:
            (stored,) = await store.of_order(ORDER)
            assert stored.receipt.number in (told, told + 1)

        in_store(tmp_path, work)
        told += 1
