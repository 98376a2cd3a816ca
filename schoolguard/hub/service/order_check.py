"""Judges one pushed order: its document, its sequence, its names. It must not publish or enforce.

As at a gateway: single names that nobody may close are told and the order stands without them; an order of
which nothing is left is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schoolguard.hub.push.reasons import Reason
from schoolguard.intake.orders.checks import Checks, Refused
from schoolguard.intake.orders.order import Order, digest_of
from schoolguard.intake.orders.reading import MOST_BYTES, OrderRefused, read_order
from schoolguard.intake.trust.contents import Target
from schoolguard.language import N_, Said

_LARGE = N_("an order has at most {limit} bytes; this has {found}")
_SEQUENCE = N_("sequence {found} is not newer than {known}")
_OVER = N_("the order has expired")

Judged = tuple[tuple[Reason, ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Paper:
    """An order and the digest of its document."""

    order: Order
    digest: str


def read_paper(path: str, file: Path) -> Paper:
    """Return the order of a file that has the target name ``path``; raises ``OrderRefused``, ``OSError``."""
    with file.open("rb") as reader:
        document = reader.read(MOST_BYTES + 1)
    if len(document) > MOST_BYTES:
        raise OrderRefused("too-large", _LARGE, limit=MOST_BYTES, found=file.stat().st_size)
    return Paper(read_order(document, path.split("/")[1], path), digest_of(document))


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """What orders are held against."""

    checks: Checks

    def judge(self, target: Target, file: Path, before: Path | None, now: float) -> Judged:
        """Return the reasons against an order, and what else to tell; ``before`` is its published file."""
        try:
            order = read_paper(target.path, file).order
            known = None if before is None else read_paper(target.path, before).order.sequence
        except OrderRefused as error:
            return (Reason(error.code, Said(error.msgid, **error.values), target.path),), {}
        refused = self.checks.refusals(order.targets)
        told = {
            "names": len(order.targets),
            "refused": [_told(each) for each in refused[:100]],
            "refused-count": len(refused),
            "sequence": order.sequence,
        }
        return tuple(_reasons(order, known, refused, target.path, now)), told


def _reasons(
    order: Order, known: int | None, refused: tuple[Refused, ...], path: str, now: float
) -> Iterator[Reason]:
    if known is not None and order.sequence <= known:
        yield Reason("sequence-not-newer", Said(_SEQUENCE, found=order.sequence, known=known), path)
    if order.expiry <= now:
        yield Reason("expired", Said(_OVER), path)
    if refused and len(refused) == len(order.targets) and not order.lifts:
        for each in refused:
            yield Reason(each.why.value, each.said(), path)


def _told(refused: Refused) -> dict[str, Any]:
    target = refused.target
    return {"below": refused.below, "exact": target.exact, "name": target.name, "why": refused.why.value}
