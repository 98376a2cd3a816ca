"""Every document counts once: duplicates, gaps, other documents with the same sequence, other gateways."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from schoolguard.feed.compact import key_id
from schoolguard.feed.delivery import Verdict
from schoolguard.hub.feed.register import GRACE
from schoolguard.hub.feed.storing import NOT_ENROLLED, OTHER_DOCUMENT
from schoolguard.hub.feed.tables import connect
from schoolguard.hub.feed.views import Views
from tests.hub.feed.school import (
    BEGAN,
    SCHOOL,
    Clock,
    Receiver,
    connected,
    key,
    parcel,
    receiver,
    standing,
    summary,
)

GATEWAY = key(1)


def served(folder: Path, work: Callable[[Receiver], Awaitable[None]], clock: Clock | None = None) -> None:
    async def run() -> None:
        async with receiver(folder, clock) as made:
            await work(made)

    asyncio.run(run())


def school_of(made: Receiver, school: str = SCHOOL) -> dict[str, object]:
    connection = connect(made.folder / "feed.db", reads_only=True)
    try:
        found = Views(connection, 3_600.0).school(school, made.clock())
    finally:
        connection.close()
    assert found is not None
    (gateway,) = found["gateways"]
    return dict(gateway)


def test_a_document_is_stored_once_however_often_it_comes(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        documents = [summary(SCHOOL, number, GATEWAY) for number in (1, 2, 3)]
        assert await made.verdicts(documents) == ["accepted"] * 3
        assert await made.verdicts(documents[1:]) == ["duplicate"] * 2
        (judged,) = (await made.deliver([documents[0]])).judged.values()
        assert judged.last == 3
        assert school_of(made)["received"] == 3

    served(tmp_path, work)


def test_documents_in_any_order_leave_the_gaps_that_there_are(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        for number in (1, 9, 4, 3, 8):
            assert await made.verdicts([summary(SCHOOL, number, GATEWAY)]) == ["accepted"]
        told = school_of(made)
        assert told["gaps"] == [{"first": 2, "last": 2}, {"first": 5, "last": 7}]
        assert (told["missing"], told["received"]) == (4, 5)
        last = told["last"]
        assert isinstance(last, dict)
        assert last["sequence"] == 9

    served(tmp_path, work)


def test_a_standing_document_fills_its_place_in_the_outbox(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        documents = [summary(SCHOOL, 1, GATEWAY), standing(SCHOOL, GATEWAY), summary(SCHOOL, 3, GATEWAY)]
        assert await made.verdicts(documents, (0, 2, 0)) == ["accepted"] * 3
        assert school_of(made)["missing"] == 0
        assert await made.verdicts([standing(SCHOOL, GATEWAY)], (2,)) == ["duplicate"]
        assert await made.verdicts([standing(SCHOOL, GATEWAY)], (4,)) == ["accepted"]
        assert await made.verdicts([standing(SCHOOL, GATEWAY)], (0,)) == ["refused"]

    served(tmp_path, work)


def test_a_number_beside_takes_no_signed_documents_place(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        assert await made.verdicts([standing(SCHOOL, GATEWAY)], (7,)) == ["accepted"]
        assert await made.verdicts([summary(SCHOOL, 7, GATEWAY)]) == ["accepted"]

    served(tmp_path, work)


def test_another_document_with_a_stored_sequence_is_refused_and_shown(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        await made.verdicts([summary(SCHOOL, 1, GATEWAY), summary(SCHOOL, 2, GATEWAY)])
        (judged,) = (await made.deliver([summary(SCHOOL, 1, GATEWAY, queries=9)])).judged.values()
        assert (judged.verdict, judged.reason, judged.last) == (Verdict.REFUSED, OTHER_DOCUMENT, 2)
        told = school_of(made)
        assert told["refused"] == 1
        assert told["received"] == 2

    served(tmp_path, work)


def test_a_refused_document_does_not_stop_those_beside_it(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        good = summary(SCHOOL, 2, GATEWAY)
        tampered = summary(SCHOOL, 1, GATEWAY).replace(b'"missing":0', b'"missing":5')
        assert await made.verdicts([tampered, good]) == ["refused", "accepted"]

    served(tmp_path, work)


def test_a_school_that_is_not_enrolled_may_come_later(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        (judged,) = (await made.deliver([summary("th-khac", 1, GATEWAY)])).judged.values()
        assert (judged.verdict, judged.reason) == (Verdict.LATER, NOT_ENROLLED)
        await made.enrol(tmp_path, GATEWAY, "th-khac")
        assert await made.verdicts([summary("th-khac", 1, GATEWAY)]) == ["accepted"]

    served(tmp_path, work)


def test_a_foreign_key_is_not_unpacked(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        status, answer = await made.post(parcel([summary(SCHOOL, 1, key(9))]))
        assert status == 403
        assert b"not-enrolled" in answer

    served(tmp_path, work)


def test_a_foreign_document_under_an_enrolled_keys_id_is_refused(tmp_path: Path) -> None:
    """The packed form has one key for all: a foreign signature does not fit the key that it is put under."""

    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        body = parcel([summary(SCHOOL, 1, key(9))])
        ids = [key_id(each.public_key().public_bytes_raw()) for each in (key(9), GATEWAY)]
        status, answer = await made.post(body.replace(ids[0], ids[1]))
        assert status == 200
        assert b'"refused"' in answer

    served(tmp_path, work)


def test_a_revoked_gateway_is_not_taken_any_more(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        await made.verdicts([summary(SCHOOL, 1, GATEWAY)])
        with connected(tmp_path) as admission:
            admission.revoke(SCHOOL, made.clock())
        assert await made.verdicts([summary(SCHOOL, 2, GATEWAY)]) == ["later"]

    served(tmp_path, work)


def test_enrolled_again_sequences_may_begin_again_and_nothing_is_twice(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        before = [summary(SCHOOL, number, GATEWAY) for number in (1, 2)]
        await made.verdicts(before)
        await made.enrol(tmp_path, GATEWAY)
        assert await made.verdicts([before[1]]) == ["duplicate"]
        assert await made.verdicts([summary(SCHOOL, 1, GATEWAY, queries=77)]) == ["accepted"]

    served(tmp_path, work)


def test_documents_of_a_replaced_key_are_taken_for_some_weeks(tmp_path: Path) -> None:
    clock = Clock()

    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        connection = connect(tmp_path / "feed.db")
        connection.execute("UPDATE keys SET replaced = ?", (clock.now,))
        connection.close()
        clock.now += GRACE - 1
        assert await made.verdicts([summary(SCHOOL, 1, GATEWAY)]) == ["accepted"]
        clock.now += 2
        assert await made.verdicts([summary(SCHOOL, 2, GATEWAY)]) == ["later"]

    served(tmp_path, work, clock)


def test_a_clock_is_noted_and_never_judged_by(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        year = 366 * 86_400
        status, _ = await made.post(parcel([summary(SCHOOL, 1, GATEWAY)], time=BEGAN - year))
        assert status == 200
        assert school_of(made)["clock-ahead-seconds"] == -year

    served(tmp_path, work)


def test_what_is_stored_is_what_was_signed(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        document = summary(SCHOOL, 1, GATEWAY)
        await made.verdicts([document])
        connection = connect(tmp_path / "feed.db", reads_only=True)
        (found,) = Views(connection, 1.0).documents(0, 10)["documents"]
        connection.close()
        assert found["signed"].encode() == document

    served(tmp_path, work)
