"""Judges complete uploads one after another, and again after a restart. What accepts them is handed in.

It must not stop at the first reason: a receipt says all that can be said of one push.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from schoolguard.hub.push.package import PackageRefused, Unpacked, unpack
from schoolguard.hub.push.reading import BundleLimits, BundleReader, faults_of
from schoolguard.hub.push.reasons import BundleRefused, Reason
from schoolguard.hub.push.receipt import Verdict, receipt
from schoolguard.hub.push.spool import Spool, Upload
from schoolguard.language import N_, Said

BUNDLE = ".sgl.zst"
RETRY = 30.0
"""Seconds after which a push is judged again that could not be, because a disk was full or a file locked."""

_NOT_WHOLE = N_("the bytes that came are not those that were announced")
_FAULT = N_("the publisher failed at this push; its log says how")
_NOT_ITS_PLACE = N_("{path} holds the list {list} of {partner}")

_log = logging.getLogger("schoolguard.push")


class Accept(Protocol):
    """The publisher's own judgement: metadata, guardrails, and taking it in. Runs in a thread.

    It must give the same answer when it is asked again about the same push after a kill. ``OSError`` says
    that it could not judge now.
    """

    def __call__(self, push: Unpacked) -> Verdict:
        """Return the verdict."""


class Judge:
    """Judges what is put to it; ``clock`` gives Unix seconds."""

    def __init__(
        self,
        spool: Spool,
        accept: Accept,
        clock: Callable[[], float],
        limits: BundleLimits | None = None,
        retry: float = RETRY,
    ) -> None:
        self._spool = spool
        self._accept = accept
        self._clock = clock
        self._limits = limits or BundleLimits()
        self._retry = retry
        self._queue: asyncio.Queue[Upload] = asyncio.Queue()
        self._waiting: dict[tuple[str, str], asyncio.Event] = {}

    def put(self, upload: Upload) -> None:
        """Let a complete upload be judged; the same one again changes nothing."""
        key = (upload.partner, upload.push)
        if key not in self._waiting:
            self._waiting[key] = asyncio.Event()
            self._queue.put_nowait(upload)

    async def judged(self, upload: Upload, patience: float) -> bool:
        """Return whether an upload's receipt came within ``patience`` seconds."""
        event = self._waiting.get((upload.partner, upload.push))
        if event is None:
            return True
        try:
            async with asyncio.timeout(patience):
                await event.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Judge until cancelled, first what a restart left complete."""
        await asyncio.to_thread(self._spool.clear, self._clock())
        for upload in await asyncio.to_thread(lambda: list(self._spool.uploads())):
            if upload.complete:
                self.put(upload)
        while True:
            upload = await self._queue.get()
            try:
                await asyncio.to_thread(self._judge, upload)
            except OSError as error:
                _log.error("push not judged yet", extra={"push": upload.push, "problem": str(error)})
                asyncio.get_running_loop().call_later(self._retry, self._queue.put_nowait, upload)
                continue
            self._waiting.pop((upload.partner, upload.push)).set()

    def _judge(self, upload: Upload) -> None:
        if self._spool.receipt(upload.partner, upload.push) is not None:
            return
        push, verdict = None, None
        try:
            push = self._unpacked(upload)
            reasons = tuple(self._faults(push))
            verdict = Verdict(reasons) if reasons else self._accept(push)
        except PackageRefused as error:
            verdict = Verdict(error.reasons)
        except OSError:
            raise
        except Exception:  # a fault of ours must not stop every other push, nor come again at each start
            _log.exception("push could not be judged", extra={"push": upload.push})
            verdict = Verdict((Reason("fault", Said(_FAULT)),))
        parts = push.parts if push else ()
        document = receipt(upload.partner, upload.push, self._clock(), parts, verdict)
        codes = [reason.code for reason in verdict.reasons]
        _log.info("push judged", extra={"partner": upload.partner, "push": upload.push, "reasons": codes})
        self._spool.settle(upload, document)

    def _unpacked(self, upload: Upload) -> Unpacked:
        if not self._spool.is_whole(upload):
            raise PackageRefused([Reason("not-whole", Said(_NOT_WHOLE))])
        return unpack(self._spool.body(upload), upload.partner, self._spool.unpacked(upload))

    def _faults(self, push: Unpacked) -> Iterator[Reason]:
        for path, file in push.files.items():
            if not path.endswith(BUNDLE):
                continue
            faults = faults_of(file, self._limits)
            for fault in faults:
                where = f"{path}:{fault.line}" if fault.line else path
                yield Reason(fault.code, Said(fault.msgid, **fault.values), where)
            yield from _misplaced(push.partner, path, file)


def _misplaced(partner: str, path: str, file: Path) -> Iterator[Reason]:
    try:
        with file.open("rb") as packed:
            header = BundleReader(packed).header
    except BundleRefused:
        return  # told already
    if path != f"lists/{header.partner}/{header.list}{BUNDLE}" or header.partner != partner:
        said = Said(_NOT_ITS_PLACE, path=path, list=header.list, partner=header.partner)
        yield Reason("misplaced", said, path)
