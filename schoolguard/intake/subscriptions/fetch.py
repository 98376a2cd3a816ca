"""One round for one list: transfer, unpack, look whether it is a list, install. The last good copy stays.

It must not count or judge entries: the compiler does, with the limits of lists.yaml.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from schoolguard.intake.subscriptions.download import Downloaded, Line, download
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


async def fetch(wanted: Subscription, kept: KeptLists, line: Line, now: float) -> SubscriptionState:
    """Bring one list up to date and return how it stands; raises ``FetchRefused`` and changes no list then.

    A state with another ``sha256`` than before tells that the list changed. ``now`` is in Unix seconds.
    """
    try:
        with kept.writing(wanted.id):
            after = await _round(wanted, kept, line, now)
            await asyncio.to_thread(kept.note, wanted.id, after)
    except BlockingIOError as error:
        raise FetchRefused("busy", _BUSY) from error
    except OSError as error:
        why = error.strerror or str(error)
        raise FetchRefused("disk", _DISK, path=kept.folder, why=why) from error
    return after


async def _round(wanted: Subscription, kept: KeptLists, line: Line, now: float) -> SubscriptionState:
    before = kept.state(wanted.id)
    packed = kept.packed(wanted.id)
    known = await asyncio.to_thread(_known, wanted, kept, before)
    try:
        with packed.open("wb") as file:
            came = await download(wanted, known, file, line)
        if came.unchanged:
            after = replace(before, failures=0, reason="", message="", wait=0.0)
        else:
            after = await asyncio.to_thread(_taken, wanted, kept, came, line)
    finally:
        packed.unlink(missing_ok=True)
    changed = before.changed if after.sha256 == before.sha256 else now
    return replace(after, changed=changed, checked=now, tried=now)


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
    if state.url != wanted.url or not (state.etag or state.modified):
        return "", ""
    return (state.etag, state.modified) if kept.intact(wanted.id, state) else ("", "")


def _taken(wanted: Subscription, kept: KeptLists, came: Downloaded, line: Line) -> SubscriptionState:
    with kept.packed(wanted.id).open("rb") as packed:
        blocks = unpacked(packed, member=wanted.member, most=wanted.max_size, ratio=line.limits.ratio)
        sha256, size = kept.install(wanted.id, _list_bytes(blocks, wanted))
    return SubscriptionState(wanted.url, came.etag, came.modified, sha256, size)


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
