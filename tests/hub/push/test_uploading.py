"""Pushes over real sockets: whole, in parts, resumed, replayed, forged, too large, too slow."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.hub.push.judging import Judge
from schoolguard.hub.push.package import Unpacked
from schoolguard.hub.push.reasons import Reason
from schoolguard.hub.push.receipt import Verdict
from schoolguard.hub.push.sending import SendFailed, receipt_of, send
from schoolguard.hub.push.signature import (
    Request,
    SignatureRefused,
    content_digest,
    digest_in,
    sign,
    verify,
)
from schoolguard.hub.push.spool import Spool
from schoolguard.hub.push.tus import CHUNK_TYPE
from schoolguard.hub.push.uploading import PushIntake, PushLimits
from schoolguard.hub.server.files import StaticFiles
from schoolguard.hub.server.limits import Listening, ServerLimits
from schoolguard.hub.server.notices import Notices
from schoolguard.hub.server.site import PublisherServer
from schoolguard.language import Said
from tests.hub.push.partner import HEADER, KEY, PUBLIC, bundle, package, sender

LIMITS = PushLimits(size=1 << 20, chunk=1 << 16, burst=10_000.0, rate=10_000.0, grace=0.4, floor=1e9)


class Publisher:
    """A publisher while it runs; ``verdict`` is what it will say of a push, ``taken`` what it was asked."""

    def __init__(self, folder: Path, limits: PushLimits = LIMITS) -> None:
        self.spool = Spool(folder / "spool")
        self.taken: list[Unpacked] = []
        self.verdict = Verdict(notes={"version": 3})
        self.limits = limits
        self.base = ""
        self.known = {("viettel", "k1"): PUBLIC}
        self._folder = folder

    def _key(self, partner: str, keyid: str) -> bytes | None:
        return self.known.get((partner, keyid))

    def accept(self, push: Unpacked) -> Verdict:
        self.taken.append(push)
        return self.verdict

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Publisher]:
        limits = ServerLimits(idle=5.0)
        judge = Judge(self.spool, self.accept, time.time, retry=0.05)
        intake = PushIntake(self.spool, judge, self._key, time.time, self.limits)
        notices, files = Notices(limits, lambda: 0.5), StaticFiles(self._folder, limits)
        task = asyncio.create_task(judge.run())
        async with PublisherServer(Listening("127.0.0.1", 0), files, notices, intake, limits) as server:
            self.base = f"http://127.0.0.1:{server.port}"
            yield self
            assert not task.done(), task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def scene(folder: Path, play: Callable[[Publisher], Awaitable[None]], **changes: Any) -> Publisher:
    publisher = Publisher(folder, replace(LIMITS, **changes))

    async def run() -> None:
        async with publisher.running():
            await play(publisher)

    asyncio.run(run())
    return publisher


async def ask(
    publisher: Publisher,
    method: str,
    path: str,
    fields: dict[str, str],
    content: bytes = b"",
    *,
    signed_over: dict[str, Any] | None = None,
) -> tuple[int, dict[str, str], Any]:
    """Send one signed request; ``signed_over`` is what else is signed than what is sent."""
    fields = {"Tus-Resumable": "1.0.0", **fields}
    if method in ("POST", "PATCH"):
        fields.setdefault("Content-Digest", content_digest(content))
    over: dict[str, Any] = {
        "method": method,
        "path": path,
        "created": int(time.time()),
        "nonce": None,
        "keyid": "k1",
    }
    over |= signed_over or {}
    request = Request(
        over["method"],
        publisher.base.removeprefix("http://"),
        over["path"],
        {name.lower(): value for name, value in (fields | over.get("fields", {})).items()},
    )
    nonce = over["nonce"] or hashlib.sha256(repr((time.monotonic_ns(), path)).encode()).hexdigest()[:32]
    key = over.get("key", KEY)
    signature = sign(request, over["keyid"], over["created"], nonce, key.sign)
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, publisher.base + path, headers={**fields, **signature}, data=content) as reply,
    ):
        text = await reply.read()
        return reply.status, dict(reply.headers), json.loads(text) if text else None


def creation(content: bytes, length: int | None = None) -> dict[str, str]:
    name = base64.b64encode(hashlib.sha256(content).hexdigest().encode()).decode()
    return {
        "Upload-Length": str(len(content) if length is None else length),
        "Upload-Metadata": f"sha256 {name}",
    }


def test_a_small_push_is_one_request_and_its_answer_the_receipt(tmp_path: Path) -> None:
    path = package(tmp_path)

    async def play(publisher: Publisher) -> None:
        document = json.loads(await send(path, sender(publisher.base)))
        assert (document["status"], document["reasons"], document["notes"]) == (
            "accepted",
            [],
            {"version": 3},
        )
        assert document["push"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert [each["path"] for each in document["files"]] == ["lists/viettel/gambling.sgl.zst"]
        again = json.loads(await send(path, sender(publisher.base)))
        assert again == document
        status, told = await receipt_of(document["push"], sender(publisher.base))
        assert (status, json.loads(told)) == (200, document)

    publisher = scene(tmp_path, play)
    assert len(publisher.taken) == 1
    assert not list(publisher.spool.uploads())


def test_a_large_push_goes_in_parts_and_a_partner_without_memory_goes_on(tmp_path: Path) -> None:
    path = package(tmp_path, metadata=bytes(range(256)) * 1_000)
    content = path.read_bytes()
    push = hashlib.sha256(content).hexdigest()

    async def play(publisher: Publisher) -> None:
        status, fields, _ = await ask(
            publisher, "POST", "/push/viettel/", creation(content), content[:10_000]
        )
        assert (status, fields["Upload-Offset"], fields["Location"]) == (
            201,
            "10000",
            f"/push/viettel/{push}",
        )
        part = {"Upload-Offset": "10000", "Content-Type": CHUNK_TYPE}
        status, fields, _ = await ask(
            publisher, "PATCH", f"/push/viettel/{push}", part, content[10_000:50_000]
        )
        assert (status, fields["Upload-Offset"]) == (204, "50000")
        status, fields, error = await ask(
            publisher, "PATCH", f"/push/viettel/{push}", part, content[10_000:50_000]
        )
        assert (status, fields["Upload-Offset"], error["code"]) == (409, "50000", "offset")
        status, _, error = await ask(publisher, "GET", f"/push/viettel/{push}", {})
        assert (status, error["code"]) == (409, "unfinished")
        document = json.loads(await send(path, sender(publisher.base, chunk=60_000)))
        assert document["status"] == "accepted"

    publisher = scene(tmp_path, play)
    assert publisher.taken[0].metadata == bytes(range(256)) * 1_000


@pytest.mark.parametrize(
    ("over", "status", "code"),
    [
        ({"method": "PATCH"}, 401, "wrong-signature"),
        ({"path": "/push/vnpt/"}, 401, "wrong-signature"),
        ({"fields": {"Upload-Length": "5"}}, 401, "wrong-signature"),
        ({"fields": {"Content-Digest": content_digest(b"other")}}, 401, "wrong-signature"),
        ({"created": 1}, 401, "stale"),
        ({"created": int(time.time()) + 100_000}, 401, "early"),
        ({"keyid": "k2"}, 401, "unknown-key"),
        ({"key": Ed25519PrivateKey.from_private_bytes(bytes(32))}, 401, "wrong-signature"),
    ],
)
def test_what_was_not_signed_is_not_taken(
    tmp_path: Path, over: dict[str, Any], status: int, code: str
) -> None:
    async def play(publisher: Publisher) -> None:
        answer = await ask(publisher, "POST", "/push/viettel/", creation(b"x" * 9), b"x", signed_over=over)
        assert (answer[0], answer[2]["code"]) == (status, code)

    publisher = scene(tmp_path, play)
    assert not publisher.spool.folder.exists()


def test_a_replay_a_foreign_body_and_a_foreign_partner_are_refused(tmp_path: Path) -> None:
    async def play(publisher: Publisher) -> None:
        once = {"nonce": "n" * 20}
        assert (await ask(publisher, "POST", "/push/viettel/", creation(b"x"), signed_over=once))[0] == 201
        status, _, error = await ask(publisher, "POST", "/push/viettel/", creation(b"x"), signed_over=once)
        assert (status, error["code"]) == (409, "replayed")
        fields = creation(b"x") | {"Content-Digest": content_digest(b"other")}
        status, _, error = await ask(publisher, "POST", "/push/viettel/", fields, b"x")
        assert (status, error["code"]) == (400, "content-digest")
        status, _, error = await ask(publisher, "POST", "/push/vnpt/", creation(b"x"), b"x")
        assert (status, error["code"]) == (401, "unknown-key")

    scene(tmp_path, play)


@pytest.mark.parametrize(
    ("method", "path", "fields", "content", "status", "code"),
    [
        ("POST", "/push/viettel/", creation(b"x", 2 << 20), b"", 413, "too-large"),
        ("POST", "/push/viettel/", creation(b"x", 0), b"", 413, "too-large"),
        ("POST", "/push/viettel/", creation(b"x", 1 << 20), b"a" * 70_000, 413, "chunk"),
        ("POST", "/push/viettel/", creation(b"x"), b"xyz", 413, "too-large"),
        ("POST", "/push/viettel/", {**creation(b"x"), "Upload-Length": "-1"}, b"", 400, "number"),
        ("POST", "/push/viettel/", {**creation(b"x"), "Upload-Metadata": "sha256 e"}, b"", 400, "metadata"),
        ("POST", "/push/viettel/", {**creation(b"x"), "Tus-Resumable": "0.2.2"}, b"", 412, "version"),
        ("POST", "/push/viettel/" + "0" * 64, creation(b"x"), b"", 405, "method"),
        ("DELETE", "/push/viettel/" + "0" * 64, {}, b"", 405, "method"),
        ("PATCH", "/push/viettel/" + "0" * 64, {"Upload-Offset": "0"}, b"", 415, "type"),
        (
            "PATCH",
            "/push/viettel/" + "0" * 64,
            {"Upload-Offset": "0", "Content-Type": CHUNK_TYPE},
            b"",
            404,
            "not-found",
        ),
        ("GET", "/push/viettel/" + "0" * 64, {}, b"", 404, "not-found"),
        ("GET", "/push/viettel/../x", {}, b"", 404, "not-found"),
        ("POST", "/push/VIETTEL/", creation(b"x"), b"", 404, "not-found"),
    ],
)
def test_requests_outside_the_limits_are_refused(
    tmp_path: Path, method: str, path: str, fields: dict[str, str], content: bytes, status: int, code: str
) -> None:
    async def play(publisher: Publisher) -> None:
        answer = await ask(publisher, method, path, fields, content)
        assert answer[0] == status
        assert answer[2]["code"] == code

    # aiohttp's client takes ".." out of a path before it is sent, so that one never reaches /push/.
    if ".." not in path:
        scene(tmp_path, play)


def test_a_partner_has_only_so_many_unfinished_uploads_and_requests(tmp_path: Path) -> None:
    async def play(publisher: Publisher) -> None:
        for content in (b"a" * 9, b"b" * 9):
            assert (await ask(publisher, "POST", "/push/viettel/", creation(content)))[0] == 201
        status, _, error = await ask(publisher, "POST", "/push/viettel/", creation(b"c" * 9))
        assert (status, error["code"]) == (429, "unfinished")
        answers = [await ask(publisher, "GET", "/push/viettel/" + "0" * 64, {}) for _ in range(3)]
        assert answers[-1][0] == 429
        assert answers[-1][2]["code"] == "rate"
        assert int(answers[-1][1]["Retry-After"]) > 0

    scene(tmp_path, play, unfinished=2, burst=5.0, rate=0.01)


def test_a_slow_body_is_let_go(tmp_path: Path) -> None:
    async def play(publisher: Publisher) -> None:
        host = publisher.base.removeprefix("http://")
        fields = {
            "Tus-Resumable": "1.0.0",
            **creation(b"x" * 100),
            "Content-Digest": content_digest(b"x" * 100),
        }
        request = Request(
            "POST", host, "/push/viettel/", {name.lower(): value for name, value in fields.items()}
        )
        fields |= sign(request, "k1", int(time.time()), "n" * 20, KEY.sign)
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        reader, writer = await asyncio.open_connection(*host.split(":"))
        writer.write(
            f"POST /push/viettel/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n{head}\r\nxx".encode()
        )
        answer = await asyncio.wait_for(reader.read(), 10)
        assert answer.startswith(b"HTTP/1.1 408 ")
        writer.close()

    scene(tmp_path, play)


def test_a_receipt_says_every_reason(tmp_path: Path) -> None:
    other = bundle(tmp_path / "o", replace(HEADER, list="adult", partner="vnpt"))
    (tmp_path / "junk").write_bytes(b"<html>")
    files = {
        "lists/viettel/gambling.sgl.zst": tmp_path / "junk",
        "lists/viettel/other.sgl.zst": other,
        "orders/viettel/1.json": tmp_path / "junk",
    }
    path = package(tmp_path, files=files)

    async def play(publisher: Publisher) -> None:
        document = json.loads(await send(path, sender(publisher.base)))
        assert document["status"] == "refused"
        assert [(each["code"], each["where"]) for each in document["reasons"]] == [
            ("not-zstd", "lists/viettel/gambling.sgl.zst"),
            ("misplaced", "lists/viettel/other.sgl.zst"),
        ]

    assert not scene(tmp_path, play).taken


def test_paths_out_of_the_partners_own_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    wrong = [
        "lists/vnpt/a",
        "lists/viettel/../a",
        "layers/viettel/a",
        "lists/viettel/a/b",
        "/etc/passwd",
        "lists/viettel/.a",
    ]
    path = package(tmp_path, files=dict.fromkeys(wrong, tmp_path / "x"))

    async def play(publisher: Publisher) -> None:
        document = json.loads(await send(path, sender(publisher.base)))
        assert [each["where"] for each in document["reasons"]] == wrong
        assert {each["code"] for each in document["reasons"]} == {"path"}

    assert not scene(tmp_path, play).taken


def test_the_publishers_own_reasons_are_in_the_receipt(tmp_path: Path) -> None:
    path = package(tmp_path)

    async def play(publisher: Publisher) -> None:
        publisher.verdict = Verdict((Reason("old-version", Said("version {version} is old", version=3)),))
        document = json.loads(await send(path, sender(publisher.base)))
        said = {"msgid": "version {version} is old", "values": {"version": 3}}
        assert document["reasons"] == [{"code": "old-version", "message": "version 3 is old", "said": said}]

    scene(tmp_path, play)


def test_bytes_that_are_not_what_was_announced_are_refused(tmp_path: Path) -> None:
    async def play(publisher: Publisher) -> None:
        status, _, document = await ask(publisher, "POST", "/push/viettel/", creation(b"x"), b"y")
        assert (status, [each["code"] for each in document["reasons"]]) == (200, ["not-whole"])

    scene(tmp_path, play)


def test_a_failing_publisher_judges_again_and_a_faulty_one_says_so(tmp_path: Path) -> None:
    path = package(tmp_path)
    second = tmp_path / "second"
    second.mkdir()
    other = package(second, metadata=b"other")

    class Failing(Publisher):
        def accept(self, push: Unpacked) -> Verdict:
            super().accept(push)
            if len(self.taken) == 1:
                raise OSError(28, "No space left on device")
            if push.metadata == b"other":
                raise ZeroDivisionError
            return self.verdict

    publisher = Failing(tmp_path)

    async def run() -> None:
        async with publisher.running():
            assert json.loads(await send(path, sender(publisher.base)))["status"] == "accepted"
            document = json.loads(await send(other, sender(publisher.base)))
            assert [each["code"] for each in document["reasons"]] == ["fault"]

    asyncio.run(run())
    assert len(publisher.taken) == 3


def test_a_stranger_is_told_why_and_does_not_come_again(tmp_path: Path) -> None:
    path = package(tmp_path)

    async def play(publisher: Publisher) -> None:
        with pytest.raises(SendFailed, match="401 unknown-key"):
            await send(path, replace(sender(publisher.base), keyid="k2"))

    scene(tmp_path, play)


FIELDS = st.dictionaries(
    st.sampled_from(["content-digest", "upload-length", "upload-offset", "upload-metadata"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20),
)


@settings(max_examples=60, deadline=None)
@given(
    FIELDS, st.sampled_from(["POST", "PATCH", "HEAD"]), st.from_regex(r"[A-Za-z0-9_-]{16,40}", fullmatch=True)
)
def test_what_is_signed_verifies_and_any_change_does_not(
    fields: dict[str, str], method: str, nonce: str
) -> None:
    request = Request(method, "a.example", "/push/x/", fields)
    signed = sign(request, "k1", 5, nonce, KEY.sign)
    whole = fields | {name.lower(): value for name, value in signed.items()}

    def known(keyid: str) -> bytes | None:
        return PUBLIC if keyid == "k1" else None

    found = verify(replace(request, fields=whole), known)
    assert (found.keyid, found.created, found.nonce) == ("k1", 5, nonce)
    for changed in (
        replace(request, fields=whole, path="/push/y/"),
        replace(request, fields=whole, authority="b.example"),
        replace(request, fields=whole | {"upload-offset": "changed"}),
        replace(request, fields={name: value for name, value in whole.items() if name != "signature"}),
    ):
        with pytest.raises(SignatureRefused):
            verify(changed, known)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=120))
def test_signatures_of_rubbish_are_refused(told: str, value: str) -> None:
    request = Request("GET", "a", "/push/x/", {"signature-input": told, "signature": value})
    with pytest.raises(SignatureRefused):
        verify(request, lambda _: PUBLIC)
    with pytest.raises(SignatureRefused):
        digest_in(told)


def test_the_signature_base_is_that_of_rfc_9421() -> None:
    # Section 2.5: each component on a line, the parameters last, no line end after them.
    seen: list[bytes] = []

    def signer(base: bytes) -> bytes:
        seen.append(base)
        return bytes(64)

    request = Request("POST", "a.example", "/push/x/", {"content-digest": "d", "upload-length": "5"})
    fields = sign(request, "k1", 9, "n" * 16, signer)
    parameters = (
        '("@method" "@authority" "@path" "content-digest" "upload-length");created=9;keyid="k1"'
        ';nonce="nnnnnnnnnnnnnnnn";alg="ed25519";tag="schoolguard-push"'
    )
    assert fields["Signature-Input"] == f"sig1={parameters}"
    assert seen == [
        b'"@method": POST\n"@authority": a.example\n"@path": /push/x/\n'
        b'"content-digest": d\n"upload-length": 5\n'
        b'"@signature-params": ' + parameters.encode()
    ]
