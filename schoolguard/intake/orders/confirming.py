"""Which receipts a gateway owes, once all its workers have taken an overlay. It must not sign or send.

An order that reads well but is for no school here, came too late or begins later is confirmed as that: the
publisher can then tell who has it from who is silent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from schoolguard.intake.orders.book import OrderBook
from schoolguard.intake.orders.checks import Refused, Why
from schoolguard.intake.orders.fate import Kept, Turned
from schoolguard.intake.orders.holding import Clock, Held
from schoolguard.intake.orders.order import Order
from schoolguard.intake.orders.overlay import Overlay
from schoolguard.intake.orders.reading import LONGEST_TEXT
from schoolguard.intake.orders.receipt import MOST_REFUSED, Receipt, State
from schoolguard.intake.orders.scope import Reach, Served


@dataclass(frozen=True, slots=True)
class Gateway:
    """Who speaks: its id, the schools it serves, and the version of its software."""

    id: str
    schools: tuple[Served, ...]
    software: str


def owed(book: OrderBook, gateway: Gateway, overlay: Overlay, clock: Clock, enforced: float) -> list[Receipt]:
    """Return the receipts that are not in the outbox yet, for ``overlay``, which every worker has since
    ``enforced``.

    ``clock`` is the moment that the overlay was made for; ``enforced`` is in Unix seconds.
    """
    said = book.outbox.last
    found = []
    for word in _words(book, gateway, overlay, clock):
        last = said.get((*word.about, word.digest))
        if last is None or _news(word, last):
            found.append(_receipt(word, last, gateway, enforced))
    return found


@dataclass(frozen=True, slots=True)
class _Word:
    """What there is to say of one document now."""

    about: tuple[str, str]
    sequence: int
    digest: str
    received: int
    state: State
    reason: str = ""
    refused: tuple[Refused, ...] = ()
    schools: tuple[str, ...] = ()


def _news(word: _Word, last: Receipt) -> bool:
    """Return whether it says more than the last receipt: another version of the software does not make it so.

    What was enforced and has ended needs no second word, for its expiry stands in the order.
    """
    if word.state is State.ENDED and last.state is State.ENFORCED:
        return False
    now = (word.state, word.reason, word.refused[:MOST_REFUSED], len(word.refused), word.schools)
    return now != (last.state, last.reason, last.refused, last.refused_count, last.schools)


def _receipt(word: _Word, last: Receipt | None, gateway: Gateway, enforced: float) -> Receipt:
    since = None
    if word.state is State.ENFORCED:
        since = round(enforced, 3) if last is None or last.enforced is None else last.enforced
    return Receipt(
        gateway.id,
        1 if last is None else last.number + 1,
        *word.about,
        word.sequence,
        word.digest,
        word.received,
        since,
        word.state,
        word.reason,
        word.refused[:MOST_REFUSED],
        len(word.refused),
        word.schools,
        gateway.software,
    )


def _words(book: OrderBook, gateway: Gateway, overlay: Overlay, clock: Clock) -> Iterator[_Word]:
    yield from map(_of_turned, book.turned())
    holding = {each.order.key: each for each in book.holding(clock)}
    latest = {kept.order.key: kept.order for kept in book.latest()}
    reach = Reach(gateway.schools)
    for kept in book.latest():
        order = kept.order
        schools = tuple(sorted(reach.of(order.scope)))
        refused = overlay.refused.get(order.key, ()) if schools else ()
        state = _state(kept, holding.get(order.key), schools, len(refused), clock)
        if schools and order.lifts:
            refused += _not_named(order, latest)
        reason = "every name was refused" if state is State.REFUSED else ""
        yield _Word(order.key, order.sequence, kept.digest, kept.received, state, reason, refused, schools)


def _state(kept: Kept, holds: Held | None, schools: Sequence[str], refused: int, clock: Clock) -> State:
    order = kept.order
    if not schools:
        return State.ELSEWHERE
    if not order.targets:
        return State.ENFORCED if clock.certainly(order.start) else State.WAITING
    if holds is not None:
        return State.REFUSED if refused == len(holds.targets) else State.ENFORCED
    return State.ENDED if clock.perhaps(order.start) else State.WAITING


def _not_named(order: Order, latest: dict[tuple[str, str], Order]) -> tuple[Refused, ...]:
    """Return the names that an order lifts from one that does not name them: they are as closed as before."""
    found = []
    for lift in order.lifts:
        lifted = latest.get((order.partner, lift.order))
        if lifted is not None and lift.targets is not None and lifted.sequence < order.sequence:
            found += [Refused(target, Why.NOT_NAMED) for target in lift.targets - lifted.targets]
    return tuple(sorted(found, key=lambda each: (each.target.name, each.target.exact)))


def _of_turned(turned: Turned) -> _Word:
    about = (turned.partner, PurePosixPath(turned.path).stem)
    reason = _plain(f"{turned.code}: {turned.reason}")
    return _Word(about, 0, turned.digest, turned.received, State.REFUSED, reason)


def _plain(text: str) -> str:
    """Return a text as documents have them: what is refused may have had anything in it."""
    shown = "".join(each if each.isprintable() else "?" for each in unicodedata.normalize("NFC", text))
    return shown[:LONGEST_TEXT].strip()
