"""Enrolment by a one-time code, with the right receiver only; and a key that is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.feed.code import ALPHABET, EXAMPLE, BadCode, new_code, read_code
from schoolguard.feed.delivery import ENROL
from schoolguard.feed.enrolled import EnrolledFile, EnrolledUnusable, Home
from schoolguard.feed.enrolling import NEXT_KEY, Asking, CannotEnrol, change_key, enrol, pinned
from schoolguard.feed.enrolment import ask, read_answer, read_change, read_request
from schoolguard.feed.message import MessageRefused
from schoolguard.feed.web import NotSent
from schoolguard.hub.feed.admission import CODE_LIFE
from schoolguard.intake.orders.key import gateway_key
from tests.hub.feed.school import SCHOOL, Receiver, key, receiver, summary

GATEWAY = key(1)


def served(folder: Path, work: Callable[[Receiver], Awaitable[None]]) -> None:
    async def run() -> None:
        async with receiver(folder) as made:
            await work(made)

    asyncio.run(run())


@given(st.binary(min_size=16, max_size=40), st.binary(min_size=32, max_size=32))
def test_a_code_is_read_however_it_is_typed(entropy: bytes, public: bytes) -> None:
    code = new_code(entropy, public)
    text = str(code)
    assert len(text) == 39
    spelled = text.lower().replace("0", "o").replace("1", "l").replace("-", "  ")
    assert read_code(text) == read_code(spelled) == code


@given(st.binary(min_size=16, max_size=16), st.integers(0, 31), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_seen(entropy: bytes, place: int, letter: str) -> None:
    plain = str(new_code(entropy, bytes(32))).replace("-", "")
    if plain[place] == letter:
        return
    with pytest.raises(BadCode):
        read_code(plain[:place] + letter + plain[place + 1 :])


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_what_is_no_code_is_said(text: str) -> None:
    with pytest.raises(BadCode, match="code"):
        read_code(text)


def test_the_example_in_messages_is_no_code_of_anybody() -> None:
    assert len(EXAMPLE.replace("-", "")) == 32


def test_a_code_enrols_one_gateway_once_and_the_same_request_again_changes_nothing(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        code = made.code()
        first = (await made.enrol(tmp_path, GATEWAY, code=code)).read()
        again = (await made.enrol(tmp_path, GATEWAY, code=code)).read()
        assert first is not None
        assert again is not None
        assert first.receiver == made.public
        assert (first.gateway, set(first.schools)) == (again.gateway, {SCHOOL})
        with pytest.raises(CannotEnrol, match="used by another gateway"):
            await made.enrol(tmp_path, key(2), code=code)

    served(tmp_path, work)


def test_a_code_expires_and_a_new_one_ends_the_one_before(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        old = made.code()
        made.code()
        with pytest.raises(CannotEnrol, match="does not know this code"):
            await made.enrol(tmp_path, GATEWAY, code=old)
        late = made.code()
        made.clock.now += CODE_LIFE + 1
        with pytest.raises(CannotEnrol, match="expired"):
            await made.enrol(tmp_path, GATEWAY, code=late)
        assert EnrolledFile(tmp_path).read() is None

    served(tmp_path, work)


def test_a_code_is_for_its_school(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        code = made.code("th-khac")
        with pytest.raises(CannotEnrol, match="does not serve"):
            await made.enrol(tmp_path, GATEWAY, code=code)

    served(tmp_path, work)


def test_a_code_of_another_receiver_sends_nothing_there(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        other = new_code(bytes(16), bytes(32))
        with pytest.raises(CannotEnrol, match="not the one that the code is of"):
            await made.enrol(tmp_path, GATEWAY, code=other)

    served(tmp_path, work)


def test_nobody_else_can_be_enrolled_by_what_travels(tmp_path: Path) -> None:
    """A request that somebody saw cannot be changed to another key: the code's key signed it."""

    async def work(made: Receiver) -> None:
        code = made.code()
        seen = ask(GATEWAY, code.key(), [SCHOOL], "schoolguard test")
        theirs = seen.replace(_hex(GATEWAY), _hex(key(9)))
        status, content = await made.post(theirs, ENROL)
        assert (status, b'"message"' in content) == (422, True)
        with pytest.raises(MessageRefused):
            read_request(theirs)

    served(tmp_path, work)


def _hex(of: object) -> bytes:
    public: bytes = of.public_key().public_bytes_raw()  # type: ignore[attr-defined]
    return public.hex().encode()


def test_guesses_are_slowed_to_nothing(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        statuses = [(await made.post(b"{}", ENROL))[0] for _ in range(25)]
        assert statuses == [422] * 20 + [429] * 5

    served(tmp_path, work)


def test_another_receiver_takes_the_former_ones_place(tmp_path: Path) -> None:
    file = EnrolledFile(tmp_path)
    file.write(Home(bytes(32), "gw", "http://192.0.2.1", {"th-cu": 1}))

    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        home = file.read()
        assert home is not None
        assert set(home.schools) == {SCHOOL}

    served(tmp_path, work)


def test_a_key_is_changed_and_a_change_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        old = gateway_key(tmp_path / "gateway.key")
        file = await made.enrol(tmp_path, old)
        home = file.read()
        assert home is not None
        with pytest.raises(NotSent):
            await change_key(made.http, "http://127.0.0.1:1", tmp_path, home)
        assert (tmp_path / NEXT_KEY).exists()
        assert gateway_key(tmp_path / "gateway.key").private_bytes_raw() == old.private_bytes_raw()
        following = gateway_key(tmp_path / NEXT_KEY)
        public = await change_key(made.http, made.base, tmp_path, home)
        new = gateway_key(tmp_path / "gateway.key")
        assert public == new.public_key().public_bytes_raw().hex()
        assert new.private_bytes_raw() == following.private_bytes_raw()
        assert not (tmp_path / NEXT_KEY).exists()
        for signer, number in ((old, 1), (new, 2)):
            assert await made.verdicts([summary(SCHOOL, number, signer)]) == ["accepted"]

    served(tmp_path, work)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"format": "schoolguard-feed-enrolled/1"}', b"\xff"]
)
def test_a_file_that_is_no_enrolment_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    file = EnrolledFile(tmp_path)
    file.path.write_bytes(content)
    with pytest.raises(EnrolledUnusable, match="enrol with a new code"):
        file.read()


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_bytes_from_outside_are_refused_in_words(content: bytes) -> None:
    for reader in (read_request, read_answer, read_change):
        with pytest.raises(MessageRefused):
            reader(content)


def test_an_answer_for_another_gateway_is_not_pinned(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        code = made.code()
        asking = Asking(GATEWAY, [SCHOOL], "schoolguard test")
        answer, base = await enrol(made.http, made.base, code, asking)
        other = Asking(key(5), [SCHOOL], "schoolguard test")
        with pytest.raises(CannotEnrol, match="another gateway"):
            pinned(EnrolledFile(tmp_path), answer, code, other, base)
        assert EnrolledFile(tmp_path).read() is None

    served(tmp_path, work)
