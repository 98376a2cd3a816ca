"""One round for one list: transfer, unpack, look whether it is a list, have it judged, install.

The last good copy stays until all that is done. It must not judge entries itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain

from schoolguard.intake.subscriptions.download import Line, download
from schoolguard.intake.subscriptions.judging import Judge, Judged
from schoolguard.intake.subscriptions.kept import KeptLists
from schoolguard.intake.subscriptions.model import FetchRefused, Subscription, SubscriptionState
from schoolguard.intake.subscriptions.unpack import unpacked
from schoolguard.language import N_
from schoolguard.lists.formats import ListRefused
from schoolguard.lists.formats.detect import HEAD, check_head, detect

_DISK = N_("{path} cannot be written: {why}")
_BUSY = N_("another process is fetching it")
_NO_LIST = N_("it is no list: {why}")
_ZERO = N_("it is no list: a zero byte in it")
_LONGEST = 500


async def fetch(
    wanted: Subscription, kept: KeptLists, line: Line, judge: Judge, now: float, *, agreed: bool = False
) -> SubscriptionState:
    """Bring one list up to date and return how it stands; raises ``FetchRefused`` and changes no list then.

    A state with another ``sha256`` than before tells that the list changed. ``now`` is in Unix seconds;
    ``agreed`` says that a person agreed to what the guardrails hold.
    """
    try:
        with kept.writing(wanted.id):
            before = kept.state(wanted.id)
            asked = partial(judge, wanted, kept.fresh(wanted.id), agreed)
            after = await _round(wanted, kept, before, line, asked)
            changed = before.changed if after.sha256 == before.sha256 else now
            after = replace(after, changed=changed, checked=now, tried=now)
            await asyncio.to_thread(kept.note, wanted.id, after)
    except BlockingIOError as error:
        raise FetchRefused("busy", _BUSY) from error
    except OSError as error:
        why = error.strerror or str(error)
        raise FetchRefused("disk", _DISK, path=kept.folder, why=why) from error
    return after


async def _round(
    wanted: Subscription,
    kept: KeptLists,
    before: SubscriptionState,
    line: Line,
    judge: Callable[[], Awaitable[Judged]],
) -> SubscriptionState:
    packed = kept.packed(wanted.id)
    known = await asyncio.to_thread(_known, wanted, kept, before)
    try:
        with packed.open("wb") as file:
            came = await download(wanted, known, file, line)
        if came.unchanged:
            return _confirmed(before)
        content = await asyncio.to_thread(_unpack, wanted, kept, line)
        if (content, wanted.origin) == (before.came, before.origin) and await asyncio.to_thread(
            kept.intact, wanted.id, before
        ):
            return replace(_confirmed(before), etag=came.etag, modified=came.modified)  # judged before
        found = await judge()
        sha256, size = await asyncio.to_thread(kept.install, wanted.id)
        return SubscriptionState(
            wanted.origin, came.etag, came.modified, sha256, size, came=content, left_out=found.left_out
        )
    finally:
        packed.unlink(missing_ok=True)
        kept.fresh(wanted.id).unlink(missing_ok=True)


def _confirmed(before: SubscriptionState) -> SubscriptionState:
    return replace(before, failures=0, reason="", message="", wait=0.0)


def note_failure(
    wanted: Subscription, kept: KeptLists, refusal: FetchRefused, now: float
) -> SubscriptionState:
    """Write down that a round failed, and return how the list stands; raises ``OSError``."""
    before = kept.state(wanted.id)
    after = replace(
        before,
        tried=now,
        failures=before.failures + 1,
        reason=refusal.reason,
        message=str(refusal)[:_LONGEST],
        wait=refusal.wait,
    )
    kept.note(wanted.id, after)
    return after


def _known(wanted: Subscription, kept: KeptLists, state: SubscriptionState) -> tuple[str, str]:
    """Return the server's words for the content here, empty unless they are just that."""
    if state.origin != wanted.origin or not (state.etag or state.modified):
        return "", ""
    return (state.etag, state.modified) if kept.intact(wanted.id, state) else ("", "")


def _unpack(wanted: Subscription, kept: KeptLists, line: Line) -> str:
    with kept.packed(wanted.id).open("rb") as packed:
        blocks = unpacked(packed, member=wanted.member, most=wanted.max_size, ratio=line.limits.ratio)
        return kept.write_fresh(wanted.id, _list_bytes(blocks, wanted))


def _list_bytes(blocks: Iterator[bytes], wanted: Subscription) -> Iterator[bytes]:
    """Pass on the bytes of a list, the first of them only after a look; raises ``FetchRefused``."""
    head = b""
    while len(head) < HEAD and (block := next(blocks, b"")):
        head += block
    try:
        check_head(head[:HEAD], wanted.id)
        if wanted.format == "auto" or not head.strip():
            detect(head[:HEAD], wanted.id)
    except ListRefused as error:
        raise FetchRefused(error.reason, _NO_LIST, why=str(error)) from error
    for block in chain((head,), blocks):
        if b"\0" in block:
            raise FetchRefused("not-text", _ZERO)
        yield block
