"""Receipts in a SQLite file: the last word of each gateway on each document of an order, and when it was
published.

One connection writes, in WAL mode, so that reports read beside it. Storing the same receipt twice changes
nothing, and an old one that somebody sends again neither. It must not judge orders; of gateways it knows what
``key_of`` says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiosqlite

from schoolguard.intake.orders.receipt import Receipt, ReceiptRefused, read_receipt
from schoolguard.language import N_, Said

_TABLES = """
CREATE TABLE IF NOT EXISTS published (
    partner TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, sequence INTEGER NOT NULL,
    time REAL NOT NULL, start REAL NOT NULL,
    PRIMARY KEY (partner, id, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipts (
    partner TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, gateway TEXT NOT NULL,
    number INTEGER NOT NULL, document BLOB NOT NULL,
    arrived REAL NOT NULL, enforced REAL, enforced_arrived REAL,
    PRIMARY KEY (partner, id, digest, gateway)
) WITHOUT ROWID;
"""

_PUT = """
INSERT INTO receipts (partner, id, digest, gateway, number, arrived, enforced, enforced_arrived, document)
VALUES (:partner, :id, :digest, :gateway, :number, :arrived, :enforced, :enforced_arrived, :document)
ON CONFLICT DO UPDATE SET
    number = excluded.number, arrived = excluded.arrived, document = excluded.document,
    enforced = coalesce(receipts.enforced, excluded.enforced),
    enforced_arrived = coalesce(receipts.enforced_arrived, excluded.enforced_arrived)
WHERE excluded.number > receipts.number
"""

_PUBLISHED = "INSERT INTO published VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_LATEST = """
SELECT digest, sequence, time, start FROM published WHERE partner = ? AND id = ?
ORDER BY sequence DESC, time DESC LIMIT 1
"""
_OF_ORDER = "SELECT gateway, arrived, enforced, enforced_arrived, document FROM receipts " \
    "WHERE partner = ? AND id = ? AND digest = ? ORDER BY gateway"  # fmt: skip


class CannotStore(Said):
    """The file cannot be read or written; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Published:
    """A document of an order: when gateways could first fetch it, and when it begins (Unix seconds)."""

    partner: str
    id: str
    digest: str
    sequence: int
    time: float
    start: float


@dataclass(frozen=True, slots=True)
class Stored:
    """A gateway's last word, and when it came; ``enforced`` is when it first said that it enforces the order,
    by its own clock, ``enforced_arrived`` when that came here.
    """

    receipt: Receipt
    arrived: float
    enforced: float | None
    enforced_arrived: float | None


class ReceiptStore:
    """The file, open for one writer; ``key_of`` returns the enrolled public key of a gateway, 32 bytes."""

    def __init__(self, connection: aiosqlite.Connection, key_of: Callable[[str], bytes | None]) -> None:
        self._connection = connection
        self._key_of = key_of
        self._writing = asyncio.Lock()

    async def published(self, order: Published) -> None:
        """Note that an order is published; the first time for a document counts. Raises ``CannotStore``."""
        values = (order.partner, order.id, order.digest, order.sequence, order.time, order.start)
        async with self._changing():
            await self._connection.execute(_PUBLISHED, values)

    async def put(self, document: bytes, arrived: float) -> bool:
        """Store a receipt that came at ``arrived``; return whether it said anything new.

        Raises ``ReceiptRefused`` for one that its gateway did not sign, and ``CannotStore``. Only when it
        returns may the gateway be told to forget it.
        """
        receipt, public = read_receipt(document)
        known = self._key_of(receipt.gateway)
        if known is None or known != public:
            raise ReceiptRefused(f"this is not the key of the gateway {receipt.gateway!r}")
        values = {
            "partner": receipt.partner,
            "id": receipt.order,
            "digest": receipt.digest,
            "gateway": receipt.gateway,
            "number": receipt.number,
            "arrived": arrived,
            "enforced": receipt.enforced,
            "enforced_arrived": None if receipt.enforced is None else arrived,
            "document": document,
        }
        async with self._changing():
            cursor = await self._connection.execute(_PUT, values)
            return cursor.rowcount > 0

    async def latest(self, partner: str, id: str) -> Published | None:
        """Return the latest published document of an order; raises ``CannotStore``."""
        with _refusals():
            rows = list(await self._connection.execute_fetchall(_LATEST, (partner, id)))
        return Published(partner, id, *rows[0]) if rows else None

    async def of_order(self, order: Published) -> list[Stored]:
        """Return what the gateways said of a document, by gateway; raises ``CannotStore``."""
        with _refusals():
            rows = await self._connection.execute_fetchall(_OF_ORDER, (order.partner, order.id, order.digest))
        return [Stored(read_receipt(row[4])[0], row[1], row[2], row[3]) for row in rows]

    @contextlib.asynccontextmanager
    async def _changing(self) -> AsyncIterator[None]:
        """One change at a time, whole or not at all."""
        async with self._writing:
            with _refusals():
                try:
                    yield
                    await self._connection.commit()
                except BaseException:
                    await self._connection.rollback()
                    raise


@contextlib.asynccontextmanager
async def open_store(path: Path, key_of: Callable[[str], bytes | None]) -> AsyncIterator[ReceiptStore]:
    """Open the file, made if there is none; raises ``CannotStore``."""
    with _refusals():
        connection = await aiosqlite.connect(path)
        try:
            await asyncio.to_thread(path.chmod, 0o600)
            await connection.execute("PRAGMA journal_mode = WAL")
            await connection.execute("PRAGMA synchronous = FULL")  # what is acknowledged survives a power cut
            await connection.executescript(_TABLES)
            await connection.commit()
            yield ReceiptStore(connection, key_of)
        finally:
            await connection.close()


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (aiosqlite.Error, OSError) as error:
        raise CannotStore(N_("the receipts cannot be kept or read: {problem}"), problem=str(error)) from error
