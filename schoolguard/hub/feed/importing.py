"""Parcels that were carried here: verified and stored like those from the line, answered by a file.

It must not be kinder to a stick than to the network: the same verifying, the same storing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from schoolguard.feed.carrying import ANSWER, PARCEL, read_carried, write_beside
from schoolguard.feed.compact import MOST_PACKED, Packing, packing
from schoolguard.feed.delivery import Judged, Verdict, sign_answer
from schoolguard.feed.parcel import opened
from schoolguard.feed.refused import FeedRefused
from schoolguard.hub.feed.key import receiver_key
from schoolguard.hub.feed.service import DATABASE
from schoolguard.hub.feed.storing import Arrived, Storing
from schoolguard.hub.feed.tables import connect
from schoolguard.hub.feed.verifying import verify
from schoolguard.language import N_, Said

_HEAD = 8_192


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file: how many documents by verdict, or why none was taken."""

    path: Path
    counts: Mapping[str, int]
    problem: Said | None = None


def import_all(hub: Path, place: Path, now: float) -> Iterator[Imported]:
    """Take every parcel of a folder, or one file, and write the signed answer beside each.

    Raises ``CannotCarry``, ``CannotKeep``, ``KeyUnusable``.
    """
    key, shared = receiver_key(hub), packing()
    with closing(connect(hub / DATABASE)) as connection:
        storing = Storing(connection)
        storing.refresh()
        for path, content in read_carried(place, PARCEL, MOST_PACKED + _HEAD):
            try:
                judged = _take(content, storing, shared, now)
            except (FeedRefused, _Unknown) as error:
                yield Imported(path, {}, error)
                continue
            write_beside(path, ANSWER, sign_answer(int(now), judged, key))
            yield Imported(path, _counts(judged))


class _Unknown(Said):
    """The sender is not enrolled."""


def _take(content: bytes, storing: Storing, shared: Packing, now: float) -> list[Judged]:
    packed = opened(content)
    key = storing.key_of(packed.sender)
    if key is None:
        raise _Unknown(N_("this gateway's key is not enrolled here, or was revoked"))
    pairs = packed.unpack(shared, key).pairs()
    # A stick was on its way for days: its sender's clock cannot be told from that.
    found = [verify(document, beside, None) for beside, document in pairs]
    stored = iter(storing.store([each for each in found if isinstance(each, Arrived)], now))
    return [each if isinstance(each, Judged) else next(stored) for each in found]


def _counts(judged: list[Judged]) -> dict[str, int]:
    by = Counter(each.verdict for each in judged)
    taken = {"accepted": by[Verdict.ACCEPTED], "duplicate": by[Verdict.DUPLICATE]}
    return {**taken, "refused": len(judged) - sum(taken.values())}
