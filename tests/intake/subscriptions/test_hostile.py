"""Servers that lie about lengths, send for ever, or say nothing."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolguard.intake.subscriptions.fetch import fetch
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import FetchLimits, FetchRefused
from tests.intake.subscriptions.https import Authority, Script, accepted, line, scripted, wanted

LIST = b"bet.example\ncasino.example\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
QUICK = FetchLimits(grace=0.5, floor=1_000_000.0)


def refused(script: Script, kept: KeptLists, trusted: Authority) -> str:
    with scripted(trusted, script) as base, pytest.raises(FetchRefused) as caught:
        asyncio.run(fetch(wanted(f"{base}/x", max_size=10_000), kept, line(trusted, QUICK), accepted, 1.0))
    return caught.value.reason


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (Script(OK + b"Content-Length: 500\r\n\r\n" + LIST), "truncated"),
        (Script(OK + b"Transfer-Encoding: chunked\r\n\r\n1b\r\n" + LIST + b"\r\n"), "truncated"),
        (Script(OK + b"\r\n" + LIST), "truncated"),
        (Script(OK + b"Content-Length: 99999999\r\n\r\n" + LIST, hold=True), "too-large"),
        (Script(OK + b"Transfer-Encoding: chunked\r\n\r\n3000\r\n" + b"a" * 0x3000, hold=True), "too-large"),
        (Script(OK + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc"), "coding"),
        (Script(b"", hold=True), "slow"),
        (Script(OK + b"X-Endless: ", trickle=True), "slow"),
        (Script(OK + b"Content-Length: 9000\r\n\r\n", trickle=True), "slow"),
        (Script(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "status"),
        (Script(b"HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\na.b"), "status"),
        (Script(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), "redirects"),
        (Script(b"HTTP/1.1 302 Found\r\nLocation: https://[::\r\nContent-Length: 0\r\n\r\n"), "redirects"),
        (Script(b"SSH-2.0-OpenSSH\r\n"), "unreachable"),
        (Script(b""), "truncated"),
    ],
)
def test_a_server_that_lies_is_refused(
    kept: KeptLists, trusted: Authority, script: Script, reason: str
) -> None:
    assert refused(script, kept, trusted) == reason


def test_nobody_listens(kept: KeptLists, trusted: Authority) -> None:
    with pytest.raises(FetchRefused) as caught:
        asyncio.run(fetch(wanted("https://127.0.0.1:9/x"), kept, line(trusted), accepted, 1.0))
    assert caught.value.reason == "unreachable"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_end_in_a_list_or_a_refusal(
    kept: KeptLists, trusted: Authority, content: bytes, headed: bool
) -> None:
    head = OK + b"Content-Length: %d\r\n\r\n" % len(content) if headed else b""
    with scripted(trusted, Script(head + content)) as base:
        try:
            asyncio.run(fetch(wanted(f"{base}/x"), kept, line(trusted, QUICK), accepted, 1.0))
        except FetchRefused:
            return
    assert kept.path("gambling").stat().st_size
