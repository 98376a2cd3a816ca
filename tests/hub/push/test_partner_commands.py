"""A partner's first day: init, push, a delta, a refusal, status; against a real publisher."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

from click.testing import CliRunner, Result

from schoolguard.cli.partner import partner
from schoolguard.hub.push.package import Unpacked
from schoolguard.hub.push.reading import BundleReader
from schoolguard.hub.push.reasons import Reason
from schoolguard.hub.push.receipt import Verdict
from schoolguard.hub.tuf.keys import read_public
from schoolguard.language import Said
from tests.hub.push.test_uploading import Publisher


class Day:
    """A publisher in a thread, and the partner's commands in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.publisher = Publisher(folder / "publisher")
        self.seen: list[tuple[bool, list[str]]] = []
        self.publisher.accept = self.accept  # type: ignore[method-assign]
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop

    def accept(self, push: Unpacked) -> Verdict:
        (file,) = push.files.values()
        with file.open("rb") as packed:
            reader = BundleReader(packed)
            lines = [f"{entry.sign}{entry.token}" for entry in reader.entries()]
        self.seen.append((reader.header.base is not None, lines))
        return self.publisher.verdict

    def run(self, *words: str) -> Result:
        options = ["--folder", str(self.folder / "p"), "--language", "en", "--passphrase", "env:PASS"]
        return CliRunner(env={"PASS": "four random words here"}).invoke(partner, [*words, *options])

    def __enter__(self) -> Day:
        started = threading.Event()

        async def serve() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            async with self.publisher.running():
                started.set()
                await self._stop.wait()

        self._thread = threading.Thread(target=asyncio.run, args=(serve(),))
        self._thread.start()
        assert started.wait(10)
        made = self.run("init", "viettel", "--publisher", self.publisher.base)
        assert made.exit_code == 0, made.output
        public = read_public(self.folder / "p" / "keys" / "viettel.pub.json")
        value = bytes.fromhex(public.key.keyval["public"])
        self.publisher.known[("viettel", public.keyid)] = value
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


def test_a_partners_first_day(tmp_path: Path) -> None:
    source = tmp_path / "list.txt"
    told = [
        "--list",
        "gambling",
        "--category",
        "gambling",
        "--licence",
        "CC0-1.0",
        "--by",
        "Viettel",
        "--ref",
        "x",
    ]
    with Day(tmp_path) as day:
        source.write_text("a.example\nb.example\n")
        first = day.run("push", str(source), *told)
        assert (first.exit_code, first.output) == (0, "accepted\n"), first.output
        source.write_text("b.example\nc.example\n")
        second = day.run("push", str(source), *told, "--delta", "--json")
        assert json.loads(second.output)["status"] == "accepted"
        day.publisher.verdict = Verdict((Reason("too-much-churn", Said("half of it is new")),))
        third = day.run("push", str(source), *told)
        assert (third.exit_code, third.output) == (1, "refused:\n  too-much-churn: half of it is new\n")
        again = day.run("status")
        assert (again.exit_code, again.output) == (1, third.output)
        source.write_text("<html>")
        assert "is no list" in day.run("push", str(source), *told).output
    assert day.seen == [
        (False, ["+a.example", "+b.example"]),
        (True, ["-a.example", "+c.example"]),
        (False, ["+b.example", "+c.example"]),
    ]
