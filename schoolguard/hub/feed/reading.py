"""What dashboards read over HTTP, with a token; and what anybody may read: the interface and the schemas.

    GET /feed/v1/openapi.json           the interface, no token
    GET /feed/v1/schema.json            the documents' JSON Schemas, no token
    GET /feed/v1/schools                scope status: last period, gaps in number, by school
    GET /feed/v1/schools/ID             scope status: one school, its gaps and keys
    GET /feed/v1/gaps                   scope status: schools that miss something or are silent
    GET /feed/v1/documents?after=N      scope summaries: the signed documents, in the order they came

Nothing is changed by any of them. It must not tell who holds which token.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp import web

from schoolguard.feed.schema import schemas
from schoolguard.hub.feed.openapi import openapi
from schoolguard.hub.feed.replies import members_reply, problem
from schoolguard.hub.feed.tables import CannotKeep
from schoolguard.hub.feed.tokens import Scope, Tokens
from schoolguard.hub.feed.views import MOST_DOCUMENTS, MOST_SCHOOLS, Views
from schoolguard.hub.push.rate import Buckets

SCHOOLS, SCHOOL, GAPS = "/feed/v1/schools", "/feed/v1/schools/", "/feed/v1/gaps"
DOCUMENTS, OPENAPI, SCHEMA = "/feed/v1/documents", "/feed/v1/openapi.json", "/feed/v1/schema.json"

_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z", re.ASCII)
_ID = re.compile(r"[a-z0-9._-]{0,100}\Z", re.ASCII)
_BEARER = "bearer "


class NotRead(Exception):
    """A question that is answered with an error."""

    def __init__(self, status: int, word: str, why: str, **fields: str) -> None:
        super().__init__(why)
        self.status, self.word, self.fields = status, word, fields


class Reading:
    """Answers dashboards; ``connection`` is its own and only reads, in one thread."""

    def __init__(
        self, connection: sqlite3.Connection, silent_after: float, clock: Callable[[], float]
    ) -> None:
        self._views = Views(connection, silent_after)
        self._tokens = Tokens(connection)
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "feed-views")
        # Guesses of tokens cost the guesser time, and nobody else: a token has 256 random bits.
        self._addresses = Buckets(120.0, 20.0)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    async def answer(self, request: web.BaseRequest, address: str) -> web.Response:
        """Answer one question."""
        try:
            return await self._answer(request, address)
        except NotRead as error:
            return problem(error.status, error.word, str(error), error.fields)
        except CannotKeep as error:
            return problem(503, "store", str(error), {"Retry-After": "60"})

    async def _answer(self, request: web.BaseRequest, address: str) -> web.Response:
        path, now = request.rel_url.raw_path, self._clock()
        if self._addresses.take(address, now):
            raise NotRead(429, "rate", "too many requests", **{"Retry-After": "1"})
        if path == OPENAPI:
            return members_reply(openapi())
        if path == SCHEMA:
            return members_reply(schemas())
        work = self._work(path, request.query, now)
        scope = Scope.SUMMARIES if path == DOCUMENTS else Scope.STATUS
        token = _token(request)

        def read() -> Any:
            holder = self._tokens.holder(token, now)
            if holder is None:
                raise NotRead(401, "token", "this token is not known, or has expired", **_ASKED)
            if scope not in holder.scopes:
                raise NotRead(403, "scope", f"this token has not the scope {scope}")
            return work()

        found = await asyncio.get_running_loop().run_in_executor(self._thread, read)
        if found is None:
            raise NotRead(404, "not-found", "this school is not enrolled")
        return members_reply(found)

    def _work(self, path: str, query: Mapping[str, str], now: float) -> Callable[[], Any]:
        if path == DOCUMENTS:
            _only(query, {"after", "limit"})
            after, limit = _number(query, "after", 0), _limit(query, MOST_DOCUMENTS)
            return lambda: self._views.documents(after, limit)
        if path in (SCHOOLS, GAPS):
            _only(query, {"after", "limit"})
            begin, most = _id(query.get("after", "")), _limit(query, MOST_SCHOOLS)
            view = self._views.schools if path == SCHOOLS else self._views.gaps
            return lambda: view(begin, most, now)
        if path.startswith(SCHOOL):
            _only(query, set())
            school = _id(path.removeprefix(SCHOOL))
            return lambda: self._views.school(school, now)
        raise NotRead(404, "not-found", f"see {OPENAPI}")


_ASKED = {"WWW-Authenticate": 'Bearer realm="schoolguard-feed"'}


def _token(request: web.BaseRequest) -> str:
    given = request.headers.getall("Authorization", [])
    if len(given) != 1 or given[0][: len(_BEARER)].lower() != _BEARER:
        raise NotRead(401, "token", "Authorization: Bearer TOKEN belongs in the request", **_ASKED)
    return given[0][len(_BEARER) :].strip()


def _only(query: Mapping[str, str], known: set[str]) -> None:
    if odd := sorted(query.keys() - known):
        raise NotRead(400, "query", f"unknown parameter {odd[0][:40]!r}")


def _number(query: Mapping[str, str], name: str, otherwise: int) -> int:
    text = query.get(name)
    if text is None:
        return otherwise
    if not _NUMBER.match(text):
        raise NotRead(400, "query", f"{name} must be a whole number")
    return int(text)


def _limit(query: Mapping[str, str], most: int) -> int:
    limit = _number(query, "limit", most)
    if not 1 <= limit <= most:
        raise NotRead(400, "query", f"limit must be 1 to {most}")
    return limit


def _id(text: str) -> str:
    if not _ID.match(text):
        raise NotRead(400, "query", "a school's id has small letters, digits, '.', '_' and '-'")
    return text
