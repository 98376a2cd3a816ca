"""The publisher's process is killed again and again in the middle of an upload; the push arrives."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from schoolguard.hub.push.sending import send
from schoolguard.hub.push.spool import Spool
from tests.hub.push.partner import package, sender
from tests.servers import free_port

KILLS = 4


class Process:
    """The publisher's process, on one port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.hub.push.publisher", str(self._folder), str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        assert self._process.stdout.readline()

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.communicate()


def test_a_push_survives_kills_at_any_byte(tmp_path: Path) -> None:
    metadata = random.Random(1).randbytes(3 << 20)
    path = package(tmp_path, metadata=metadata)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    publisher = Process(tmp_path / "publisher")
    spool = Spool(tmp_path / "publisher" / "spool")

    async def offset_passed(level: int) -> None:
        while (upload := spool.find("viettel", digest)) is None or upload.offset < level:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    async def run() -> bytes:
        slow = replace(sender(f"http://127.0.0.1:{publisher.port}", chunk=4_096), tries=400)
        sending = asyncio.create_task(send(path, slow))
        for kill in range(1, KILLS + 1):
            await asyncio.wait_for(offset_passed(kill * 200_000), 30)
            publisher.kill()
            before = spool.find("viettel", digest)
            assert before is not None
            body = spool.body(before).read_bytes()[: before.offset]
            assert body == path.read_bytes()[: before.offset], "what counts as there is there"
            await asyncio.to_thread(publisher.start)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return await asyncio.wait_for(send(path, replace(slow, chunk=1 << 20)), 30)

    publisher.start()
    try:
        document = json.loads(asyncio.run(run()))
    finally:
        publisher.kill()
    assert document["status"] == "accepted"
    assert document["notes"] == {"metadata": len(metadata)}
    assert document["push"] == digest


def test_a_push_that_was_complete_before_a_kill_is_judged_after_it(tmp_path: Path) -> None:
    path = package(tmp_path)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    spool = Spool(tmp_path / "publisher" / "spool")
    spool.append(spool.begin("viettel", digest, len(content), 1.0), content, 1.0)
    (spool.unpacked(spool.begin("viettel", digest, len(content), 1.0))).mkdir()
    publisher = Process(tmp_path / "publisher")
    publisher.start()
    try:
        document = json.loads(asyncio.run(send(path, sender(f"http://127.0.0.1:{publisher.port}"))))
    finally:
        publisher.kill()
    assert document["status"] == "accepted"


def test_old_uploads_and_old_receipts_are_forgotten(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    names = [hashlib.sha256(bytes([number])).hexdigest() for number in range(3)]
    old, new, done = (spool.begin("viettel", name, 5, float(number)) for number, name in enumerate(names))
    spool.append(done, b"12345", 1.0)
    spool.append(new, b"1", 90_000.0)
    spool.clear(90_001.0)
    assert [upload.push for upload in spool.uploads()] == sorted([new.push, done.push])
    spool.settle(done, b"{}")
    assert spool.receipt("viettel", done.push) == b"{}"
    assert spool.find("viettel", done.push) is None
    assert spool.receipt("viettel", old.push) is None
