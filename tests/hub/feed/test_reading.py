"""What dashboards read: only with a token, and every answer as the published interface says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from schoolguard.feed.delivery import ENROL, KEYS, RECEIVER, SUMMARIES
from schoolguard.feed.schema import schemas
from schoolguard.hub.feed.openapi import openapi
from schoolguard.hub.feed.runs import Runs
from schoolguard.hub.feed.tokens import Scope
from tests.hub.feed.school import SCHOOL, Clock, Receiver, key, receiver, standing, summary

GATEWAY = key(1)
POSTS = {SUMMARIES, ENROL, KEYS}


def served(folder: Path, work: Callable[[Receiver], Awaitable[None]]) -> None:
    async def run() -> None:
        async with receiver(folder, Clock()) as made:
            await work(made)

    asyncio.run(run())


async def fill(made: Receiver, state: Path) -> None:
    await made.enrol(state, GATEWAY)
    await made.enrol(state, GATEWAY, "th-an-phu")
    signed = [summary(SCHOOL, n, GATEWAY) for n in (1, 2, 5)]
    await made.verdicts([standing(SCHOOL, GATEWAY), *signed], (7, 0, 0, 0))
    await made.verdicts([summary(SCHOOL, 2, GATEWAY, queries=1)])


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    document = openapi()
    registry: Any = Registry().with_resource(
        "urn:feed", Resource.from_contents(document, default_specification=DRAFT202012)
    )
    text = json.dumps(schema).replace('"#/', '"urn:feed#/')
    return Draft202012Validator(json.loads(text), registry=registry)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in openapi()["paths"].items()
        for method, operation in methods.items()
    ]


def schema_of(operation: dict[str, Any], status: int) -> dict[str, Any]:
    answers = operation["responses"]
    answer = answers["200"] if status == 200 else openapi()["components"]["responses"]["Problem"]
    found: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return found


def test_every_route_answers_as_the_interface_says(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await fill(made, tmp_path)
        token = made.token()
        for path, method, operation in operations():
            url = path.replace("{school}", SCHOOL)
            if method == "get":
                status, content = await made.get(url, token if "security" in operation else None)
                assert status == 200, (url, content)
            else:
                status, content = await made.post(b"\x00", url)
                assert status == 422, (url, content)
            validator(schema_of(operation, status)).validate(json.loads(content))

    served(tmp_path, work)


def test_every_answer_of_a_gateways_requests_is_a_message(tmp_path: Path) -> None:
    """The routes that gateways post to answer with what the interface calls a message."""

    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        delivered = await made.deliver([summary(SCHOOL, 1, GATEWAY)])
        assert len(delivered.judged) == 1
        status, content = await made.get(RECEIVER)
        assert status == 200
        (operation,) = [each for path, _, each in operations() if path == RECEIVER]
        validator(schema_of(operation, 200)).validate(json.loads(content))

    served(tmp_path, work)


def test_the_interface_names_every_route_there_is(tmp_path: Path) -> None:
    named = {(path.replace("{school}", SCHOOL), method) for path, method, _ in operations()}

    async def work(made: Receiver) -> None:
        await made.enrol(tmp_path, GATEWAY)
        token = made.token()
        paths = {path for path, _ in named} | {"/feed/v1/", "/feed/v1/codes", "/feed/v1/tokens", "/feed/v2"}
        for path in paths:
            status, _ = await made.get(path, token)
            assert (status == 200) == ((path, "get") in named), path
            status, _ = await made.post(b"", path)
            assert (status not in (404, 405)) == ((path, "post") in named), path

    served(tmp_path, work)


@pytest.mark.parametrize("path", ["schools", f"schools/{SCHOOL}", "gaps", "documents"])
def test_nothing_is_read_without_a_token_of_its_scope(tmp_path: Path, path: str) -> None:
    async def work(made: Receiver) -> None:
        await fill(made, tmp_path)
        own = Scope.SUMMARIES if path == "documents" else Scope.STATUS
        other = Scope.STATUS if path == "documents" else Scope.SUMMARIES
        url = f"/feed/v1/{path}"
        statuses = [(await made.get(url, each))[0] for each in (None, "sgf_" + "0" * 64, made.token(other))]
        assert statuses == [401, 401, 403]
        token = made.token(own)
        assert (await made.get(url, token))[0] == 200
        made.clock.now += 1e10
        assert (await made.get(url, token))[0] == 401, "it has expired"

    served(tmp_path, work)


def test_gaps_name_what_is_missing_and_who_is_silent(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await fill(made, tmp_path)
        made.clock.now += 10
        _, content = await made.get("/feed/v1/gaps", made.token())
        (school,) = json.loads(content)["schools"]
        (gateway,) = school["gateways"]
        assert (school["school"], school["silent"]) == (SCHOOL, False)
        assert gateway["gaps"] == [{"first": 3, "last": 4}, {"first": 6, "last": 6}]
        assert (gateway["missing"], gateway["received"], gateway["refused"]) == (3, 4, 1)
        made.clock.now += 7_200
        _, content = await made.get("/feed/v1/gaps", made.token())
        assert [each["silent"] for each in json.loads(content)["schools"]] == [True, True]

    served(tmp_path, work)


def test_pages_hold_every_school_and_document_once(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        await fill(made, tmp_path)
        token, after, schools = made.token(), "", []
        while after is not None:
            _, content = await made.get(f"/feed/v1/schools?limit=1&after={after}", token)
            page = json.loads(content)
            schools += [each["school"] for each in page["schools"]]
            after = page["next"]
        assert schools == sorted({SCHOOL, "th-an-phu"})
        number, signed = 0, []
        while True:
            _, content = await made.get(f"/feed/v1/documents?limit=3&after={number}", token)
            page = json.loads(content)
            signed += [each["signed"] for each in page["documents"]]
            if not page["documents"]:
                break
            number = page["next"]
        assert len(signed) == len(set(signed)) == 4

    served(tmp_path, work)


@pytest.mark.parametrize("query", ["limit=0", "limit=9999999", "after=-1", "aft=1", "limit=1e3", "after=x"])
def test_a_question_that_is_wrong_is_answered_with_400(tmp_path: Path, query: str) -> None:
    async def work(made: Receiver) -> None:
        status, content = await made.get(f"/feed/v1/documents?{query}", made.token())
        assert (status, json.loads(content)["code"]) == (400, "query")

    served(tmp_path, work)


def test_the_schemas_are_those_of_the_documents(tmp_path: Path) -> None:
    async def work(made: Receiver) -> None:
        _, content = await made.get("/feed/v1/schema.json")
        assert json.loads(content) == schemas()

    served(tmp_path, work)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), unique=True))
def test_runs_hold_what_came_and_gaps_what_did_not(numbers: list[int]) -> None:
    runs = Runs()
    for number in numbers:
        grown = runs.add(number)
        assert grown.first <= number <= grown.last
    assert [n for n in range(0, 42) if n in runs] == sorted(numbers)
    missing = [n for first, last in runs.gaps() for n in range(first, last + 1)]
    between = range(min(numbers, default=1), max(numbers, default=0))
    assert missing == [n for n in between if n not in numbers]
    assert runs.count() == len(numbers)
    assert runs.pairs() == Runs(runs.pairs()).pairs()
