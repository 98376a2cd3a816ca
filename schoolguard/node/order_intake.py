"""New orders of a publisher's repository, from its targets to the gateway's book of orders.

It must not judge an order: the book does, and it keeps what it refused, with the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping

from schoolguard.intake.orders.fate import Arrived
from schoolguard.intake.orders.journal import CannotKeep
from schoolguard.intake.orders.reading import MOST_BYTES
from schoolguard.intake.trust.client import Client
from schoolguard.intake.trust.contents import Target
from schoolguard.intake.trust.errors import Fault, SourceFailed, StoreFailed, Untrusted
from schoolguard.intake.trust.names import PARTNER
from schoolguard.language import N_
from schoolguard.node.following_faults import word_of
from schoolguard.node.following_state import Told
from schoolguard.node.ordering import Ordering

ORDERS = "orders"

_AT_ONCE = 2
"""Orders fetched at once: of the session's four connections layers and receipts may hold one each, and who
waits for one is timed already."""

_LARGE = N_("{path}: an order of {length} bytes; at most {limit} are read")


async def take_orders(
    client: Client,
    targets: Mapping[str, Target],
    versions: Mapping[str, int],
    ordering: Ordering,
    told: Told,
) -> None:
    """Fetch the orders that the book does not know and hand them to it; ``versions`` are the roles'.

    It raises nothing: one that cannot be fetched keeps no other from being enforced.
    """
    new = [target for path, target in sorted(targets.items()) if _is_new(path, target, ordering)]
    turns, failed = asyncio.Semaphore(_AT_ONCE), set[str]()

    async def fetched(target: Target) -> Arrived | None:
        async with turns:
            document = await _fetched(client, target, told)
        if document is None:
            failed.add(target.path)
            return None
        version = versions.get(target.role, 0)
        return Arrived(document, target.role.removeprefix(PARTNER), target.path, version)

    async with asyncio.TaskGroup() as tasks:
        waiting = {tasks.create_task(fetched(target)) for target in new}
        while waiting:  # a slow one keeps no other from being enforced
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            failed.update(await _hand_over([task.result() for task in done], ordering, told))
    told.right(ORDERS, failed)


def _is_new(path: str, target: Target, ordering: Ordering) -> bool:
    mine = path.startswith(f"{ORDERS}/") and target.role.startswith(PARTNER)
    return mine and not ordering.book.knows(path, target.sha256)


async def _fetched(client: Client, target: Target, told: Told) -> bytes | None:
    try:
        if target.length > MOST_BYTES:
            limits = {"path": target.path, "length": target.length, "limit": MOST_BYTES}
            raise Untrusted(Fault.TOO_LARGE, target.role, _LARGE, **limits)
        return await client.read(target)
    except (Untrusted, SourceFailed, StoreFailed, OSError) as error:
        told.fault(target.path, word_of(error), error)
        return None


async def _hand_over(documents: Iterable[Arrived | None], ordering: Ordering, told: Told) -> Collection[str]:
    """Have orders enforced; return what went wrong, as ``Told`` has it."""
    arrived = [each for each in documents if each is not None]
    try:
        if arrived:
            await ordering.arrived(arrived)
    except CannotKeep as error:
        told.fault(ORDERS, word_of(error), error)
        return {ORDERS}
    return ()
